"""Key services: they hold a private key and sign with it. The key never leaves them; we get its public half and signatures.

One file for each service. A key is named by a reference: `vault:MOUNT/NAME#VERSION`, `aws-kms:` and the ARN of the key, `gcp-kms:` and
the name of a version of the key, or `azure:VAULT/NAME/VERSION`.
"""

from __future__ import annotations

import hashlib
from typing import Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256

from portal.gateways.errors import BrokenReply

LEAST_BITS = 2048


class KeyService(Protocol):
    """One service with one key."""

    def public_key(self) -> rsa.RSAPublicKey:
        """Raises GatewayError; BrokenReply also for a key that is no RSA key of LEAST_BITS for signatures."""

    def sign(self, message: bytes) -> bytes:
        """RSASSA-PKCS1-v1_5 with SHA-256, as RS256 wants it. Raises GatewayError."""


def checked_key(key: object, where: str) -> rsa.RSAPublicKey:
    """Raises BrokenReply."""
    if not isinstance(key, rsa.RSAPublicKey) or key.key_size < LEAST_BITS:
        raise BrokenReply(f"{where}: no RSA key of {LEAST_BITS} bits or more")
    return key


def fits(key: rsa.RSAPublicKey, *, message: bytes, signature: bytes) -> bool:
    """Whether the signature was made with the private half of the key."""
    try:
        key.verify(signature, message, padding.PKCS1v15(), SHA256())
    except InvalidSignature:
        return False
    return True


def digest(message: bytes) -> bytes:
    return hashlib.sha256(message).digest()
