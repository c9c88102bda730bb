"""Pages above the apps: overview, connection, and the error pages."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig, TooManyFilesSent
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template import loader
from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.guard import NO_ROLE, StaffRequest, public_page, staff_page, to_log_in
from accounts.login import previous_login
from accounts.models import LOGO_TYPES, Vendor
from portal.core import bodies
from portal.core.environments import Environment, from_slug
from portal.core.htmx import asked_fragment, page_or_fragment
from portal.core.request_id import request_id
from portal.desk import connection as steps
from portal.desk import overview
from portal.desk.attention import attention
from portal.desk.attention_due import about_deadlines
from portal.desk.context import shell_of
from portal.desk.news import news
from portal.desk.todo import split
from portal.explain import explain
from submissions.services import production_start

KEPT_CONTACT = timedelta(days=180)
"""How long whoever reads security.txt may rely on it."""


@staff_page()
def home(request: StaffRequest) -> HttpResponse:
    """Redirect to the environment used last, else the first in which the person has a role; without one, what they may open."""
    last, places = request.session.get("environment", ""), request.user.environments
    if not places:
        return render(request, "desk/nothing_yet.html")
    return redirect("dashboard", environment=next((e for e in places if e == last), places[0]))


@staff_page()
def own_password(request: StaffRequest) -> HttpResponse:
    """Instead of Django admin's own page, which tells neither the trail nor the person."""
    places = request.user.environments
    return redirect("own-password", environment=places[0]) if places else redirect("home")


@staff_page()
def dashboard(request: StaffRequest) -> HttpResponse:
    if request.session.get("environment") != request.environment.value:
        request.session["environment"] = request.environment.value
    at = timezone.now()
    whose: dict[str, Any] = {"user": request.user, "environment": request.environment}

    def later(part: Callable[..., Any], **given: Any) -> Any:
        """Computed on first use: the lights fragment is polled every half minute and needs nothing else."""
        return SimpleLazyObject(lambda: part(**whose, **given))

    access = later(overview.accesses)
    since = request.user.previous_seen_at or previous_login(request)
    ahead = later(overview.coming, at=at)
    counted = later(overview.counts, at=at, since=since, ahead=ahead)
    context = {
        "greeting": overview.greeting(at=at),
        "facts": later(overview.facts, at=at, ahead=ahead, counted=counted),
        "figures": later(overview.figures, at=at, counted=counted, access=access),
        "first_steps": later(overview.first_steps, at=at, access=access),
        "tasks": SimpleLazyObject(lambda: split(attention(**whose, at=at), request.user)),
        "funnel": SimpleLazyObject(lambda: overview.funnel(access)),
        "deadlines": later(about_deadlines, at=at),
        "asks_deadlines": not asked_fragment(request, "deadlines"),
        "news": later(news, since=since),
        "since": since,
        "since_last": later(overview.since_last, counted=counted, since=since),
        "lights": overview.lights(environment=request.environment, at=at),
    }
    return page_or_fragment(request, "desk/dashboard.html", "lights", "deadlines", context=context)


@staff_page()
def connection(request: StaffRequest) -> HttpResponse:
    nine = steps.nine_steps(environment=request.environment, user=request.user, at=timezone.now())
    left = [step for step in nine if step.state != steps.DONE]
    is_production = request.environment == Environment.PRODUCTION
    context = {
        "steps": nine,
        "done": len(nine) - len(left),
        "next": left[0] if left else None,
        "starts": SimpleLazyObject(production_start.starts) if is_production else [],
    }
    return page_or_fragment(request, "desk/connection.html", "steps", context=context)


@public_page
def favicon(request: HttpRequest) -> HttpResponse:
    """Browsers ask for it on pages without an icon of their own: files, and Django admin."""
    return redirect(static("img/icon.svg"), permanent=False)


@public_page
@require_safe
def logo(request: HttpRequest, name: str) -> HttpResponse:
    """The vendor's logo, at the address that its file has. A drawing may hold scripts: none of them runs."""
    vendor = Vendor.objects.first()
    ending = name.rpartition(".")[2].lower()
    if vendor is None or vendor.logo.name != f"logo/{name}" or ending not in LOGO_TYPES:
        raise Http404
    try:
        with vendor.logo.open() as file:
            content = file.read()
    except FileNotFoundError as error:
        raise Http404 from error
    response = HttpResponse(content, content_type=LOGO_TYPES[ending])
    response["Cache-Control"] = "public, max-age=3600"
    response["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
    response["Cross-Origin-Resource-Policy"] = "cross-origin"  # for the previews of mails, whose frames have no origin
    return response


@public_page
@require_safe
def security_txt(request: HttpRequest) -> HttpResponse:
    """Who is told of a vulnerability, by RFC 9116. Nothing without the setting."""
    if not settings.SECURITY_CONTACT:
        raise Http404
    lines = [
        f"Contact: {settings.SECURITY_CONTACT}",
        f"Expires: {timezone.now().replace(hour=0, minute=0, second=0, microsecond=0) + KEPT_CONTACT:%Y-%m-%dT%H:%M:%SZ}",
        "Preferred-Languages: no, en",
        f"Canonical: {settings.PORTAL_URL}{reverse('security-txt')}",
    ]
    response = HttpResponse("".join(f"{line}\n" for line in lines), content_type="text/plain; charset=utf-8")
    response["Cache-Control"] = "public, max-age=86400"
    return response


@public_page
def no_signup(request: HttpRequest) -> HttpResponse:
    """Administrators create accounts; allauth needs the URL to exist."""
    return redirect("account_login")


def _error(request: HttpRequest, status: int, page: str = "", **context: Any) -> HttpResponse:
    """With the usual page frame: staff keep the menu of the environment in the URL. `page` is the template, by default the
    one of the status."""
    frame = "public.html"
    user = getattr(request, "user", None)  # an error may occur before authentication
    if user is not None and user.is_authenticated:
        frame = "base.html"
        place = from_slug(request.path.strip("/").partition("/")[0])
        request.environment = place if place in user.environments else None  # type: ignore[attr-defined]
        user.working_in = request.environment  # type: ignore[attr-defined]
    shell_of(request).is_of_error = True
    return render(request, page or f"portal/{status}.html", {"frame": frame, **context}, status=status)


@public_page
def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """A limit of what one form may send has a page that names it."""
    if isinstance(exception, TooManyFilesSent):
        return _error(request, 413, "portal/too_many_files.html")
    if isinstance(exception, RequestDataTooBig):
        rule = bodies.Rule(settings.DATA_UPLOAD_MAX_MEMORY_SIZE or 0)
        return refused_body(request, why=bodies.Refused.TOO_LARGE, rule=rule)
    return _error(request, 400)


def _amount(size: int) -> str:
    return (
        f"{size // bodies.MB}\N{NO-BREAK SPACE}MB" if size >= bodies.MB else f"{size // bodies.KB}\N{NO-BREAK SPACE}kB"
    )


@public_page
def refused_body(request: HttpRequest, *, why: bodies.Refused, rule: bodies.Rule) -> HttpResponse:
    """What the limit is, and what to do. Whoever was logged out meanwhile is led to the log-in, and back."""
    if why == bodies.Refused.LOG_IN:
        return to_log_in(request, from_slug(request.path.strip("/").partition("/")[0]))
    headings = {
        bodies.Refused.TOO_LARGE: _("For stor opplasting") if rule.takes_files else _("For mye tekst"),
        bodies.Refused.FILES: _("Denne siden tar ikke imot filer"),
        bodies.Refused.TOO_SLOW: _("Det du sendte, kom ikke helt fram"),
    }
    context = {"why": why.name, "heading": headings[why], "most": _amount(rule.most), "takes_files": rule.takes_files}
    return _error(request, why.value, "portal/refused_body.html", **context)


@public_page
def too_slow(request: HttpRequest) -> HttpResponse:
    return _error(request, 503, "portal/too_slow.html")


@public_page
def no_storage(request: HttpRequest, *, code: str) -> HttpResponse:
    return _error(request, 503, "portal/no_storage.html", problem=explain(code))


@public_page
def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    has_no_role = NO_ROLE in exception.args
    return _error(request, 403, place=from_slug(request.path.strip("/").partition("/")[0]) if has_no_role else None)


@public_page
def too_many(request: HttpRequest) -> HttpResponse:
    return _error(request, 429, "portal/too_many.html")


@public_page
@require_POST
def still_here(request: HttpRequest) -> HttpResponse:
    """Asked by a page on which somebody works: the session goes on (accounts.middleware)."""
    return HttpResponse(status=204 if request.user.is_authenticated else 401)


@public_page
def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _error(request, 404)


@public_page
def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Whoever logged in in another tab meanwhile is led on from the pages of the log-in."""
    user = getattr(request, "user", None)
    on_the_way_in = {
        reverse(name) for name in ("account_login", "mfa_authenticate", "oidc-begin", "account_reset_password")
    }
    if user is not None and user.is_authenticated and request.path in on_the_way_in:
        return redirect(settings.LOGIN_REDIRECT_URL)
    return render(request, "portal/csrf.html", {"frame": "public.html"}, status=403)


STYLES = ("vendor/designsystemet/theme.css", "vendor/designsystemet/index.css", "css/portal.css")


def _styles() -> list[str]:
    """Addresses of the style sheets; none when the list of static files cannot be read, as this is for the error page."""
    try:
        return [static(name) for name in STYLES]
    except (OSError, ValueError):
        return []


@public_page
def server_error(request: HttpRequest) -> HttpResponse:
    """Without the page frame: it must work without the database. Shows the request id."""
    context: dict[str, Any] = {"request_id": request_id.get(), "styles": _styles()}
    return HttpResponse(loader.render_to_string("portal/500.html", context), status=500)
