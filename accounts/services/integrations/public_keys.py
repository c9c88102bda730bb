"""Reads the public key that an administrator pastes: a JWK or PEM. A private one is refused, and never stored or quoted."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import dataclass
from typing import Any

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from django.utils.translation import gettext as _
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

LONGEST = 10_000
KID = re.compile(r"[A-Za-z0-9._~-]{1,100}")
BITS = range(2048, 8193)
ALGORITHMS = {"RSA": ["RS256", "PS256"], "EC": ["ES256"], "OKP": ["EdDSA"]}
"""By type of key: how a grant may be signed."""
PARTS = {"RSA": ("e", "kty", "n"), "EC": ("crv", "kty", "x", "y"), "OKP": ("crv", "kty", "x")}
"""Of a JWK, those of its thumbprint: https://www.rfc-editor.org/rfc/rfc7638"""


class BadPublicKey(ValueError):
    """The message is a translated sentence for the field."""


@dataclass(frozen=True)
class PublicKey:
    kid: str
    jwk: dict[str, Any]


def parse_public_key(text: str) -> PublicKey:
    """Raises BadPublicKey."""
    text = text.strip()
    if len(text) > LONGEST:
        raise BadPublicKey(_("Teksten er for lang til å være en nøkkel."))
    if "PRIVATE KEY" in text:
        raise BadPublicKey(_private())
    given = _json(text) if text.startswith("{") else {}
    jwk = _checked(_of_jwk(given) if given else _of_pem(text))
    kid = given.get("kid") or _thumbprint(jwk)
    if not isinstance(kid, str) or not KID.fullmatch(kid):
        raise BadPublicKey(_("Nøkkel-id-en (kid) kan ha bokstaver, tall og . _ ~ -, høyst 100 tegn."))
    return PublicKey(kid, {**jwk, "kid": kid})


def _private() -> str:
    return _("Dette er en privat nøkkel. Den skal ikke ut av systemet sitt: lim inn den offentlige.")


def _json(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        raise BadPublicKey(_("Dette er ikke gyldig JSON.")) from None
    if "keys" in value:
        raise BadPublicKey(_("Dette er et sett med nøkler. Lim inn én av dem."))
    if {"d", "p", "q", "k"} & value.keys():
        raise BadPublicKey(_private())
    return dict(value)


def _of_jwk(value: dict[str, Any]) -> Any:
    try:
        return jwt.PyJWK(value, algorithm=ALGORITHMS[str(value.get("kty"))][0]).key
    except (jwt.PyJWTError, KeyError, ValueError, TypeError, AttributeError):
        raise BadPublicKey(_not_a_key()) from None


def _of_pem(text: str) -> Any:
    try:
        return serialization.load_pem_public_key(text.encode())
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise BadPublicKey(_not_a_key()) from None


def _not_a_key() -> str:
    return _("Dette er ingen offentlig nøkkel som kan brukes: RSA, EC P-256 eller Ed25519, som JWK eller PEM.")


def _checked(key: Any) -> dict[str, Any]:
    """The JWK of a key that is strong enough."""
    if isinstance(key, rsa.RSAPublicKey):
        if key.key_size not in BITS:
            raise BadPublicKey(_("En RSA-nøkkel må ha 2048 til 8192 bit. Denne har %(n)s.") % {"n": key.key_size})
        return _parts(RSAAlgorithm.to_jwk(key, as_dict=True))
    if isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1):
        return _parts(ECAlgorithm.to_jwk(key, as_dict=True))
    if isinstance(key, ed25519.Ed25519PublicKey):
        return _parts(OKPAlgorithm.to_jwk(key, as_dict=True))
    raise BadPublicKey(_not_a_key())


def _parts(jwk: dict[str, Any]) -> dict[str, Any]:
    return {name: jwk[name] for name in PARTS[jwk["kty"]]}


def _thumbprint(jwk: dict[str, Any]) -> str:
    digest = hashlib.sha256(json.dumps(jwk, separators=(",", ":"), sort_keys=True).encode()).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")
