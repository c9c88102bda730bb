"""A worker that dies at any effect it has: a write to the database, a request before it leaves, an answer before it is read.

Between two effects the database and the remote are the same, so dying at one of these points stands for all lines between them.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

from django.db import connection

from portal.gateways.errors import GatewayError
from portal.sandbox import Sandbox
from portal.sandbox.dialogs import by_party
from submissions.models import Submission
from tests.submissions.world import World, nothing

MANY = 300
"""More effects than any work here has: a test that gets there would never end."""


class Died(BaseException):
    """The worker is gone: no `except Exception` of ours gets to tidy up."""


class Worker(threading.Thread):
    """Does `work` with a database connection of its own, until it is done or dies before the effect with this number."""

    def __init__(self, world: World, work: Callable[[], None], effect: int) -> None:
        super().__init__()
        self.world, self.work, self.left = world, work, effect
        self.has_died, self.backend = False, 0

    def run(self) -> None:
        self.world.transport.watch = self.count
        try:
            with connection.execute_wrapper(self.count_write):
                self.work()
        except Died:
            self.has_died = True
        except GatewayError:
            pass
        finally:
            self.world.transport.watch = nothing
            if connection.connection:
                self.backend = connection.connection.info.backend_pid
                connection.connection.close()  # as the server sees a dead process: what was open is rolled back
                connection.connection = None

    def count(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise Died

    def count_write(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if not sql.lstrip("( ").upper().startswith("SELECT"):
            self.count()
        return execute(sql, params, many, context)


def dies(world: World, work: Callable[[], None], effect: int) -> bool:
    """Whether the work met its death before that effect; then the server has let go of what it held."""
    worker = Worker(world, work, effect)
    worker.start()
    worker.join()
    while worker.backend and is_alive(worker.backend):
        time.sleep(0.002)
    return worker.has_died


def is_alive(backend: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_stat_activity WHERE pid = %s", [backend])
        return cursor.fetchone() is not None


def each_death(world: World, work: Callable[[], None], *, at_least: int) -> Iterator[str]:
    """Do `work` once for each effect it has and die before it; at last once to its end. Gives where it died, after each.

    The caller makes the same beginning before each turn, the first included.
    """
    for effect in itertools.count():
        has_died = dies(world, work, effect)
        yield f"died before effect {effect}"
        if not has_died:
            break
        assert effect < MANY, "the work grows from one turn to the next"
    assert effect > at_least


def forget_deliveries(app: Sandbox) -> None:
    """Out of the way of the next turn, which is the same package: the sandbox has no reports and no dialogs, ours is old."""
    made = (app.state.skatteetaten.submissions, app.state.apps.instances)
    for remote in (*made, app.state.dialogs, app.state.dialog_keys, by_party(app)):
        remote.clear()
    Submission.objects.update(period_start=date(1999, 1, 1))
