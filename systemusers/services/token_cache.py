"""Encrypted tokens in Valkey, with one token request at a time per key across all processes.

Without Valkey every caller requests its own token. No database access: used by worker threads.
"""

from __future__ import annotations

import json
import logging
import time
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta

from portal.core.crypto import CannotDecrypt, decrypt, encrypt
from portal.core.valkey import ERRORS, valkey
from portal.gateways.errors import Unavailable
from portal.gateways.maskinporten import Token

logger = logging.getLogger(__name__)
PLACE = "tokens"
"""Of all cached tokens, for their encryption. Each is bound to its key."""
EARLY = timedelta(seconds=20)
"""A token is renewed this long before it expires, so that callers have time to use it."""
LOCK_SECONDS = 60
"""Longer than a token request with all its time-outs; the limit for a lock of a crashed process."""
LOOK_AGAIN = 0.05
_READ_OR_LOCK = """
local kept = ARGV[3] == '1' and redis.call('GET', KEYS[1])
if kept then return kept end
if redis.call('SET', KEYS[2], ARGV[1], 'NX', 'EX', ARGV[2]) then return 1 end
return 0
"""
_KEEP_AND_UNLOCK = """
if ARGV[2] ~= '' then redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3]) end
if redis.call('GET', KEYS[2]) == ARGV[1] then redis.call('DEL', KEYS[2]) end
return 1
"""


def get_or_ask(key: str, *, ask: Callable[[datetime], Token], at: datetime, fresh: bool = False) -> tuple[Token, bool]:
    """The cached token of `key`, else the result of `ask`, which gets the present time; the bool is True for a new one.

    With `fresh` the cached one is not used, as a remote refused it. Raises what `ask` raises, and Unavailable when another
    process holds the lock for more than a minute.
    """
    begun, ident = time.monotonic(), uuid.uuid4().hex
    kept = _read_or_lock(key, ident, at, fresh)
    if kept:
        return kept, False
    token, at = None, at + timedelta(seconds=time.monotonic() - begun)  # waiting for the lock took time
    try:
        token = ask(at)
    finally:
        _keep_and_unlock(key, ident, token, at)
    return token, True


def _read_or_lock(key: str, ident: str, at: datetime, fresh: bool) -> Token | None:
    """The cached token; None when this process is to ask for one. Nobody else does then, but without Valkey."""
    until = time.monotonic() + LOCK_SECONDS + 5
    while True:
        try:
            answer = valkey().eval(_READ_OR_LOCK, 2, key, f"{key}:asking", ident, LOCK_SECONDS, int(not fresh))
        except ERRORS as error:
            logger.warning("the token cache does not answer: %s", type(error).__name__)
            return None
        if isinstance(answer, bytes):
            if token := _opened(answer, key, at):
                return token
            fresh = True
        elif answer:
            return None
        elif time.monotonic() > until:
            raise Unavailable("another process has been asking for this token for too long")
        else:
            time.sleep(LOOK_AGAIN)


def _opened(sealed: bytes, key: str, at: datetime) -> Token | None:
    """None when it is of no use any more."""
    try:
        stored = json.loads(decrypt(sealed, place=PLACE, row=key))
        token = Token(
            stored["value"],
            datetime.fromisoformat(stored["expires_at"]),
            tuple(stored["scopes"]),
            stored["system_user_id"],
        )
    except (CannotDecrypt, ValueError, KeyError, TypeError):
        return None  # the encryption keys changed, or another release wrote it
    return token if at < token.expires_at - EARLY else None


def _keep_and_unlock(key: str, ident: str, token: Token | None, at: datetime) -> None:
    life = int((token.expires_at - EARLY - at).total_seconds() * 1000) if token else 0
    sealed = _sealed(token, key) if token and life > 1000 else b""
    try:
        valkey().eval(_KEEP_AND_UNLOCK, 2, key, f"{key}:asking", ident, sealed, life)
    except ERRORS as error:
        logger.warning("a token was not kept: %s", type(error).__name__)


def _sealed(token: Token, key: str) -> bytes:
    plain = {
        "value": token.value,
        "expires_at": token.expires_at.isoformat(),
        "scopes": token.scopes,
        "system_user_id": token.system_user_id,
    }
    return encrypt(json.dumps(plain).encode(), place=PLACE, row=key)
