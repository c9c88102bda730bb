"""A worker that dies at any effect it has: a write to the database, a request before it leaves, an answer before it is read.

Between two effects the database and the remote are the same, so dying at one of these points stands for all lines between them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import connection

from tests.submissions import test_crash
from tests.submissions.world import World, nothing

NO_LINE = 10**9


def dies(world: World, work: Callable[[], None], effect: int) -> bool:
    """Whether the work met its death before the effect with this number."""
    left = effect

    def tick() -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise test_crash.Died

    def watch_sql(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if not sql.lstrip("( ").upper().startswith("SELECT"):
            tick()
        return execute(sql, params, many, context)

    def watched() -> None:
        with connection.execute_wrapper(watch_sql):
            work()

    world.transport.watch = tick
    try:
        return test_crash.dies(watched, NO_LINE)
    finally:
        world.transport.watch = nothing
