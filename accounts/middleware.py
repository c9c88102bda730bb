"""Ends sessions that were idle or are too old, on every page, that of Django admin too."""

from __future__ import annotations

from collections.abc import Callable

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import SESSION_KEY
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import ngettext

from accounts.services import session_ends
from accounts.services.session_ends import End


class SessionEnds:
    """What a page fetches by itself is no activity. A session that ended is logged out, and the page says what follows."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if settings.SESSION_COOKIE_NAME in request.COOKIES and SESSION_KEY in request.session:
            at = timezone.now()
            if (why := session_ends.why_ended(request.session, at=at)) is not None:
                get_adapter(request).logout(request)
                messages.info(request, _sentence(why))
            elif not request.headers.get("HX-Request"):
                session_ends.note_activity(request.session, at=at)
        return self.get_response(request)


def _sentence(why: End) -> str:
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
