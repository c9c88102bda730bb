"""Encrypted tokens in Valkey, with one token request at a time per key across all processes.

Without Valkey every caller requests its own token. No database access: used by worker threads.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from redis.exceptions import LockError
from redis.lock import Lock

from portal.core.crypto import CannotDecrypt, decrypt, encrypt
from portal.core.valkey import ERRORS, valkey
from portal.gateways.errors import Unavailable
from portal.gateways.maskinporten import Token

logger = logging.getLogger(__name__)
EARLY = timedelta(seconds=20)
"""A token is renewed this long before it expires, so that callers have time to use it."""
LOCK_SECONDS = 60
"""Longer than a token request with all its time-outs; the limit for a lock of a crashed process."""


def get_or_ask(key: str, *, ask: Callable[[datetime], Token], at: datetime, fresh: bool = False) -> tuple[Token, bool]:
    """The cached token of `key`, else the result of `ask`, which gets the present time; the bool is True for a new one.

    With `fresh` the cached one is not used, as a remote refused it. Raises what `ask` raises, and Unavailable when another
    process holds the lock for more than a minute.
    """
    begun = time.monotonic()
    kept = None if fresh else _read(key, at)
    if kept:
        return kept, False
    with _alone(key):
        at += timedelta(seconds=time.monotonic() - begun)  # waiting for the lock took time
        kept = None if fresh else _read(key, at)
        if kept:
            return kept, False
        token = ask(at)
        _keep(key, token, at)
        return token, True


def _read(key: str, at: datetime) -> Token | None:
    try:
        sealed = valkey().get(key)
    except ERRORS as error:
        logger.warning("the token cache does not answer: %s", type(error).__name__)
        return None
    if sealed is None:
        return None
    try:
        stored = json.loads(decrypt(sealed))  # type: ignore[arg-type] # the pool is a synchronous one
        token = Token(
            stored["value"],
            datetime.fromisoformat(stored["expires_at"]),
            tuple(stored["scopes"]),
            stored["system_user_id"],
        )
    except (CannotDecrypt, ValueError, KeyError, TypeError):
        return None  # the encryption keys changed, or another release wrote it
    return token if at < token.expires_at - EARLY else None


def _keep(key: str, token: Token, at: datetime) -> None:
    lifetime = token.expires_at - EARLY - at
    if lifetime <= timedelta(seconds=1):
        return
    plain = {
        "value": token.value,
        "expires_at": token.expires_at.isoformat(),
        "scopes": token.scopes,
        "system_user_id": token.system_user_id,
    }
    try:
        valkey().set(key, encrypt(json.dumps(plain).encode()), px=lifetime)
    except ERRORS as error:
        logger.warning("a token was not kept: %s", type(error).__name__)


@contextmanager
def _alone(key: str) -> Iterator[None]:
    """Lock so that one process requests this token. No lock without Valkey."""
    lock = Lock(valkey(), f"{key}:asking", timeout=LOCK_SECONDS, sleep=0.05, blocking_timeout=LOCK_SECONDS + 5)
    try:
        held = lock.acquire()
    except ERRORS as error:
        logger.warning("no lock for a token request: %s", type(error).__name__)
        yield
        return
    if not held:
        raise Unavailable("another process has been asking for this token for too long")
    try:
        yield
    finally:
        try:
            lock.release()
        except (LockError, *ERRORS):
            logger.info("the lock of a token request was gone when it came to an end")
