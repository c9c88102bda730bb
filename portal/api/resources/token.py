"""The token endpoint: OAuth 2 client credentials. Its errors have the form that OAuth clients know."""

from __future__ import annotations

import base64
import binascii
from typing import Any, Literal
from urllib.parse import unquote_plus

from django.conf import settings
from django.http import HttpResponse
from django.utils import timezone
from ninja import Form, Router, Status

from accounts.login import visit_of
from accounts.models import IntegrationProof
from accounts.services.attempts import network_of
from accounts.services.integrations import calling, granting
from portal.api.shapes import Shape
from portal.core import rate

router = Router(tags=["token"])
PATH = "/api/v1/token"
ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
MOST_ATTEMPTS = 60
"""In a minute from one address."""
MOST_NOTED = 20
"""Refusals in a minute that the trail has of one integration from one network. Nothing that others send uses them up."""
MOST_NETWORKS = 200
"""Of one integration in a minute, from all networks together."""


class TokenRequest(Shape):
    grant_type: str = ""
    client_id: str = ""
    client_secret: str = ""
    client_assertion_type: str = ""
    client_assertion: str = ""
    scope: str = ""


class TokenAnswer(Shape):
    access_token: str
    token_type: Literal["Bearer"]
    expires_in: int
    scope: str


class OAuthError(Shape):
    """https://www.rfc-editor.org/rfc/rfc6749#section-5.2"""

    error: str
    error_description: str


@router.post(
    "/token", auth=None, operation_id="get_token", summary="Get a token",
    response={200: TokenAnswer, 400: OAuthError, 401: OAuthError, 429: OAuthError},
)  # fmt: skip
def get_token(request: Any, response: HttpResponse, given: Form[TokenRequest]) -> Status[Any]:
    """With `client_id` and `client_secret` (in the form, or as HTTP Basic), or with a signed `client_assertion`.

    `scope` names those that the token is to have, with blanks between; without it the token has all that the integration may.
    """
    at, address = timezone.now(), visit_of(request).ip
    response["Pragma"] = "no-cache"
    if rate.count(f"token:{address}", at=at) > MOST_ATTEMPTS:
        response["Retry-After"] = str(rate.WINDOW)
        return _refuse(429, "slow_down", "Too many attempts from this address in a minute.")
    if given.grant_type != "client_credentials":
        return _refuse(400, "unsupported_grant_type", "Only client_credentials is supported.")
    try:
        proof = _proof(request, given)
        calling.check_network(proof.integration, address)
        token = granting.grant(proof=proof, wanted=given.scope.split(), at=at)
    except (granting.NotProved, calling.FromElsewhere):
        _note_refused(request, given, address)
        response["WWW-Authenticate"] = 'Basic realm="api"'
        return _refuse(401, "invalid_client", "Unknown client, or the secret or assertion is not valid here and now.")
    except granting.NotGiven as error:
        return _refuse(400, "invalid_scope", f"Not given to this integration: {' '.join(error.scopes)[:200]}")
    return Status(200, TokenAnswer(
        access_token=token.text, token_type="Bearer", expires_in=int(granting.LIFETIME.total_seconds()),  # noqa: S106
        scope=" ".join(token.scopes),
    ))  # fmt: skip


def _note_refused(request: Any, given: TokenRequest, address: str) -> None:
    """In the trail, a few times a minute. What names no integration of ours is not there, and uses up nothing."""
    at = timezone.now()
    named = _basic(request.headers.get("Authorization", "")) or (given.client_id, "")
    known = granting.find_named(named[0] or granting.client_of(given.client_assertion))
    if known is None:
        return
    from_here = rate.count(f"refused:{known.pk}:{network_of(address)}", at=at)
    if from_here <= MOST_NOTED and rate.count(f"refused:{known.pk}", at=at) <= MOST_NETWORKS:
        granting.note_refused(integration=known, ip=address, at=at)


def _refuse(status: int, error: str, description: str) -> Status[Any]:
    return Status(status, OAuthError(error=error, error_description=description))


def _proof(request: Any, given: TokenRequest) -> IntegrationProof:
    at = timezone.now()
    if given.client_assertion:
        if given.client_assertion_type != ASSERTION:
            raise granting.NotProved
        audiences = [settings.PORTAL_URL, settings.PORTAL_URL + PATH]
        return granting.by_assertion(assertion=given.client_assertion, audiences=audiences, at=at)
    client_id, secret = _basic(request.headers.get("Authorization", "")) or (given.client_id, given.client_secret)
    return granting.by_secret(client_id=client_id, secret=secret, at=at)


def _basic(header: str) -> tuple[str, str] | None:
    kind, _blank, text = header.partition(" ")
    if kind.lower() != "basic":
        return None
    try:
        name, _colon, secret = base64.b64decode(text, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return unquote_plus(name), unquote_plus(secret)
