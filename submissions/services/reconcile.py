"""Settles reports whose last answer was lost: looks in Dialogporten first, and only then repeats the confirmation.

Why this can never deliver the same report twice: docs/decisions/0004-the-lost-confirmation.md.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from portal.core.audit import record
from portal.core.audit_events import AuditType
from portal.gateways.errors import BrokenReply, Refused, Unavailable
from submissions.models import Call, Submission
from submissions.services import calls, receipt, refusal
from submissions.services.claim import Claim, claim_uncertain
from submissions.services.delivery import Delivery, find_delivery
from submissions.services.documents import DocumentDamaged
from submissions.services.send import ALREADY_CONFIRMED, LONGEST_WAIT
from systemusers.services.keys import NoKey

BY = "task:reconcile"
SHORTEST_PAUSE = timedelta(seconds=5)
ASK_AGAIN_AFTER = timedelta(minutes=2)
"""Minimum time without an answer and without a delivery in Dialogporten before the confirmation is repeated."""
NOT_CONFIRMED = frozenset({"GLD_1016", "GLD_1018", "GLD_1026"})
"""Refusals that show that no earlier confirmation succeeded: that would give GLD_1029."""

Status = Submission.Status
logger = logging.getLogger(__name__)


def reconcile(*, submission_id: int, at: datetime) -> None:
    """Settle one UNCERTAIN submission, or plan the next attempt. Always looks in Dialogporten before a confirmation.

    Raises LostRace when it is held by another worker or not due.
    """
    claim = claim_uncertain(submission_id=submission_id, by=BY, at=at)
    confirm = _confirmation(claim)
    if confirm.answer:
        receipt.deliver(claim)
        return
    try:
        delivery = find_delivery(claim.submission, known_to_be_there=_is_known(claim.submission), at=claim.now())
    except (Unavailable, Refused, BrokenReply, NoKey, DocumentDamaged) as error:
        logger.warning("submission %s: no look in Dialogporten now: %s", submission_id, type(error).__name__)
        claim.put_off(claim.now() + _pace(claim, confirm))
        return
    if delivery:
        _delivered(claim, confirm, delivery)
    else:
        _not_found(claim, confirm)


def due(*, at: datetime) -> list[int]:
    """Ids of UNCERTAIN submissions that are due."""
    rows = Submission.objects.due(at).filter(status=Status.UNCERTAIN).order_by("next_attempt_at")
    return list(rows.values_list("pk", flat=True)[:500])


def _confirmation(claim: Claim) -> Call:
    """The confirmation call; LOST when another worker started it and never finished."""
    confirm = claim.submission.calls.get(step=Call.Step.CONFIRM)
    if confirm.status == Call.Status.STARTED:
        calls.lose(confirm, Unavailable("the worker was gone"), at=claim.now())
    return confirm


def _is_known(submission: Submission) -> bool:
    return submission.problem_code == ALREADY_CONFIRMED


def _delivered(claim: Claim, confirm: Call, delivery: Delivery) -> None:
    """The confirmation succeeded: the receipt is built from Dialogporten."""
    receipt.settle(
        claim, confirm, receipt=delivery.as_receipt(), filename=receipt.FOUND, delivered_at=delivery.created_at
    )


def _not_found(claim: Claim, confirm: Call) -> None:
    if _is_known(claim.submission) or _silence(claim, confirm) < ASK_AGAIN_AFTER:
        claim.put_off(claim.now() + _pace(claim, confirm))
    elif confirm.started_at is None:
        _never_confirmed(claim)
    else:
        _ask_again(claim, confirm)


def _silence(claim: Claim, confirm: Call) -> timedelta:
    """Time since the last confirmation call."""
    return claim.now() - (confirm.started_at or claim.submission.status_at)


def _pace(claim: Claim, confirm: Call) -> timedelta:
    """The wait before the next attempt: half the time since the confirmation."""
    return min(max(_silence(claim, confirm) / 2, SHORTEST_PAUSE), LONGEST_WAIT)


def _never_confirmed(claim: Claim) -> None:
    """A key was refused as reused, no confirmation was made, and nothing was found: it was not delivered."""
    claim.move_to(Status.FAILED, problem_code=claim.submission.problem_code)


def _ask_again(claim: Claim, confirm: Call) -> None:
    """Repeat the confirmation. The server closes a main form once: a repeat is accepted, or refused with GLD_1029."""
    record(by=BY, at=claim.now(), target=claim.submission, what=AuditType.CONFIRMATION_REPEATED)
    try:
        answer = calls.perform(claim, confirm)
    except Refused as error:
        _refused(claim, confirm, error)
    except (Unavailable, BrokenReply, NoKey) as error:
        _still_silent(claim, confirm, error)
    else:
        calls.finish(confirm, answer, at=claim.now())
        receipt.deliver(claim)


def _refused(claim: Claim, confirm: Call, error: Refused) -> None:
    if confirm.status == Call.Status.STARTED and error.code in NOT_CONFIRMED:
        refusal.fail(claim, confirm, error)
    else:
        _still_silent(claim, confirm, error)


def _still_silent(claim: Claim, confirm: Call, error: Exception) -> None:
    """No new information, or GLD_1029 (it was delivered): keep looking."""
    if confirm.status == Call.Status.STARTED:
        calls.lose(confirm, error, at=claim.now())
    claim.put_off(claim.now() + _pace(claim, confirm), problem_code=calls.code_of(error))
