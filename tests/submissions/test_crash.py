"""A worker may die between any two lines. After the sweeps there is exactly one delivery, each time."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from datetime import date
from types import FrameType
from typing import Any

import pytest
from django.db import connection

from portal.core.lease import LEASE
from portal.gateways.errors import GatewayError
from submissions.adapters.rf1086 import adapter
from submissions.models import Submission
from submissions.services.sending import calls, claim, receipt, reconcile, send
from tests.submissions.world import World, nothing

FILES = {module.__file__ for module in (adapter, calls, claim, receipt, reconcile, send)}
pytestmark = [pytest.mark.faults, pytest.mark.django_db(transaction=True)]


class Died(BaseException):
    """The worker is gone: no `except Exception` of ours gets to tidy up."""


class Worker(threading.Thread):
    """Does `work` with a database connection of its own, and dies before line number `line` of the sending code."""

    def __init__(self, work: Callable[[], None], line: int) -> None:
        super().__init__()
        self.work, self.left, self.died = work, line, False
        self.backend = 0

    def run(self) -> None:
        sys.settrace(self.trace)
        try:
            self.work()
        except Died:
            self.died = True
        except GatewayError:
            pass
        finally:
            sys.settrace(None)
            if connection.connection:
                self.backend = connection.connection.info.backend_pid
                connection.connection.close()  # as the server sees a dead process: what was open is rolled back
                connection.connection = None

    def trace(self, frame: FrameType, event: str, _arg: Any) -> Any:
        if frame.f_code.co_filename not in FILES:
            return None
        if event == "line":
            self.left -= 1
            if self.left < 0:
                sys.settrace(None)
                raise Died
        return self.trace


def dies(work: Callable[[], None], line: int) -> bool:
    """Whether the work met its death before that line; then the server has let go of what it held."""
    worker = Worker(work, line)
    worker.start()
    worker.join()
    while worker.backend and is_alive(worker.backend):
        time.sleep(0.002)
    return worker.died


def is_alive(backend: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_stat_activity WHERE pid = %s", [backend])
        return cursor.fetchone() is not None


def assert_one_delivery(world: World, submission: Submission, line: int) -> None:
    world.let_pass(LEASE.total_seconds())
    world.settle(submission)
    assert submission.status == Submission.Status.DELIVERED, f"died before line {line}"
    assert [received.id for received in world.received] == [str(submission.transmission_id)], f"died before line {line}"
    world.app.state.skatteetaten.submissions.clear()
    Submission.objects.update(period_start=date(1999, 1, 1))  # out of the way of the next, which is the same package


@pytest.mark.parametrize("line", [0, 1])  # every second line from there: side by side where there are cores
def test_a_worker_that_dies_between_any_two_lines_leaves_one_delivery(world: World, line: int) -> None:
    died = True
    while died:
        submission = world.queued()
        died = dies(lambda: send.send_due(at=world.at, when_full=nothing), line)
        assert_one_delivery(world, submission, line)
        line += 2

    assert line > 50


@pytest.mark.parametrize("kind", ["lost", "timeout"])
def test_dying_while_a_lost_confirmation_is_looked_into_leaves_one_delivery(world: World, kind: str) -> None:
    line, died = 0, True
    while died:
        world.order(step="bekreft", kind=kind)
        submission = world.send(world.queued())
        world.let_pass(200)
        died = dies(lambda: reconcile.settle_due(at=world.at, when_full=nothing), line)
        assert_one_delivery(world, submission, line)
        line += 1

    assert line > 10
