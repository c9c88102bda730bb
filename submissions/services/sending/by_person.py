"""A report that may have been delivered, and whose access is gone: nobody but a person can find out what became of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from portal.core.audit import record
from portal.core.audit_events import AuditType
from portal.core.lease import held
from portal.core.states import IllegalTransition, LostRace
from submissions.models import Submission
from submissions.services.sending.calls import may_have_delivered
from systemusers.models import Access

NOT_THERE = "SETTLED_NOT_THERE"
LONGEST_REASON = 500
Status = Submission.Status
IN_DOUBT = {Status.UNCERTAIN, Status.QUEUED}


class NoReason(ValueError):
    """A reason is required."""


def can_settle(submission: Submission) -> bool:
    """Only when the portal cannot ask itself: while the access works, the look in Dialogporten settles it."""
    is_gone = submission.access is None or submission.access.status not in Access.USABLE
    return is_gone and submission.status in IN_DOUBT and may_have_delivered(submission)


def settle(*, submission: Submission, arrived: bool, reason: str, by: str, at: datetime) -> None:
    """DELIVERED when it arrived, else FAILED, from where it can be corrected and sent again.

    Raises NoReason, IllegalTransition when it is not for a person to settle, and LostRace while a worker has it: the call
    that it makes may still deliver.
    """
    reason = reason.strip()
    if not reason:
        raise NoReason
    with transaction.atomic():
        row = Submission.objects.select_for_update(of=("self",)).select_related("access").get(pk=submission.pk)
        if not can_settle(row):
            raise IllegalTransition(f"submission {row.pk} is not for a person to settle")
        if Submission.objects.filter(held(at=at), pk=row.pk).exists():
            raise LostRace(f"submission {row.pk} is held by a worker")
        outcome = "ARRIVED" if arrived else "NOT_ARRIVED"
        record(
            by=by, at=at, target=row, what=AuditType.SETTLED, outcome=outcome, grounds=reason[:LONGEST_REASON]
        )  # identity numbers in it are hidden
        done: dict[str, Any] = {"next_attempt_at": None, "lease_until": None, "failures": 0}
        if arrived:
            made = row.calls.order_by("-ordinal").values_list("started_at", flat=True).first()
            row.move_to(Status.DELIVERED, by=by, at=at, delivered_at=made or at, problem_code="", **done)
        else:
            row.move_to(Status.FAILED, by=by, at=at, problem_code=NOT_THERE, **done)
