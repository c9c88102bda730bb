"""Parses a private key that was made elsewhere: PEM (PKCS #1, PKCS #8, with or without a passphrase) or a private JWK.

Nothing here logs, stores or quotes what it is given, and no error carries a part of it.
https://docs.digdir.no/docs/Maskinporten/maskinporten_protocol_jwtgrant
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from portal.gateways import maskinporten

MIN_BITS = 2048
MAX_BITS = 8192
"""Digdir names 2048. The work of checking a key grows so fast that a larger one would hold up the page for minutes."""
MOST_IN_BLOCK = 10_000
"""Characters of a PEM block: more than a key of MAX_BITS needs. Longer ones are not read, as that is slow too."""
MOST_BYTES = 64 * 1024
KID = re.compile(r"[A-Za-z0-9._-]{1,255}")
"""The characters that Digdir allows."""
_BLOCK = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----.*?-----END \1-----", re.DOTALL)
_EDGES = re.compile(r"-----(?:BEGIN|END) ")
_NUMBERS = ("n", "e", "d", "p", "q", "dp", "dq", "qi")
"""Of a JWK: base64, six bits for each character."""
PRIVATE_LABEL = "PRIVATE KEY"


class Fault(StrEnum):
    """What is wrong with the key that was given."""

    NOT_TEXT = "NOT_TEXT"
    TOO_LONG = "TOO_LONG"
    NOT_A_KEY = "NOT_A_KEY"
    DAMAGED = "DAMAGED"
    CERTIFICATE = "CERTIFICATE"
    PUBLIC_ONLY = "PUBLIC_ONLY"
    WRONG_TYPE = "WRONG_TYPE"
    TOO_SMALL = "TOO_SMALL"
    TOO_LARGE = "TOO_LARGE"
    SEVERAL = "SEVERAL"
    PASSPHRASE_NEEDED = "PASSPHRASE_NEEDED"  # noqa: S105 - the name of a fault
    PASSPHRASE_WRONG = "PASSPHRASE_WRONG"  # noqa: S105 - the name of a fault


class BadKey(Exception):
    """The text is no key that can be used. `bits`: of one that is too small."""

    def __init__(self, fault: Fault, *, bits: int = 0) -> None:
        super().__init__(str(fault))
        self.fault, self.bits = fault, bits

    @property
    def is_about_passphrase(self) -> bool:
        return self.fault in (Fault.PASSPHRASE_NEEDED, Fault.PASSPHRASE_WRONG)


@dataclass(frozen=True)
class ParsedKey:
    """`private_pem`: PKCS #8 without a passphrase. `kid`: what a JWK says; "" when it says nothing."""

    private_pem: bytes = field(repr=False)
    kid: str = ""

    def public_jwk(self, kid: str) -> dict[str, Any]:
        return maskinporten.public_jwk(self.private_pem, kid)


def parse_private_key(raw: bytes, *, passphrase: str = "") -> ParsedKey:
    """The one RSA key in `raw`. Raises BadKey."""
    if len(raw) > MOST_BYTES:
        raise BadKey(Fault.TOO_LONG)
    try:
        text = raw.decode("utf-8-sig").strip()
    except UnicodeDecodeError:
        raise BadKey(Fault.NOT_TEXT) from None
    if text[:1] in ("{", "["):
        return _from_json(text)
    return _of(_from_pem(text, passphrase))


def _from_pem(text: str, passphrase: str) -> Any:
    labels = [match[1] for match in _BLOCK.finditer(text)]
    if 2 * len(labels) != len(_EDGES.findall(text)):
        raise BadKey(Fault.DAMAGED)
    private = [label for label in labels if label.endswith(PRIVATE_LABEL)]
    if len(private) > 1:
        raise BadKey(Fault.SEVERAL)
    if not private:
        raise BadKey(_without_private(labels))
    if private[0].startswith("OPENSSH"):
        raise BadKey(Fault.NOT_A_KEY)
    block = _unindented(next(match[0] for match in _BLOCK.finditer(text) if match[1] == private[0]))
    if len(block) > MOST_IN_BLOCK:
        raise BadKey(Fault.TOO_LARGE)
    return _load(block, passphrase)


def _without_private(labels: list[str]) -> Fault:
    if any(label.endswith("PUBLIC KEY") for label in labels):
        return Fault.PUBLIC_ONLY
    return Fault.CERTIFICATE if any("CERTIFICATE" in label for label in labels) else Fault.NOT_A_KEY


def _unindented(block: str) -> bytes:
    return "\n".join(line.strip() for line in block.splitlines()).encode()


def _load(block: bytes, passphrase: str) -> Any:
    is_locked = b"ENCRYPTED" in block
    if is_locked and not passphrase:
        raise BadKey(Fault.PASSPHRASE_NEEDED)
    try:
        return serialization.load_pem_private_key(block, password=passphrase.encode() if is_locked else None)
    except UnsupportedAlgorithm:
        raise BadKey(Fault.WRONG_TYPE) from None
    except (ValueError, TypeError):
        raise BadKey(Fault.PASSPHRASE_WRONG if is_locked else Fault.DAMAGED) from None


def _from_json(text: str) -> ParsedKey:
    try:
        given = json.loads(text)
    except (ValueError, RecursionError):
        raise BadKey(Fault.DAMAGED) from None
    jwk = _only(given)
    kind = jwk.get("kty")
    if kind != "RSA":
        raise BadKey(Fault.WRONG_TYPE if isinstance(kind, str) and kind else Fault.NOT_A_KEY)
    if not jwk.get("d"):
        raise BadKey(Fault.PUBLIC_ONLY)
    if any(isinstance(value, str) and len(value) * 6 > MAX_BITS + 64 for value in map(jwk.get, _NUMBERS)):
        raise BadKey(Fault.TOO_LARGE)
    try:
        private = jwt.algorithms.RSAAlgorithm.from_jwk(jwk)
        _validate(private)
    except (jwt.PyJWTError, ValueError, TypeError, AttributeError, KeyError, OverflowError):
        raise BadKey(Fault.DAMAGED) from None
    kid = jwk.get("kid")
    return _of(private, kid=kid if isinstance(kid, str) else "")


def _only(given: Any) -> dict[str, Any]:
    """The one JWK of a JWK, a set or a list."""
    entries = given["keys"] if isinstance(given, dict) and "keys" in given else given
    if isinstance(entries, list):
        if len(entries) > 1:
            raise BadKey(Fault.SEVERAL)
        entries = entries[0] if entries else None
    if not isinstance(entries, dict):
        raise BadKey(Fault.NOT_A_KEY)
    return entries


def _validate(private: Any) -> None:
    """Raises ValueError when the numbers do not belong together."""
    if isinstance(private, rsa.RSAPrivateKey):
        private.private_numbers().private_key()


def _of(private: Any, *, kid: str = "") -> ParsedKey:
    if not isinstance(private, rsa.RSAPrivateKey):
        raise BadKey(Fault.WRONG_TYPE)
    if private.key_size < MIN_BITS:
        raise BadKey(Fault.TOO_SMALL, bits=private.key_size)
    if private.key_size > MAX_BITS:
        raise BadKey(Fault.TOO_LARGE)
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return ParsedKey(pem, kid)
