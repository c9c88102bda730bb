"""Maskinporten: signed grants in, access tokens out. https://docs.digdir.no/docs/Maskinporten/maskinporten_protocol_token

A grant is RS256 with `kid`, lives under two minutes, names the issuer as its audience, and is never used twice.
"""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from portal.gateways.http import Door
from portal.gateways.reading import bearer, reading

GRANT_TYPE = "urn:ietf:params:oauth:grant-type:jwt-bearer"
GRANT_SECONDS = 119
KEY_BITS = 2048


@dataclass(frozen=True)
class Grant:
    """What we ask a token for. With `owner_orgnr` it is a system user token: the owner is the customer (or the accountant)."""

    client_id: str
    kid: str
    private_pem: bytes = field(repr=False)
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
    """One Maskinporten. `issuer` is compared to the letter, slash included."""

    def __init__(self, *, base_url: str, issuer: str) -> None:
        self.issuer = issuer
        self._door = Door(service="maskinporten", base_url=base_url)

    def token(self, grant: Grant, *, at: datetime) -> Token:
        """A fresh token. Raises Refused (MP-303: no system user; MP-200, MP-250: scopes), Unavailable, BrokenReply."""
        form = {"grant_type": GRANT_TYPE, "assertion": self.assertion(grant, at=at, jti=str(uuid.uuid4()))}
        reply = self._door.call("POST", "/token", data=form)
        return reading(reply.where, lambda: _token(reply.json(), at))

    def assertion(self, grant: Grant, *, at: datetime, jti: str) -> str:
        """The signed JWT grant."""
        issued = int(at.timestamp())
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
        return jwt.encode(claims, _private(grant.private_pem), algorithm="RS256", headers={"kid": grant.kid})

    def metadata(self) -> dict[str, Any]:
        """The issuer's own description: issuer, token_endpoint, jwks_uri ..."""
        reply = self._door.call("GET", "/.well-known/oauth-authorization-server")
        return reading(reply.where, lambda: dict(reply.json()))


def _token(said: dict[str, Any], at: datetime) -> Token:
    value = bearer(said["access_token"])
    scopes = tuple(str(said.get("scope") or "").split())
    return Token(value, at + timedelta(seconds=int(said["expires_in"])), scopes, _system_user(value))


def _details(owner_orgnr: str, external_ref: str | None) -> dict[str, Any]:
    """https://docs.digdir.no/docs/Maskinporten/maskinporten_func_systembruker"""
    organisation = {"authority": "iso6523-actorid-upis", "ID": f"0192:{owner_orgnr}"}
    details: dict[str, Any] = {"type": "urn:altinn:systemuser", "systemuser_org": organisation}
    return {**details, "externalRef": external_ref} if external_ref else details


def _system_user(token: str) -> str:
    """The system user's id inside a token; "" when it has none. A hint for us, so not verified."""
    try:
        claims = jwt.decode(token, options={"verify_signature": False})
        ids = claims["authorization_details"][0]["systemuser_id"]
        return str(ids[0] if isinstance(ids, list) else ids)
    except (jwt.InvalidTokenError, KeyError, IndexError, TypeError):
        return ""


def generate_key() -> tuple[str, bytes, dict[str, Any]]:
    """A new key pair: kid (a UUID), the private half as PKCS #8 PEM, the public half as a JWK."""
    private = rsa.generate_private_key(public_exponent=65537, key_size=KEY_BITS)
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    kid = str(uuid.uuid4())
    return kid, pem, public_jwk(pem, kid)


def _private(pem: bytes) -> rsa.RSAPrivateKey:
    """A key of our own making. Whether its primes are primes was settled then; asking again costs fifty signatures."""
    private = serialization.load_pem_private_key(pem, password=None, unsafe_skip_rsa_key_validation=True)
    if not isinstance(private, rsa.RSAPrivateKey):
        raise ValueError("Maskinporten takes RSA keys only")
    return private


def public_jwk(private_pem: bytes, kid: str) -> dict[str, Any]:
    """The public half, as Maskinporten's self-service takes it."""
    jwk: dict[str, Any] = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(_private(private_pem).public_key()))
    return {"kty": jwk["kty"], "n": jwk["n"], "e": jwk["e"], "kid": kid, "use": "sig", "alg": "RS256"}
