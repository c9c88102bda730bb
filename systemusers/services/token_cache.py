"""Tokens kept in Valkey, encrypted, and one request in flight for each of them across all processes.

When Valkey is away every caller asks for itself: slower, never wrong. No database here: worker threads come by.
"""

from __future__ import annotations

import json
import logging
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
"""A token is renewed this long before it ends, so that whoever gets it has time to use it."""
LOCK_SECONDS = 60
"""Longer than a token request with all its time-outs; a process that dies holds the others up no longer than this."""


def get_or_ask(key: str, *, ask: Callable[[], Token], at: datetime, fresh: bool = False) -> tuple[Token, bool]:
    """The kept token of `key`, else what `ask` brings; the bool tells whether it was asked for just now.

    With `fresh` the kept one is passed over: a remote did not take it. Raises what `ask` raises, and Unavailable when
    another process has been asking for longer than a minute.
    """
    kept = None if fresh else _read(key, at)
    if kept:
        return kept, False
    with _alone(key):
        kept = None if fresh else _read(key, at)
        if kept:
            return kept, False
        token = ask()
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
        said = json.loads(decrypt(sealed))  # type: ignore[arg-type] # the pool is a synchronous one
        token = Token(
            said["value"], datetime.fromisoformat(said["expires_at"]), tuple(said["scopes"]), said["system_user_id"]
        )
    except (CannotDecrypt, ValueError, KeyError, TypeError):
        return None  # the key ring was changed, or another release wrote it
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
    """Nobody else asks for this token meanwhile. Without Valkey everybody goes on alone."""
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
