"""Middleware: health checks first, then the request id and the security headers."""

from __future__ import annotations

import logging
from collections.abc import Callable

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from django_htmx.http import HttpResponseClientRedirect
from psycopg.errors import LockNotAvailable, QueryCanceled

from portal.core import bodies, health, readings
from portal.core.audit_events import AuditType
from portal.core.paging import changed
from portal.core.problems import StorageFailed, code_of
from portal.core.request_id import new_request_id, request_id, well_formed
from portal.core.search import is_about_a_person
from portal.gateways import page_budget

logger = logging.getLogger(__name__)
FEATURES_OFF = (
    "accelerometer", "autoplay", "browsing-topics", "camera", "display-capture", "encrypted-media", "fullscreen", "gamepad",
    "geolocation", "gyroscope", "hid", "idle-detection", "local-fonts", "magnetometer", "microphone", "midi", "payment",
    "picture-in-picture", "screen-wake-lock", "serial", "usb", "xr-spatial-tracking",
)  # fmt: skip
"""Of the browser, which no page of ours uses."""
type_of_next = Callable[[HttpRequest], HttpResponse]


class Health:
    """Answers /healthz, /readyz and /metrics before hosts, sessions and redirects: a probe uses none of these."""

    def __init__(self, get_response: type_of_next) -> None:
        self.get_response = get_response
        self.metrics: Callable[[HttpRequest], HttpResponse] = import_string(settings.METRICS_VIEW)

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path == "/healthz":
            return health.alive()
        if request.path == "/readyz":
            return health.ready(at=timezone.now())
        if request.path == "/metrics":
            return self.metrics(request)
        return self.get_response(request)


class RequestId:
    """Takes X-Request-ID from a proxy where it is well-formed, else makes one; logs and outgoing calls carry it."""

    def __init__(self, get_response: type_of_next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-ID", "")
        token = request_id.set(given if well_formed(given) else new_request_id())
        try:
            response = self.get_response(request)
            response["X-Request-ID"] = request_id.get()
            return response
        finally:
            request_id.reset(token)


class NullCharacters:
    """Refuses an address with a null character, which PostgreSQL does not accept in texts. Forms do the same."""

    def __init__(self, get_response: type_of_next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if "\0" in request.path or "%00" in request.META.get("QUERY_STRING", ""):
            raise BadRequest("a null character in the address")
        return self.get_response(request)


class NoPersonSearched:
    """Leads a search for what may be a national identity number to an address without it: the browser, links to further
    pages and saved views would keep it.
    """

    def __init__(self, get_response: type_of_next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.method != "GET" or not is_about_a_person(request.GET.get("q", "")):
            return self.get_response(request)
        if request.user.is_authenticated:
            readings.note(by=request.user.actor, at=timezone.now(), target=request.user, what=AuditType.PERSON_SOUGHT)
        sentence = _("Portalen søker ikke etter personer. Søk med en virksomhet, en referanse eller en id.")
        messages.warning(request, sentence)
        address = f"{request.path}?{changed(request.GET, q='')}"
        if getattr(request, "htmx", None):
            return HttpResponseClientRedirect(address)
        return HttpResponseRedirect(address)


class BodyLimits:
    """Answers a body that is too large, or has files where none are taken, with the limit, before anything reads it."""

    def __init__(self, get_response: type_of_next) -> None:
        self.get_response = get_response
        self.refused: Callable[..., HttpResponse] = import_string(settings.BODY_REFUSED_VIEW)
        self.shows_token: Callable[..., bool] = import_string(settings.KNOWN_CALLER)

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if "CONTENT_LENGTH" not in request.META and bodies.REFUSED not in request.META:
            return self.get_response(request)
        rule = bodies.rule_for(request.path_info, request.META)
        why = request.META.get(bodies.REFUSED) or bodies.refusal(
            rule, request.META, is_known=lambda: request.user.is_authenticated or self.shows_token(request.META)
        )
        return self.refused(request, why=why, rule=rule) if why else self.get_response(request)


class Patience:
    """Bounds how long a page waits for outside services. Has a page for a query that took too long, and for files out of reach."""

    def __init__(self, get_response: type_of_next) -> None:
        self.get_response = get_response
        self.too_slow: Callable[[HttpRequest], HttpResponse] = import_string(settings.TOO_SLOW_VIEW)
        self.no_storage: Callable[..., HttpResponse] = import_string(settings.NO_STORAGE_VIEW)

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with page_budget.page():
            return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, StorageFailed):
            logger.error("%s needs a file that the storage did not give or take: %s", request.path, exception)
            return self.no_storage(request, code=code_of(exception))
        if not isinstance(exception.__cause__, QueryCanceled | LockNotAvailable):
            return None
        logger.warning("a query of %s took too long", request.path)
        return self.too_slow(request)


class SecurityHeaders:
    """Everything from this origin and nothing inline; no page is kept by a browser or loaded by another site; nothing of the machine is
    used. A view that must differ sets the header itself.
    """

    def __init__(self, get_response: type_of_next) -> None:
        self.get_response = get_response
        policy = "; ".join(f"{name} {' '.join(sources)}" for name, sources in settings.CONTENT_SECURITY_POLICY.items())
        self.headers = {
            "Content-Security-Policy": policy,
            "Cache-Control": "private, no-store",
            "Permissions-Policy": ", ".join(f"{feature}=()" for feature in FEATURES_OFF),
            "Cross-Origin-Resource-Policy": "same-origin",
        }

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        for name, value in self.headers.items():
            response.headers.setdefault(name, value)
        return response
