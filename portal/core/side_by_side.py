"""The same work outside for many, in threads. The work does no database access: a connection belongs to one thread."""

from __future__ import annotations

import contextvars
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")
STORE_EVERY = 5.0
"""Seconds: what is done is given at least so often, however slow the rest is."""


def side_by_side(
    work: Callable[[Item], Result], items: Sequence[Item], *, threads: int
) -> Iterator[list[tuple[Item, Result]]]:
    """Those that are done, each with its result, in groups as they come: all at once when everything goes quickly.

    One alone needs no thread. An error of `work` is raised, and what is done beside it is lost: `work` keeps its own errors.
    """
    if len(items) == 1:
        yield [(items[0], work(items[0]))]
        return
    with ThreadPoolExecutor(max_workers=threads) as pool:
        pending = {pool.submit(contextvars.copy_context().run, work, item): item for item in items}
        while pending:
            done = wait(pending, timeout=STORE_EVERY).done
            yield [(pending.pop(future), future.result()) for future in done]
