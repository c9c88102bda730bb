"""How long a page may wait for outside services, and how many pages may wait at once. Workers have no such bound.

A page that a person waits for may call out, for example to look up an organisation. When the service is slow, few pages wait
for it, each for some seconds; the others get Unavailable at once, as if it did not answer.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from portal.gateways.errors import Unavailable

EACH, WHOLE = 5.0, 10.0
"""Seconds for one call, and for all calls of one page."""
AT_ONCE = 3
PATIENCE = 0.5
"""Seconds to wait for one of the other pages to finish its call."""
_until: ContextVar[float | None] = ContextVar("until", default=None)
_room = threading.BoundedSemaphore(AT_ONCE)


@contextmanager
def page() -> Iterator[None]:
    """Around the work of one request: calls in it are bounded."""
    token = _until.set(time.monotonic() + WHOLE)
    try:
        yield
    finally:
        _until.reset(token)


@contextmanager
def room(where: str) -> Iterator[float | None]:
    """Around one call: the seconds it may take, None for a worker. Raises Unavailable, before the call, when there is no room."""
    until = _until.get()
    if until is None:
        yield None
        return
    left = until - time.monotonic()
    if left <= 0:
        raise Unavailable(f"{where}: the page has waited long enough")
    if not _room.acquire(timeout=min(left, PATIENCE)):
        raise Unavailable(f"{where}: {AT_ONCE} pages wait for outside services already")
    try:
        yield min(EACH, left)
    finally:
        _room.release()
