"""Verification of the two kinds of access token: Maskinporten's own, and Altinn's after the exchange.

Every service reads tokens through `read_token`; no service uses claims that were not verified here.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import jwt
import msgspec

from .kernel import Call, Kernel

SYSTEM_USER_TYPE = "urn:altinn:systemuser"
ORG_AUTHORITY = "iso6523-actorid-upis"
MOST_CACHED = 100_000


class Token(msgspec.Struct, frozen=True):
    """A verified token. `issuer` is "maskinporten" or "altinn"; `orgnr` is the consumer's (the vendor's) number."""

    issuer: str
    scopes: frozenset[str]
    orgnr: str
    supplier: str
    system_user_id: str
    system_user_orgnr: str
    system_id: str
    expires: int
    claims: dict[str, Any]


class BadToken(Exception):
    """No usable token. `reason` is "missing", "malformed", "signature", "issuer" or "expired"."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def read_token(call: Call, *, issuers: tuple[str, ...] = ("maskinporten", "altinn"), leeway: int = 2) -> Token:
    """The verified bearer token of a call. Raises BadToken."""
    scheme, _, raw = call.request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not raw:
        raise BadToken("missing")
    token = _cache(call.sandbox).get(raw) or _verify(call.sandbox, raw)
    if token.expires + leeway <= call.token_time.timestamp():
        raise BadToken("expired")
    if token.issuer not in issuers:
        raise BadToken("issuer")
    return token


def _verify(sandbox: Kernel, raw: str) -> Token:
    try:
        unverified = jwt.decode(raw, options={"verify_signature": False})
        name = next(name for name, url in sandbox.issuers().items() if url == unverified.get("iss"))
        claims = sandbox.signing_keys[name].verify(raw)
    except StopIteration:
        raise BadToken("issuer") from None
    except jwt.InvalidSignatureError:
        raise BadToken("signature") from None
    except jwt.InvalidTokenError:
        raise BadToken("malformed") from None
    token = _token(name, claims)
    cache = _cache(sandbox)
    if len(cache) > MOST_CACHED:
        cache.clear()
    cache[raw] = token
    return token


def _cache(sandbox: Kernel) -> dict[str, Token]:
    """Verified tokens by their text."""
    cache: dict[str, Token] = sandbox.caches.setdefault("tokens", {})
    return cache


def _token(issuer: str, claims: dict[str, Any]) -> Token:
    details: dict[str, Any] = next(
        (d for d in claims.get("authorization_details") or [] if d.get("type") == SYSTEM_USER_TYPE), {}
    )
    return Token(
        issuer=issuer,
        scopes=frozenset(str(claims.get("scope", "")).split()),
        orgnr=orgnr_of(claims.get("consumer")),
        supplier=orgnr_of(claims.get("supplier")),
        system_user_id=str((details.get("systemuser_id") or [""])[0]).lower(),
        system_user_orgnr=orgnr_of(details.get("systemuser_org")),
        system_id=str(details.get("system_id", "")),
        expires=int(claims.get("exp", 0)),
        claims=claims,
    )


def orgnr_of(authority: dict[str, str] | None) -> str:
    """The nine digits of `{"authority": ..., "ID": "0192:<orgnr>"}` (key read in any case), "" when absent."""
    value = next((v for k, v in (authority or {}).items() if k.lower() == "id"), "")
    return str(value).removeprefix("0192:")


def organisation(orgnr: str) -> dict[str, str]:
    return {"authority": ORG_AUTHORITY, "ID": f"0192:{orgnr}"}


def unix(moment: datetime) -> int:
    return int(moment.timestamp())
