"""Where an act comes from, for the trail: of a request its address and a hash of its session, of a command that it is one.

Whoever guards pages says it once for a request, and a command that acts for an employee once for all it does; nothing is computed
until it is asked for. Elsewhere it is unknown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

Origin = dict[str, str]
KEYS = frozenset({"ip", "session"})
"""What the trail has of reading and taking out."""
WAY = "through"
"""What it has of every act of an employee that no page was used for."""
COMMAND_LINE = "command line"
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
