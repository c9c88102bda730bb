"""Exactly-once sending: makes the planned calls in order, each stored before it is made and when it is answered.

A call that may be repeated is repeated here, with its key and body; another one only by `reconcile`. No transaction is open
and no row is locked during a call.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from celery.exceptions import SoftTimeLimitExceeded
from django.db import transaction
from django.db.models import QuerySet

from portal.core import lease
from portal.core.lease import LONGEST_WAIT, Hold
from portal.core.problems import BROKEN_REPLY, INTERNAL_ERROR, code_of
from portal.core.states import LostRace
from submissions.adapters.base import Answer, Meaning
from submissions.adapters.meanings import IN_DOUBT, REFUSED
from submissions.models import Call, Submission
from submissions.services import restoring
from submissions.services.pauses import pause
from submissions.services.sending import calls, claim, found, leftovers, receipt, refusal

BY = "task:send"
BATCH = 10
BUDGET = timedelta(minutes=4)
"""Maximum time of one task before it leaves the rest to the next; below the workers' soft time limit."""
FIRST_LOOK = timedelta(seconds=5)

Status = Submission.Status
logger = logging.getLogger(__name__)


def waiting_rows() -> QuerySet[Submission]:
    """Those with sending work when they are due: to be sent, delivered without a stored receipt, or given up with leftovers."""
    rows = Submission.objects.exclude(status=Status.UNCERTAIN)
    return rows.select_related("customer", "access__profile__system__client", "access__customer")


def send_due(*, at: datetime, when_full: Callable[[], None]) -> None:
    """Claim a batch of due submissions and send each.

    `when_full` is called when there may be more, before the work begins: another worker takes them meanwhile.
    """
    rows = waiting_rows().exclude(restoring.held(at=at), status__in=[Status.QUEUED, Status.SENDING])
    holds = lease.claim(rows, at=at, limit=BATCH)
    if len(holds) == BATCH:
        when_full()
    for hold in holds:
        with lease.reporting(hold):
            hold.renew()  # those before it took time
            walk(hold, stop_at=at + BUDGET)


@dataclass
class _Walk:
    """One worker's round with one submission. `has_moved`: a call of this round succeeded."""

    hold: Hold[Submission]
    counts: calls.Counts
    has_moved: bool = False


def walk(hold: Hold[Submission], *, stop_at: datetime) -> None:
    """Send a QUEUED submission, or continue where an earlier worker stopped.

    Ends DELIVERED, FAILED or UNCERTAIN; QUEUED after an error that passes; unchanged when the time is up. Raises LostRace.
    """
    if hold.row.status in leftovers.GIVEN_UP:
        leftovers.remove(hold)
        return
    if hold.row.status not in (Status.QUEUED, Status.SENDING):
        receipt.store(hold)
        return
    if _was_left_in_doubt(hold):
        return
    round_ = _Walk(hold, calls.counts_of(hold.row))
    if not _may_begin(round_):
        return
    for call in hold.row.calls.select_related("document").exclude(status=Call.Status.DONE):
        if hold.now() > stop_at:
            hold.postpone(timedelta(0))
            return
        if not _make(round_, call):
            return
    receipt.deliver(hold, by=BY)


def _was_left_in_doubt(hold: Hold[Submission]) -> bool:
    """A worker stopped while it made a call: the answer is lost. UNCERTAIN when the call may not be repeated."""
    started = hold.row.calls.filter(status=Call.Status.STARTED).first()
    if started is None:
        return False
    with transaction.atomic():
        hold.lock()
        calls.abandon(hold.row, started, at=hold.now())
        if started.may_repeat:
            return False
        hold.move_to(Status.UNCERTAIN, by=BY, next_attempt_at=hold.now())
    return True


def _may_begin(round_: _Walk) -> bool:
    """Whether the first call may be made; errors of the look are those of the first call before it is started."""
    hold = round_.hold
    try:
        return found.may_begin(hold, by=BY)
    except (LostRace, SoftTimeLimitExceeded):
        raise
    except Exception as error:
        _failed(round_, hold.row.calls.earliest("ordinal"), error)
        return False


def _make(round_: _Walk, call: Call) -> bool:
    """Make one call. True when it succeeded and the next may follow."""
    hold = round_.hold
    try:
        answer = calls.perform(hold, call, by=BY, counts=round_.counts)
    except (LostRace, SoftTimeLimitExceeded):
        raise
    except claim.Busy:
        claim.wait_for_room(hold)
        return False
    except Exception as error:
        _failed(round_, call, error)
        return False
    if answer.look_again_after is not None:
        _wait_for_remote(round_, call, answer, longest=LONGEST_WAIT)
        return False
    calls.finish(call, answer, at=hold.now())
    _moved(round_)
    return True


class NotReadyInTime(Exception):
    """The remote has worked on a step for longer than the adapter's patience lasts. Nothing was delivered."""

    code = "NOT_READY_IN_TIME"


def _wait_for_remote(round_: _Walk, call: Call, answer: Answer, *, longest: timedelta) -> None:
    """The row stays SENDING without a lease until the next look. FAILED when the patience is over."""
    hold = round_.hold
    _moved(round_)
    waited = hold.now() - (call.waiting_since or hold.now())
    if answer.give_up_after is not None and waited > answer.give_up_after:
        refusal.fail(hold, call, NotReadyInTime(), by=BY)
        return
    wait = max(answer.look_again_after or FIRST_LOOK, min(waited / 4, longest))
    if answer.starts_over:
        leftovers.remove_now(hold)
    with transaction.atomic():
        hold.lock()
        calls.await_result(call, answer, at=hold.now())
        hold.finish(next_attempt_at=hold.now() + wait)


def _moved(round_: _Walk) -> None:
    """The first success after a problem shows that its cause has gone: others that wait for it are due."""
    row = round_.hold.row
    if row.problem_code and not round_.has_moved:
        others = Submission.objects.filter(environment=row.environment, status=Status.QUEUED)
        lease.wake(others, codes=[row.problem_code], at=round_.hold.now())
    round_.has_moved = True


def _failed(round_: _Walk, call: Call, error: Exception) -> None:
    hold = round_.hold
    meaning = calls.meaning_of(hold.row, call, error)
    _log(hold.row, call, error, meaning)
    if meaning == Meaning.FINAL and call.meaning in IN_DOUBT and calls.delivers(call):
        _uncertain(hold, call, error, Meaning.MAYBE_DELIVERED)  # it says nothing of the attempt before it
    elif meaning in REFUSED:
        refusal.fail(hold, call, error, by=BY)
    elif meaning in IN_DOUBT:
        _uncertain(hold, call, error, meaning)
    else:
        asked = getattr(error, "retry_after", None)
        failures = 1 if round_.has_moved else hold.row.failures + 1
        wait = pause(hold.row, meaning, failures=failures, asked=asked, at=hold.now())
        _back_to_queue(hold, call, error, wait=wait, failures=failures)


def _log(row: Submission, call: Call, error: Exception, meaning: Meaning) -> None:
    """A fault of ours, or an answer that we cannot read, needs a developer."""
    code = code_of(error)
    level = logging.ERROR if code in (INTERNAL_ERROR, BROKEN_REPLY) else logging.INFO
    trace = error if code == INTERNAL_ERROR else None
    logger.log(level, "submission %s, call %s: %s, %s", row.pk, call.ordinal, code, meaning, exc_info=trace)


def _uncertain(hold: Hold[Submission], call: Call, error: Exception, meaning: Meaning) -> None:
    """It may have succeeded: only `reconcile` continues from here."""
    with transaction.atomic():
        hold.lock()
        calls.lose(call, error, meaning, at=hold.now())
        first_look = hold.now() + FIRST_LOOK
        hold.move_to(Status.UNCERTAIN, by=BY, next_attempt_at=first_look, problem_code=code_of(error), failures=0)


def _back_to_queue(hold: Hold[Submission], call: Call, error: Exception, *, wait: timedelta, failures: int) -> None:
    """Wait in the queue. The trail gets a row when the reason is another one than before."""
    code = code_of(error)
    with transaction.atomic():
        hold.lock()
        calls.put_back(call, error)
        if hold.row.status == Status.QUEUED:
            hold.put_off(code=code, wait=wait)
            return
        hold.move_to(
            Status.QUEUED,
            by=BY,
            next_attempt_at=hold.now() + wait,
            failures=failures,
            problem_code=code,
            is_recorded=hold.row.problem_code != code,
        )
