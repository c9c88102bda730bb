"""A person opens a document or a letter: stored in one transaction with its audit row, before anything is told outside.

Only people who may work for customers mark letters as read and have Skatteetaten told; others read without a trace outside.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from accounts.models import Capability, User, Vendor
from portal.core import enqueue, readings
from portal.core.audit import record
from portal.core.audit_events import AuditType
from portal.gateways.dialogporten import MASKED
from submissions.models import Dialog, Document, Opening, Transmission

TASK = "submissions.tasks.tell_opened"


def document_opened(
    *, document: Document, what: AuditType, environment: str, user: User, is_person: bool, at: datetime
) -> None:
    """`what`: READ on a page of ours, or FETCHED as a file. `is_person` False: a browser fetched it in advance."""
    with transaction.atomic():
        readings.note(by=user.actor, at=at, target=document, what=what, environment=environment)
        if (
            is_person
            and user.may(Capability.WORK, environment)
            and document.role == Document.Role.FEEDBACK
            and document.transmission_id
        ):
            row = Transmission.objects.select_related("dialog").get(pk=document.transmission_id)
            _read(row, user, at)
            _have_it_told(row, user, at)


def letter_opened(*, letter: Transmission, user: User, at: datetime) -> None:
    """The page of a letter. Without a document the page is the letter, and opening it is to open the letter."""
    if not user.may(Capability.WORK, letter.dialog.environment):
        return
    if letter.read_at is not None and not _may_be_told(letter):
        return
    with transaction.atomic():
        _read(letter, user, at)
        if not letter.attachments.exists():
            _have_it_told(letter, user, at)


def dialog_opened(*, dialog: Dialog, user: User, at: datetime) -> None:
    """The page of a dialog shows the text of its letters: those that nobody has read are opened, as on their own pages."""
    unread = Transmission.objects.letters().unread().filter(dialog=dialog)
    for row in unread.select_related("dialog"):
        letter_opened(letter=row, user=user, at=at)


def dialog_answered(*, dialog: Dialog, by: str, at: datetime) -> None:
    """Whoever begins to answer a dialog has read what it asks. Call it in a transaction."""
    for row in Transmission.objects.letters().filter(dialog=dialog, read_at__isnull=True):
        _mark(row, by, at)


def _read(row: Transmission, user: User, at: datetime) -> None:
    """An answer to a report is no letter."""
    if row.read_at is None and Transmission.objects.letters().filter(pk=row.pk).exists():
        _mark(row, user.actor, at)


def _mark(row: Transmission, by: str, at: datetime) -> None:
    """The first reader of a letter is kept."""
    if Transmission.objects.filter(pk=row.pk, read_at__isnull=True).update(read_at=at, read_by=by):
        ident = str(row.transmission_id)
        record(by=by, at=at, target=row.dialog, what=AuditType.LETTER_READ, transmission=ident)


def _may_be_told(row: Transmission) -> bool:
    """Whether there is something that tells its sender, by its being fetched."""
    known = row.content_reference
    return bool(known) and not known.startswith(MASKED) and row.deleted_at is None


def _have_it_told(row: Transmission, user: User, at: datetime) -> None:
    """Once for each transmission, however often and by however many it is opened."""
    if not _may_be_told(row) or not is_on():
        return
    _row, is_new = Opening.objects.get_or_create(
        transmission=row,
        defaults={"opened_by": user.actor, "opened_at": at, "status_at": at, "next_attempt_at": at},
    )
    if is_new:
        ident = str(row.transmission_id)
        record(by=user.actor, at=at, target=row.dialog, what=AuditType.OPENED_BY_PERSON, transmission=ident)
        enqueue.enqueue_by_name(TASK)


def is_on() -> bool:
    """Whether the vendor wants Skatteetaten to be told."""
    return Vendor.objects.filter(tells_opened=True).exists()
