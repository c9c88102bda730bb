"""Exactly-once sending: makes the planned calls in order, each stored before it is made and when it is answered.

A batch of submissions is walked together, one call of each at a time; what goes wrong with one is settled for it alone.
A call that may be repeated is repeated here, with its key and body; another one only by `reconcile`. No transaction is open
and no row is locked during a call.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial

from celery.exceptions import SoftTimeLimitExceeded
from django.db import transaction
from django.db.models import QuerySet

from portal.core import lease, lease_many
from portal.core.lease import LONGEST_WAIT, Hold
from portal.core.problems import BROKEN_REPLY, INTERNAL_ERROR, code_of
from portal.core.required import required
from portal.core.states import LostRace
from submissions.adapters.base import Answer, Meaning
from submissions.adapters.meanings import IN_DOUBT, REFUSED
from submissions.models import Call, Submission
from submissions.services import restoring
from submissions.services.pauses import pause
from submissions.services.sending import calls, claim, found, hand_over, leftovers, receipt, refusal, walking
from submissions.services.sending.walking import Walk

BY = "task:send"
BATCH = 100
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
    """Claim a batch of due submissions and send them.

    `when_full` is called when there may be more, before the work begins: another worker takes them meanwhile.
    """
    rows = waiting_rows().exclude(restoring.held(at=at), status__in=[Status.QUEUED, Status.SENDING])
    holds = lease.claim(rows, at=at, limit=BATCH)
    if len(holds) == BATCH:
        when_full()
    walk(holds, stop_at=at + BUDGET)


def walk(holds: Sequence[Hold[Submission]], *, stop_at: datetime) -> None:
    """Send QUEUED submissions, or continue where an earlier worker stopped.

    Each ends DELIVERED, FAILED or UNCERTAIN; QUEUED after an error that passes; unchanged when the time is up, or when
    another worker has it.
    """
    to_send = []
    for hold in holds:
        if hold.row.status in (Status.QUEUED, Status.SENDING):
            to_send.append(hold)
            continue
        with lease.reporting(hold):
            _finish_rest(hold)
    for group in claim.few_of_each_customer(to_send):
        lease_many.work_as_one(group, partial(_walk_group, stop_at=stop_at))


def _finish_rest(hold: Hold[Submission]) -> None:
    """What is left to do for a report that is not on its way."""
    if hold.row.status in leftovers.GIVEN_UP:
        leftovers.remove(hold)
    elif hand_over.is_followed(hold.row):
        hand_over.look(hold)
    else:
        receipt.store([hold])


def _walk_group(holds: Sequence[Hold[Submission]], *, stop_at: datetime) -> None:
    walks, doubtful = walking.begin(holds)
    for hold in doubtful:
        with lease.reporting(hold):
            if not _was_left_in_doubt(hold):
                walks += walking.begin([hold])[0]
    slow = _walk_on(walks, stop_at=stop_at)
    for one in slow:
        _walk_on([one], stop_at=stop_at)


def _walk_on(walks: Sequence[Walk], *, stop_at: datetime) -> list[Walk]:
    """The calls of all, one of each at a time. Gives those that hold the others up."""
    slow: list[Walk] = []
    while walks := _in_time(walks, stop_at=stop_at):
        walking.load_next(walks)
        lease_many.alone_if_it_fails(_deliver, [one for one in walks if one.call is None])
        walks = [one for one in walks if one.call is not None]
        walks = _may_begin(walks, slow) if any(one.is_new for one in walks) else walks
        walks = [one for group in walking.make_next(walks, by=BY) for one in _settled(group)]
    return slow


def _in_time(walks: Sequence[Walk], *, stop_at: datetime) -> list[Walk]:
    """All; none when the time is up: they are due at once."""
    if not walks or walks[0].hold.now() <= stop_at:
        return list(walks)
    for one in walks:
        with lease.reporting(one.hold):
            one.hold.postpone(timedelta(0))
    return []


def _deliver(walks: Sequence[Walk]) -> None:
    brought = {one.hold.row.pk: one.brought for one in walks if one.brought}
    hand_over.after_calls([one.hold for one in walks], by=BY, known=brought)


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


def _may_begin(walks: Sequence[Walk], slow: list[Walk]) -> list[Walk]:
    """Those whose next call may be made. Errors of the look are those of the first call before it is started."""
    going = [one for one in walks if not one.is_new]
    for group in found.look(walking.lease_again([one for one in walks if one.is_new])):
        for one in group:
            with lease.reporting(one.hold):
                if isinstance(one.error, found.TakesLong):
                    slow.append(one)
                elif _is_free(one):
                    one.is_new = False
                    going.append(one)
    return going


def _is_free(one: Walk) -> bool:
    """Whether the look was made, and nothing was found that a person must see."""
    try:
        if one.error is not None:
            raise one.error
        return not one.listed or found.may_begin(one.hold, one.listed, by=BY)
    except Exception as error:
        _not_made(one, error)
        return False


def _settled(group: Sequence[Walk]) -> list[Walk]:
    """What became of the calls. Gives those whose next call may follow."""
    for one in group:
        if one.error is not None:
            with lease.reporting(one.hold):
                _not_made(one, one.error)
        elif one.answer and one.answer.look_again_after is not None:
            with lease.reporting(one.hold):
                _wait_for_remote(one, one.answer, longest=LONGEST_WAIT)
    done = [one for one in group if one.answer and one.answer.look_again_after is None]
    lease_many.alone_if_it_fails(_finish, done)
    return [one for one in group if one.goes_on]


def _finish(walks: Sequence[Walk]) -> None:
    answers = {one.call: one.answer for one in walks if one.call and one.answer}
    calls.finish_all(answers, at=walks[0].hold.now())
    for one in walks:
        if one.call and one.call.status == Call.Status.DONE:
            one.went_well()
            _moved(one)
        if one.answer and one.answer.left:
            Submission.objects.filter(pk=one.hold.row.pk).update(left_behind=one.answer.left[:200])


def _not_made(one: Walk, error: Exception) -> None:
    """The walk ends, but for a token that is changed for a fresh one."""
    if isinstance(error, LostRace | SoftTimeLimitExceeded):
        raise error
    call = required(one.call, because="its next call was to be made")
    if isinstance(error, claim.Busy):
        claim.wait_for_room(one.hold)
    elif isinstance(error, walking.NotBegun):
        calls.put_back(call, error)
        one.hold.postpone(timedelta(0))
    elif walking.is_token_refused(one):
        calls.put_back(call, error)
        one.wants_fresh = one.goes_on = True
    else:
        _failed(one, call, error)


class NotReadyInTime(Exception):
    """The remote has worked on a step for longer than the adapter's patience lasts. Nothing was delivered."""

    code = "NOT_READY_IN_TIME"


def _wait_for_remote(one: Walk, answer: Answer, *, longest: timedelta) -> None:
    """The row stays SENDING without a lease until the next look. FAILED when the patience is over."""
    hold, call = one.hold, required(one.call, because="it was answered")
    _moved(one)
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


def _moved(one: Walk) -> None:
    """The first success after a problem shows that its cause has gone: others that wait for it are due."""
    row = one.hold.row
    if row.problem_code and not one.has_moved:
        others = Submission.objects.filter(environment=row.environment, status=Status.QUEUED)
        lease.wake(others, codes=[row.problem_code], at=one.hold.now())
    one.has_moved = True


def _failed(one: Walk, call: Call, error: Exception) -> None:
    hold = one.hold
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
        failures = 1 if one.has_moved else hold.row.failures + 1
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
