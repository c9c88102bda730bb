"""Maskinporten: exchanges signed grants for access tokens.

https://docs.digdir.no/docs/Maskinporten/maskinporten_protocol_token

A grant is RS256 with `kid`, lives under two minutes, names the issuer as its audience, and is never used twice.
"""

from __future__ import annotations

import json
import uuid
from base64 import urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from portal.gateways.decoding import bearer, decode, from_base64url
from portal.gateways.http import Channel

GRANT_TYPE = "urn:ietf:params:oauth:grant-type:jwt-bearer"
GRANT_SECONDS = 119
KEY_BITS = 2048


def clock() -> datetime:
    """The time of a signature. Maskinporten refuses `iat` more than 10 seconds off, so it is read when the grant is signed."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Grant:
    """What we ask a token for. With `owner_orgnr` it is a system user token: the owner is the customer (or the accountant).

    `sign` is there instead of `private_pem` where a key service holds the key: RS256 over what it is given.
    """

    client_id: str
    kid: str
    private_pem: bytes = field(default=b"", repr=False)
    sign: Callable[[bytes], bytes] | None = field(default=None, repr=False, kw_only=True)
    scopes: tuple[str, ...] = ()
    owner_orgnr: str | None = None
    external_ref: str | None = None


@dataclass(frozen=True)
class Token:
    """An access token. `expires_at` by our clock at the time of asking."""

    value: str = field(repr=False)
    expires_at: datetime
    scopes: tuple[str, ...]
    system_user_id: str = ""


class Maskinporten:
    """One Maskinporten. `issuer` is compared exactly, slash included."""

    def __init__(self, *, base_url: str, issuer: str) -> None:
        self.issuer = issuer
        self._channel = Channel(service="maskinporten", base_url=base_url)

    def token(self, grant: Grant, *, at: datetime) -> Token:
        """A fresh token; `at` only counts its life.

        Raises Refused (MP-303: no system user; MP-200, MP-250: scopes), Unavailable, BrokenReply.
        """
        form = {"grant_type": GRANT_TYPE, "assertion": self.assertion(grant, jti=str(uuid.uuid4()))}
        reply = self._channel.call("POST", "/token", data=form)
        return decode(reply.where, lambda: _token(reply.json(), at))

    def assertion(self, grant: Grant, *, jti: str) -> str:
        """The JWT grant, signed and stamped now."""
        issued = int(clock().timestamp())
        claims: dict[str, Any] = {
            "aud": self.issuer,
            "iss": grant.client_id,
            "scope": " ".join(grant.scopes),
            "iat": issued,
            "exp": issued + GRANT_SECONDS,
            "jti": jti,
        }
        if grant.owner_orgnr:
            claims["authorization_details"] = [_details(grant.owner_orgnr, grant.external_ref)]
        if grant.sign is not None:
            return _signed(claims, grant.kid, grant.sign)
        return jwt.encode(claims, _private(grant.private_pem), algorithm="RS256", headers={"kid": grant.kid})

    def metadata(self) -> dict[str, Any]:
        """The issuer's own description: issuer, token_endpoint, jwks_uri ..."""
        reply = self._channel.call("GET", "/.well-known/oauth-authorization-server")
        return decode(reply.where, lambda: dict(reply.json()))


def _signed(claims: dict[str, Any], kid: str, sign: Callable[[bytes], bytes]) -> str:
    """A compact JWS (RFC 7515) whose signature is made elsewhere. Raises what `sign` raises."""
    head = _part(json.dumps({"alg": "RS256", "kid": kid, "typ": "JWT"}).encode())
    content = f"{head}.{_part(json.dumps(claims).encode())}"
    return f"{content}.{_part(sign(content.encode()))}"


def _part(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def _token(payload: dict[str, Any], at: datetime) -> Token:
    value = bearer(payload["access_token"])
    scopes = tuple(str(payload.get("scope") or "").split())
    return Token(value, at + timedelta(seconds=int(payload["expires_in"])), scopes, _system_user(value))


def _details(owner_orgnr: str, external_ref: str | None) -> dict[str, Any]:
    """https://docs.digdir.no/docs/Maskinporten/maskinporten_func_systembruker"""
    organisation = {"authority": "iso6523-actorid-upis", "ID": f"0192:{owner_orgnr}"}
    details: dict[str, Any] = {"type": "urn:altinn:systemuser", "systemuser_org": organisation}
    return {**details, "externalRef": external_ref} if external_ref else details


def _system_user(token: str) -> str:
    """The system user's id inside a token; "" when it has none. Used as a hint only, so not verified."""
    try:
        ids = read_claims(token)["authorization_details"][0]["systemuser_id"]
        return str(ids[0] if isinstance(ids, list) else ids)
    except (KeyError, IndexError, TypeError):
        return ""


def read_claims(token: str) -> dict[str, Any]:
    """What a token says, unverified: to be shown and compared, never trusted. Empty when it cannot be read."""
    try:
        _header, payload, _signature = token.split(".")
        claims = json.loads(from_base64url(payload))
    except ValueError:
        return {}
    return claims if isinstance(claims, dict) else {}


def organisation_in(claim: Any) -> str:
    """The number in a claim of the form {"authority": …, "ID": "0192:310123455"}; "" in any other."""
    entry = {str(key).lower(): value for key, value in claim.items()} if isinstance(claim, dict) else {}
    return str(entry.get("id") or "").removeprefix("0192:")


def generate_key() -> tuple[str, bytes, dict[str, Any]]:
    """A new key pair: kid (a UUID), the private half as PKCS #8 PEM, the public half as a JWK."""
    private = rsa.generate_private_key(public_exponent=65537, key_size=KEY_BITS)
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    kid = str(uuid.uuid4())
    return kid, pem, public_jwk(pem, kid)


def _private(pem: bytes) -> rsa.RSAPrivateKey:
    """Load a key generated by us. It was validated then; validating again costs as much as fifty signatures."""
    private = serialization.load_pem_private_key(pem, password=None, unsafe_skip_rsa_key_validation=True)
    if not isinstance(private, rsa.RSAPrivateKey):
        raise ValueError("Maskinporten takes RSA keys only")
    return private


def public_jwk(private_pem: bytes, kid: str) -> dict[str, Any]:
    """The public half, as Maskinporten's self-service takes it."""
    return as_jwk(_private(private_pem).public_key(), kid)


def as_jwk(key: rsa.RSAPublicKey, kid: str) -> dict[str, Any]:
    jwk: dict[str, Any] = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key))
    return {"kty": jwk["kty"], "n": jwk["n"], "e": jwk["e"], "kid": kid, "use": "sig", "alg": "RS256"}
