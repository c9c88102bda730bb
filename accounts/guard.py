"""Who may open a staff page. Default deny: every view but the customer's own pages goes through `staff_page`.

`tests/meta` opens every URL without a log-in and fails on one that is not guarded.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _
from django_htmx.http import HttpResponseClientRedirect

from accounts import step_up
from accounts.capabilities import NAMES, OPENS, enabled
from accounts.login import visit_of
from accounts.models import User
from accounts.services import factors
from accounts.services.presence import note_page
from accounts.services.single_sign_on import CHECKED
from portal.core import origin
from portal.core.environments import Environment

View = Callable[..., HttpResponse]


class StaffRequest(HttpRequest):
    """The request of a staff page: the user is logged in, and the environment comes from the URL."""

    user: User
    environment: Environment


NO_ROLE = "no role in the environment"
"""Why a page is refused to somebody who may open other pages of the kind elsewhere."""
LED_FROM = "led_from"
"""In the session: the page that somebody wanted who had to set up a second factor first."""


def staff_page(*, may: str = "", anywhere: bool = False, factor: bool = False) -> Callable[[View], View]:
    """Require a logged-in user; with `may`, one whose User property of that name is true ("may_work").

    Pages that open `anywhere` ask for no second factor unless `factor`: then wherever one is required at all.

    The view gets `request.environment` from the address and no `environment` argument. 403 for other roles, and for those who
    have none in the environment; with a charge, or `anywhere`, that is not asked.
    """
    if may and may not in NAMES:
        raise ValueError(may)
    needs_role = not anywhere and may not in OPENS.values()

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: Any, *args: Any, environment: Environment | None = None, **kwargs: Any) -> HttpResponse:
            request.environment = environment
            if not request.user.is_authenticated:
                return to_log_in(request, environment)
            request.user.working_in = environment
            if environment is not None and needs_role and not request.user.role:
                raise PermissionDenied(NO_ROLE)
            if may and not getattr(request.user, may):
                raise PermissionDenied(may)
            if (factor or not anywhere) and lacks_factor(
                request, environment, of_charge=factor or may in OPENS.values()
            ):
                return to_set_up(request, environment)
            if page := step_up.ask(request):
                return page
            if not request.headers.get("HX-Request"):  # what a page fetches by itself is no visit
                note_page(user=request.user, session_key=request.session.session_key, at=timezone.now())
            with origin.told(lambda: _origin(request)):
                response = view(request, *args, **kwargs)
            return _no_page(request, response) if response.status_code == 405 else response

        guarded.staff_page = may or ("any" if needs_role else "anywhere")  # type: ignore[attr-defined] # read by tests/meta
        return guarded

    return decorate


def lacks_factor(request: Any, environment: Environment | None, *, of_charge: bool) -> bool:
    """Whether the person must set up a second factor before this page."""
    if not factors.is_required(request.user, environment, of_charge=of_charge):
        return False
    is_trusted = settings.OIDC_SECOND_FACTOR and CHECKED in request.session
    return not request.user.given.has_factor and not is_trusted


def to_set_up(request: HttpRequest, environment: Environment | None) -> HttpResponse:
    """To the page where a second factor is set up, and back. After a POST nothing was done."""
    url = reverse("factor-needed", kwargs={"environment": environment or next(enabled())})
    if request.headers.get("HX-Request"):
        return HttpResponseClientRedirect(url)
    if request.method in ("GET", "HEAD"):
        request.session[LED_FROM] = request.get_full_path()
    else:
        messages.warning(request, _("Dette ble ikke gjort. Sett opp totrinnsinnlogging først."))
    return redirect(url)


def admin_log_in(request: Any, **context: Any) -> HttpResponse:
    """Where Django admin sends whoever it does not let in: to the portal's log-in, or to set up a second factor."""
    user = request.user
    if user.is_authenticated and user.is_staff and lacks_factor(request, None, of_charge=True):
        request.session[LED_FROM] = request.GET.get("next") if _is_of_admin(request) else ""
        return redirect("factor-needed", environment=next(enabled()))
    if user.is_authenticated:
        raise PermissionDenied("is_staff")
    return redirect_to_login(request.GET.get("next") if _is_of_admin(request) else reverse("admin:index"))


def _is_of_admin(request: HttpRequest) -> bool:
    return request.GET.get("next", "").startswith(reverse("admin:index"))


def may_open_admin(request: Any) -> bool:
    """What Django admin asks for each of its pages."""
    user = request.user
    return user.is_active and user.is_staff and not lacks_factor(request, None, of_charge=True)


def asking_first(admin_view: Callable[..., View]) -> Callable[..., View]:
    """For `AdminSite.admin_view`: what is sent to Django admin asks for a fresh proof, as the acts of the pages do."""

    def asking(view: View, cacheable: bool = False) -> View:
        inner = admin_view(view, cacheable)

        @wraps(view)
        def guarded(request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
            is_leaving = request.path == reverse("admin:logout")
            page = None if is_leaving or not may_open_admin(request) else step_up.ask_where(request, step_up.on_change)
            return page or inner(request, *args, **kwargs)

        return guarded

    return asking


def _origin(request: HttpRequest) -> origin.Origin:
    """The address, and a keyed hash of the session: it tells two sessions of a person apart, and is of no use to log in."""
    key = request.session.session_key or ""
    session = salted_hmac("portal.session", key, algorithm="sha256").hexdigest()[:16]
    return {"ip": visit_of(request).as_detail()["ip"], "session": session}


def to_log_in(request: HttpRequest, environment: Environment | None) -> HttpResponse:
    """To the log-in page and back; after a POST, back to the page of the form, as the POST is not repeated."""
    if request.headers.get("HX-Request"):  # a part of a page asks: the whole page goes
        page = urlsplit(request.headers.get("HX-Current-URL", ""))
        return HttpResponseClientRedirect(redirect_to_login(page.path or request.path)["Location"])
    if request.method in ("GET", "HEAD"):
        return redirect_to_login(request.get_full_path())
    messages.warning(request, _("Du var logget ut, så dette ble ikke gjort. Logg inn og gjør det på nytt."))
    begun = urlsplit(request.headers.get("Referer", ""))
    if begun.netloc == request.get_host():
        return redirect_to_login(f"{begun.path}?{begun.query}".rstrip("?"))
    return redirect_to_login(reverse("dashboard", kwargs={"environment": environment}) if environment else "/")


def _no_page(request: HttpRequest, refused: HttpResponse) -> HttpResponse:
    """A GET of a URL that takes POST only: a page that says so."""
    page = render(request, "portal/405.html", {"frame": "base.html"}, status=405)
    page["Allow"] = refused["Allow"]
    return page


def with_passwords(view: View) -> View:
    """A page about passwords, which leads to the log-in where there are none."""

    @wraps(view)
    def led(request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        return view(request, *args, **kwargs) if settings.LOCAL_PASSWORDS else redirect("account_login")

    return led


def public_page(view: View) -> View:
    """Mark a view that needs no log-in: it checks an unguessable token, or shows nothing private."""
    view.public_page = True  # type: ignore[attr-defined] # read by tests/meta
    return view


class EnvironmentConverter:
    """`<env:environment>` in an address: sandbox, test or production, when switched on here."""

    regex = "sandbox|test|production"

    def to_python(self, value: str) -> Environment:
        environment = Environment(value.upper())
        if not environment.is_enabled:
            raise ValueError(value)
        return environment

    def to_url(self, value: Environment | str) -> str:
        return str(value).lower()


def is_by_person(request: HttpRequest) -> bool:
    """Whether a person opens the page now, and no browser fetches it in advance. HEAD shows nothing to anybody."""
    purpose = request.headers.get("Sec-Purpose", "") + request.headers.get("Purpose", "")
    return request.method == "GET" and "prefetch" not in purpose and "prerender" not in purpose
