"""A discarded draft, and a file that was taken out of one, can be taken back for a while. The files are checked again."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from accounts.models import Customer
from portal.core import removed
from portal.core.audit import record
from portal.core.audit_events import AuditType
from portal.core.removed import Removed
from portal.core.undo import UNDO_FOR
from submissions.models import Document, Submission
from submissions.services.documents import keep, read_stored
from submissions.services.drafting import drafts, package_check
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


def restore_file(*, submission: Submission, reference: str, by: str, at: datetime) -> None:
    """Put a file back that was taken out of the draft. A file of its name, or the main form that came meanwhile, makes room.

    Raises NotOpen, removed.TooLate, and DocumentDamaged when its bytes are gone.
    """
    which: dict[str, Any] = {
        "kind": Removed.Kind.FILE, "about": submission, "reference": reference, "by": by, "at": at,
    }  # fmt: skip
    keep(read_stored(removed.look_at(**which)["sha256"]))  # no row names the bytes: from now on no sweep takes them
    with drafts.editing(submission):
        file = removed.take(**which)
        if not submission.documents.filter(sha256=file["sha256"]).exists():
            _add_again(submission, file, by, at)
    package_check.begin(submission=submission, at=at)


def _add_again(submission: Submission, file: dict[str, Any], by: str, at: datetime) -> None:
    """As a new upload; a copy of what was sent before stays one."""
    number = file.pop("upload") and drafts.next_upload(submission, by)
    row = Document.objects.create(submission=submission, stored_at=at, upload=number, **file)
    record(by=by, at=at, target=submission, what=AuditType.FILES_ADDED, **drafts.named([row]))
    package_check.order(submission=submission, by=by, at=at)
