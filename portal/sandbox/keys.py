"""The RSA key pairs that sign the access tokens of the imitated issuers."""

from __future__ import annotations

from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

ISSUERS = ("maskinporten", "altinn")


class SigningKey:
    """One RSA key pair of an issuer, with its public half as a JWK."""

    def __init__(self, *, kid: str, pem: str | None = None) -> None:
        self.kid = kid
        self._private = _loaded(pem) if pem else rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.public_jwk: dict[str, Any] = {
            **jwt.algorithms.RSAAlgorithm.to_jwk(self._private.public_key(), as_dict=True),
            "kid": kid,
            "use": "sig",
            "alg": "RS256",
        }
        self._public = self._private.public_key()

    def pem(self) -> str:
        form = serialization.PrivateFormat.PKCS8
        return self._private.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()

    def sign(self, claims: dict[str, Any]) -> str:
        return jwt.encode(claims, self._private, algorithm="RS256", headers={"kid": self.kid})

    def verify(self, raw: str) -> dict[str, Any]:
        """The claims of `raw`; raises jwt.InvalidTokenError when this key did not sign it. Times are checked elsewhere."""
        options: Any = {"verify_exp": False, "verify_iat": False, "verify_nbf": False, "verify_aud": False}
        return jwt.decode(raw, self._public, algorithms=["RS256"], options=options)


def _loaded(pem: str) -> rsa.RSAPrivateKey:
    """Raises ValueError for anything but an RSA key."""
    key = serialization.load_pem_private_key(pem.encode(), password=None)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise ValueError("not an RSA key")
    return key


def new_signing_keys() -> dict[str, SigningKey]:
    """A new key pair for each issuer. Making them takes about 350 ms."""
    return {issuer: SigningKey(kid=f"{issuer}-1") for issuer in ISSUERS}
