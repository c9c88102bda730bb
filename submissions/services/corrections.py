"""What a person says of a report that was turned down: another one, which was sent already, corrects it.

The files say it where they can (`versions.find_corrected`). Where they do not, nothing is guessed: a report that waits for its
correction is not to be hidden by one that only stands beside it.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from accounts.models import Customer
from portal.core.audit import record
from portal.core.audit_events import AuditType
from portal.core.states import IllegalTransition
from submissions.models import Submission
from submissions.services.versions import find_sent

MOST = 20
"""Choices on a page, the newest."""


def candidates(submission: Submission) -> QuerySet[Submission]:
    """Reports about the same that were sent later and correct nothing yet; none unless `submission` waits for its correction."""
    waits = Submission.objects.needing_correction().filter(pk=submission.pk)
    if submission.queued_at is None or not waits.exists():
        return Submission.objects.none()
    return find_sent(submission).filter(queued_at__gt=submission.queued_at, corrects__isnull=True)


def choices(submission: Submission) -> list[Submission]:
    """What a person may choose between, the newest first."""
    return list(candidates(submission).order_by("-queued_at", "-pk")[:MOST])


def say_corrected(*, submission: Submission, chosen: int, by: str, at: datetime) -> Submission:
    """Link the chosen report (its key) as the correction. No state changes. Raises IllegalTransition when it can not be one."""
    with transaction.atomic():
        Customer.objects.select_for_update(no_key=True).get(pk=submission.customer_id)  # as when a report is queued
        other = candidates(submission).filter(pk=chosen).first()
        if other is None:
            raise IllegalTransition(f"submission {chosen} does not correct {submission.pk}")
        Submission.objects.filter(pk=other.pk).update(corrects=submission)
        record(by=by, at=at, target=submission, what=AuditType.CORRECTION_TOLD, correction=other.pk)
    other.corrects = submission
    return other
