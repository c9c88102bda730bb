"""At most so many calls at once to one API of Skatteetaten, counted over all processes in Valkey.

Skatteetaten allows five simultaneous calls for each API and organisation; its calls are all made by one organisation, the vendor.
https://skatteetaten.github.io/api-dokumentasjon/om/bruk (the answer to a sixth call is not public). A slot that a dead
process leaves is free again after SLOT_LIFE. While Valkey does not answer, each process counts its own calls.
"""

from __future__ import annotations

import logging
import threading
import time
import uuid
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

from portal.core.valkey import ERRORS, valkey
from portal.gateways.errors import Unavailable
from portal.gateways.skatteetaten.common import api_of

logger = logging.getLogger(__name__)
SERVICE = "skatteetaten"
AT_ONCE = 5
SLOT_LIFE = 180.0
"""Seconds: longer than the longest call."""
PATIENCE = 20.0
"""Seconds that a call waits for a slot before it is put off."""
LOOK_AGAIN = 0.1
"""Seconds after which one of a process's waiting threads asks again: another process may have given a slot back."""
PAUSE = 2.0
"""Seconds without new calls after the remote has said "too many", when it does not say for how long."""
LONGEST_PAUSE = 60.0
_TAKE = """
local now = tonumber(ARGV[1])
if redis.call('EXISTS', KEYS[2]) == 1 then return -redis.call('PTTL', KEYS[2]) end
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
if redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[3]) then return 0 end
redis.call('ZADD', KEYS[1], now + tonumber(ARGV[2]), ARGV[4])
redis.call('EXPIRE', KEYS[1], math.ceil(tonumber(ARGV[2])))
return 1
"""
_own: defaultdict[str, threading.BoundedSemaphore] = defaultdict(lambda: threading.BoundedSemaphore(AT_ONCE))


class _Waiting:
    """The threads of this process that wait for a slot of one API."""

    def __init__(self) -> None:
        self._condition, self._number = threading.Condition(), 0

    def wait(self) -> None:
        """Until a slot is given back by this process, or it is this thread's turn to look: however many wait, few look."""
        with self._condition:
            self._number += 1
            try:
                self._condition.wait(LOOK_AGAIN * self._number)
            finally:
                self._number -= 1

    def wake_one(self) -> None:
        with self._condition:
            self._condition.notify()


_waiting: defaultdict[str, _Waiting] = defaultdict(_Waiting)


@contextmanager
def slot(service: str, url: str, *, patience: float | None = None) -> Iterator[None]:
    """Around one call. Raises Unavailable, before the call, when no slot is free within PATIENCE, or the remote wants a pause."""
    if service != SERVICE:
        yield
        return
    api, until = api_of(url), time.monotonic() + (PATIENCE if patience is None else min(patience, PATIENCE))
    ident = uuid.uuid4().hex
    own = _take(api, ident, until)
    try:
        yield
    except Unavailable as error:
        if error.status == 429:
            _pause(api, error.retry_after)
        raise
    finally:
        _give_back(api, ident, own)


def _take(api: str, ident: str, until: float) -> threading.BoundedSemaphore | None:
    """The slot of this process that was taken instead, when Valkey does not answer."""
    while True:
        try:
            answer = int(valkey().eval(_TAKE, 2, _slots(api), _paused(api), time.time(), SLOT_LIFE, AT_ONCE, ident))
        except ERRORS:
            return _take_own(api, until)
        if answer > 0:
            return None
        if answer < 0 and time.monotonic() - answer / 1000 > until:
            raise Unavailable(f"{api}: the remote has asked for fewer calls", retry_after=-answer / 1000)
        if time.monotonic() > until:
            raise Unavailable(f"{api}: {AT_ONCE} calls are made already", retry_after=1.0)
        _waiting[api].wait()


def _take_own(api: str, until: float) -> threading.BoundedSemaphore:
    own = _own[api]
    if not own.acquire(timeout=max(0.0, until - time.monotonic())):
        raise Unavailable(f"{api}: {AT_ONCE} calls are made already", retry_after=1.0)
    return own


def _give_back(api: str, ident: str, own: threading.BoundedSemaphore | None) -> None:
    if own is not None:
        own.release()
        return
    try:
        valkey().zrem(_slots(api), ident)
    except ERRORS:
        logger.debug("a slot of %s is free after its life only", api)
    _waiting[api].wake_one()


def _pause(api: str, asked: float | None) -> None:
    seconds = min(asked or PAUSE, LONGEST_PAUSE)
    try:
        valkey().set(_paused(api), 1, px=max(1, int(seconds * 1000)))
    except ERRORS:
        logger.debug("other processes do not learn that %s wants a pause", api)


def _slots(api: str) -> str:
    return f"calls:{api}"


def _paused(api: str) -> str:
    return f"calls-paused:{api}"
