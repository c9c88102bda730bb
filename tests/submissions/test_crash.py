"""A worker may die between any two lines. After the sweeps there is exactly one delivery, each time."""

from __future__ import annotations

import sys
from types import FrameType
from typing import Any

import pytest

from submissions.models import Submission
from submissions.services import calls, claim, receipt, reconcile, send
from tests.submissions.world import World

FILES = {module.__file__ for module in (calls, claim, receipt, reconcile, send)}


class Died(BaseException):
    """The worker is gone: no `except Exception` of ours gets to tidy up."""


class DieAtLine:
    """Lets `lines` lines of the sending code run and dies before the next."""

    def __init__(self, lines: int) -> None:
        self.left = lines

    def __call__(self, frame: FrameType, event: str, _arg: Any) -> Any:
        if frame.f_code.co_filename not in FILES:
            return None
        if event == "line":
            self.left -= 1
            if self.left < 0:
                sys.settrace(None)
                raise Died
        return self


def dies(world: World, submission: Submission, lines: int) -> bool:
    """Whether the worker died before it was done."""
    before = sys.gettrace()
    sys.settrace(DieAtLine(lines))
    try:
        world.send(submission)
    except Died:
        return True
    finally:
        sys.settrace(before)
    return False


@pytest.mark.faults
def test_a_worker_that_dies_between_any_two_lines_leaves_one_delivery(world: World) -> None:
    line = 0
    while dies(world, submission := world.queued(), line):
        world.settle(submission)
        assert submission.status == Submission.Status.DELIVERED, f"died before line {line}"
        assert len(world.received) == line + 1, f"died before line {line}"
        line += 1

    assert line > 50


@pytest.mark.faults
def test_dying_while_a_lost_confirmation_is_reconciled_leaves_one_delivery(world: World) -> None:
    line = 0
    while True:
        world.order(step="bekreft", kind="lost" if line % 2 else "timeout")
        submission = world.send(world.queued())
        world.let_pass(200)
        died = reconciling_dies(world, submission, line)
        world.settle(submission)
        assert submission.status == Submission.Status.DELIVERED, f"died before line {line}"
        assert len(world.received) == line + 1, f"died before line {line}"
        if not died and line % 2 == 0:
            break
        line += 1

    assert line > 20


def reconciling_dies(world: World, submission: Submission, lines: int) -> bool:
    before = sys.gettrace()
    sys.settrace(DieAtLine(lines))
    try:
        reconcile.reconcile(submission_id=submission.pk, at=world.at)
    except Died:
        return True
    finally:
        sys.settrace(before)
    return False
