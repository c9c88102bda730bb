"""Browsers that have logged in before, by a signed cookie: the attempts of strangers do not hold them back.

The cookie names accounts by a keyed hash of their address. It opens nothing; a password is still needed. A customer's link that is opened
in such a browser is a preview.
"""

from __future__ import annotations

import secrets
from typing import Any

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse

from portal.core.outbox.message import hash_of

SALT = "accounts.devices"
MOST = 5
"""Accounts that one browser is known for."""
DAYS = 180
RESET = "known_for"
"""In the session: the account whose password was made anew in this browser, by the link in a mail."""


def device_of(request: HttpRequest, address: str) -> str:
    """Names the browser, where it is known for the account with this address; else ""."""
    name = hash_of(address)
    if request.session.get(RESET) == name:
        return f"reset:{request.session.session_key}"
    return _known(request).get(name, "")


def is_of_staff(request: HttpRequest) -> bool:
    """Whether somebody has logged in with this browser, whoever it was."""
    return bool(_known(request))


def remember(request: HttpRequest, response: HttpResponse, address: str) -> None:
    name, known = hash_of(address), _known(request)
    kept = {each: known[each] for each in list(known)[-MOST + 1 :] if each != name}
    value = signing.dumps({**kept, name: known.get(name) or secrets.token_urlsafe(12)}, salt=SALT)
    response.set_cookie(
        settings.DEVICE_COOKIE_NAME, value, max_age=DAYS * 24 * 60 * 60, secure=settings.SECURE, httponly=True,
        samesite="Lax",
    )  # fmt: skip


def _known(request: HttpRequest) -> dict[str, str]:
    """By the hash of an address. What is no cookie of ours knows nobody."""
    try:
        value: Any = signing.loads(
            request.COOKIES.get(settings.DEVICE_COOKIE_NAME, ""), salt=SALT, max_age=DAYS * 24 * 60 * 60
        )
    except signing.BadSignature:
        return {}
    return dict(value) if isinstance(value, dict) else {}
