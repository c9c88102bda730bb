"""Ends sessions that were idle, are too old, or are no longer let in by the identity provider: on every page, Django admin's too."""

from __future__ import annotations

from collections.abc import Callable

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import SESSION_KEY
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts import oidc
from accounts.services import session_ends
from accounts.services.session_ends import End


class SessionEnds:
    """What a page fetches by itself is no activity. A session that ended is logged out, and the page says what follows."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.log_in = "/accounts/"

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if settings.SESSION_COOKIE_NAME in request.COOKIES and SESSION_KEY in request.session:
            at = timezone.now()
            why = End.NOT_VOUCHED if oidc.is_too_old(request) else session_ends.why_ended(request.session, at=at)
            if why is not None:
                get_adapter(request).logout(request)
                messages.info(request, _sentence(why))
            elif not request.headers.get("HX-Request"):
                session_ends.note_activity(request.session, at=at)
            if not request.path.startswith(self.log_in) and (there := oidc.recheck(request)) is not None:
                return there
        return self.get_response(request)


def _sentence(why: End) -> str:
    if why == End.NOT_VOUCHED:
        return _("Du ble logget ut, for %(name)s har ikke bekreftet deg på en stund.") % {"name": settings.OIDC_NAME}
    if why == End.IDLE:
        n = settings.SESSION_IDLE_MINUTES
        text = ngettext(
            "Du ble logget ut etter %(n)s minutt uten aktivitet.",
            "Du ble logget ut etter %(n)s minutter uten aktivitet.",
            n,
        )
    else:
        n = settings.SESSION_HOURS
        text = ngettext(
            "Du ble logget ut, for innloggingen var %(n)s time gammel.",
            "Du ble logget ut, for innloggingen var %(n)s timer gammel.",
            n,
        )
    return text % {"n": n}
