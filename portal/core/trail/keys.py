"""The keys of the audit trail's seals. They are made from AUDIT_KEYS and never stored in the database.

The first key seals, all of them verify. A seal names its key by a fingerprint.
"""

from __future__ import annotations

import hashlib
import hmac
from functools import lru_cache

from django.conf import settings

from portal.core.crypto import fingerprint


class UnknownKey(Exception):
    """AUDIT_KEYS lacks the key with this fingerprint."""


def current() -> str:
    """The name of the key that seals now."""
    return fingerprint(settings.AUDIT_KEYS[0])


def mac(content: bytes, *, key: str) -> str:
    """HMAC-SHA256 with the key of this name, 64 hexadecimal digits. Raises UnknownKey."""
    for secret in settings.AUDIT_KEYS:
        if fingerprint(secret) == key:
            return hmac.digest(_derived(secret), content, "sha256").hex()
    raise UnknownKey(key)


def is_ours(content: bytes, given: str) -> bool:
    """Whether this HMAC was made with one of AUDIT_KEYS."""
    return any(hmac.compare_digest(mac(content, key=fingerprint(each)), given) for each in settings.AUDIT_KEYS)


@lru_cache(maxsize=16)
def _derived(secret: str) -> bytes:
    return hmac.digest(secret.encode(), b"portal audit trail", hashlib.sha256)
