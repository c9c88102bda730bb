"""Authorisation of a vendor's call: the token, its scope, and the organisation number in it."""

from __future__ import annotations

from typing import Any

from ..kernel import Call
from ..replies import Reply, empty
from ..tokens import BadToken, Token, read_token
from .problems import refuse

REGISTER = "altinn:authentication/systemregister.write"
REQUEST_READ = "altinn:authentication/systemuser.request.read"
REQUEST_WRITE = "altinn:authentication/systemuser.request.write"
AUTH = "/platform/authentication/api/v1"


def vendor(call: Call, scope: str) -> str:
    """The vendor's organisation number, from the token's consumer. 401 and 403 have empty bodies."""
    token = authenticated(call)
    if scope not in token.scopes or call.state.settings.vendor_unknown:
        raise Reply(empty(status=403))
    if not token.orgnr:
        raise refuse("AUTH-00023")
    return token.orgnr


def authenticated(call: Call, **options: Any) -> Token:
    try:
        return read_token(call, **options)
    except BadToken:
        raise Reply(empty(status=401)) from None
