"""Where the request comes from that is being answered: its address, and a hash of its session, for what the trail says of reading.

Whoever guards pages says it once for a request; nothing is computed until it is asked for. Outside of a request it is unknown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

Origin = dict[str, str]
KEYS = frozenset({"ip", "session"})
_told: ContextVar[Callable[[], Origin] | None] = ContextVar("origin", default=None)


@contextmanager
def told(find: Callable[[], Origin]) -> Iterator[None]:
    token = _told.set(find)
    try:
        yield
    finally:
        _told.reset(token)


def current() -> Origin:
    """{} outside of a request."""
    find = _told.get()
    return find() if find else {}
