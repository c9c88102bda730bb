"""Exactly-once sending: makes the planned calls in order, each stored before it is made and when it is answered.

Main form and sub-forms may be repeated with their key and body; the confirmation only by `reconcile`.
No transaction is open and no row is locked during a call.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import NoReturn

from django.db import transaction

from portal.gateways.errors import BrokenReply, Refused, Unavailable
from submissions.models import Call, Submission
from submissions.services import calls, receipt, refusal
from submissions.services.claim import WAIT_FOR_OTHERS, Busy, Claim, claim_queued
from submissions.services.documents import DocumentDamaged
from systemusers.services.tokens import AccessMissing, NoKey

BY = "task:send"
BUDGET = timedelta(minutes=4)
"""Maximum time of one task before it requeues the rest; below the workers' soft time limit."""
FIRST_LOOK = timedelta(seconds=5)
LONGEST_WAIT = timedelta(minutes=15)
KEY_REUSED = "GLD_019"
ALREADY_CONFIRMED = "GLD_1029"

Status = Submission.Status
logger = logging.getLogger(__name__)


def send(*, submission_id: int, at: datetime) -> None:
    """Send a QUEUED submission that is due, or continue where an earlier worker stopped.

    Ends DELIVERED, FAILED, UNCERTAIN or QUEUED; QUEUED after a remote's error, which is raised (Unavailable, BrokenReply).
    Raises LostRace when another worker has it.
    """
    try:
        claim = claim_queued(submission_id=submission_id, by=BY, at=at)
    except Busy:
        _wait_for_others(submission_id, at)
        return
    _walk(claim, stop_at=at + BUDGET)


def _wait_for_others(submission_id: int, at: datetime) -> None:
    waiting = Submission.objects.filter(pk=submission_id, status=Status.QUEUED)
    waiting.update(next_attempt_at=at + WAIT_FOR_OTHERS)


def _walk(claim: Claim, *, stop_at: datetime) -> None:
    for call in claim.submission.calls.select_related("document").exclude(status=Call.Status.DONE):
        if claim.now() > stop_at:
            claim.move_to(Status.QUEUED, next_attempt_at=claim.now())
            return
        if not _make(claim, call):
            return
    receipt.deliver(claim)


def _make(claim: Claim, call: Call) -> bool:
    """Make one call. True when it succeeded; False when the submission has left SENDING."""
    try:
        answer = _answer(claim, call)
    except Unavailable as error:
        return _unavailable(claim, call, error)
    except BrokenReply as error:
        _broken(claim, call, error)
    except Refused as error:
        return _refused(claim, call, error)
    except (NoKey, DocumentDamaged) as error:
        _wait_for_us(claim, calls.code_of(error))
        raise
    calls.finish(call, answer, at=claim.now())
    return True


def _answer(claim: Claim, call: Call) -> calls.Answer:
    """The remote's answer; a refused token (401) is replaced once."""
    try:
        return calls.perform(claim, call)
    except Refused as error:
        if error.status != 401 or call.status != Call.Status.STARTED:
            raise
        calls.put_back(call, error)
    return calls.perform(claim, call, fresh_token=True)


def _unavailable(claim: Claim, call: Call, error: Unavailable) -> bool:
    if call.status == Call.Status.STARTED and call.step == Call.Step.CONFIRM and error.maybe_arrived:
        _uncertain(claim, call, error)
        return False
    _back_to_queue(claim, call, error, code=calls.code_of(error) or "UNAVAILABLE")
    raise error


def _broken(claim: Claim, call: Call, error: BrokenReply) -> NoReturn:
    """The call was made, but the answer is unreadable. A person must look, so the error is raised."""
    if call.status == Call.Status.STARTED and call.step == Call.Step.CONFIRM:
        _uncertain(claim, call, error)
    else:
        _back_to_queue(claim, call, error, code="BROKEN_REPLY")
    raise error


def _refused(claim: Claim, call: Call, error: Refused) -> bool:
    """A refusal of the report is final; after a refusal of our own client the report waits in the queue."""
    if call.status != Call.Status.STARTED and not isinstance(error, AccessMissing):
        _wait_for_us(claim, calls.code_of(error))
        raise error
    if error.code in (ALREADY_CONFIRMED, KEY_REUSED):
        _uncertain(claim, call, error)
    else:
        refusal.fail(claim, call, error)
    return False


def _wait_for_us(claim: Claim, code: str) -> None:
    claim.move_to(Status.QUEUED, next_attempt_at=claim.now() + LONGEST_WAIT, problem_code=code)


def _uncertain(claim: Claim, call: Call, error: Exception) -> None:
    """It may have succeeded: only `reconcile` continues from here."""
    with transaction.atomic():
        claim.lock()
        calls.lose(call, error, at=claim.now())
        code = calls.code_of(error)
        claim.move_to(Status.UNCERTAIN, next_attempt_at=claim.now() + FIRST_LOOK, problem_code=code)


def _back_to_queue(claim: Claim, call: Call, error: Unavailable | BrokenReply, *, code: str) -> None:
    wait = waiting_time(claim.attempt, getattr(error, "retry_after", None))
    with transaction.atomic():
        claim.lock()
        calls.put_back(call, error)
        claim.move_to(Status.QUEUED, next_attempt_at=claim.now() + wait, problem_code=code)


def waiting_time(attempt: int, asked: float | None) -> timedelta:
    """As the remote asked, else 2, 4, 8 ... seconds up to 15 minutes."""
    wanted = timedelta(seconds=asked if asked is not None else 2 ** min(attempt, 12))
    return min(wanted, LONGEST_WAIT) if asked is None else wanted


def sweep_stale(*, at: datetime) -> int:
    """Release submissions left in SENDING by a crashed worker. Returns how many.

    UNCERTAIN when the confirmation had started, else QUEUED.
    """
    stale = Submission.objects.filter(status=Status.SENDING, next_attempt_at__lte=at)
    return sum(_take_back(pk, at) for pk in stale.values_list("pk", flat=True)[:500])


def _take_back(pk: int, at: datetime) -> bool:
    with transaction.atomic():
        rows = Submission.objects.select_for_update(skip_locked=True).filter(pk=pk, status=Status.SENDING)
        submission = rows.filter(next_attempt_at__lte=at).first()
        if submission is None:
            return False
        confirming = submission.calls.filter(step=Call.Step.CONFIRM, status=Call.Status.STARTED)
        lost = confirming.update(status=Call.Status.LOST)
        status = Status.UNCERTAIN if lost else Status.QUEUED
        submission.move_to(status, by="task:sweep_submissions", at=at, next_attempt_at=at)
    return True


def due(*, at: datetime) -> list[int]:
    """Ids of QUEUED submissions that are due, the longest waiting first."""
    rows = Submission.objects.due(at).filter(status=Status.QUEUED).order_by("next_attempt_at")
    return list(rows.values_list("pk", flat=True)[:500])
