"""A discarded draft can be taken back for a while: the row and its files are as they were, and the files are checked again."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from accounts.models import Customer
from portal.core.undo import UNDO_FOR
from submissions.models import Submission
from submissions.services.drafting import package_check
from submissions.services.drafting.drafts import OPEN, NotOpen, OpenDraft, find_open


def may_restore(submission: Submission, *, at: datetime) -> bool:
    """Whether it was discarded lately as a draft. What had been sent, or found with Skatteetaten, is no draft again."""
    is_discarded = submission.status == Submission.Status.CANCELLED and submission.queued_at is None
    return is_discarded and not submission.dialog_id and at - submission.status_at <= UNDO_FOR


def _open_one(submission: Submission) -> Submission | None:
    """The open draft in its place: another correction of the same report, or another draft of the same period."""
    if submission.corrects is not None:
        return submission.corrects.corrections.filter(status__in=OPEN).first()
    mine = find_open(
        customer=submission.customer, service=submission.service, period=submission.period, answers=submission.answers
    )
    return mine[0] if mine else None


def restore(*, submission: Submission, by: str, at: datetime) -> None:
    """CANCELLED -> DRAFT. Raises NotOpen when it is too late, OpenDraft when another one was begun in the meantime."""
    with transaction.atomic():
        customer = Customer.objects.select_for_update(no_key=True).get(pk=submission.customer_id)
        submission.refresh_from_db()
        if not may_restore(submission, at=at) or customer.end_asked_at is not None:
            raise NotOpen(submission, submission.status)
        if other := _open_one(submission):
            raise OpenDraft(other)
        submission.move_to(Submission.Status.DRAFT, by=by, at=at, next_attempt_at=None)
        package_check.order(submission=submission, by=by, at=at)
    package_check.begin(submission=submission, at=at)
