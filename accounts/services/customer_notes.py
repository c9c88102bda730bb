"""Notes about a customer: written once, with author and time. The trail says that there was a note, never what it said."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.dateparse import parse_datetime

from accounts.models import Customer, CustomerNote
from portal.core import removed
from portal.core.audit import record
from portal.core.audit_events import AuditType
from portal.core.masking import without_identity_numbers
from portal.core.removed import Removed

LONGEST = 5000
"""Characters of a note."""


class NotYourNote(Exception):
    """Only its author deletes a note; one without an author, an administrator."""


def add_note(*, customer: Customer, text: str, by: str, at: datetime) -> CustomerNote:
    """A national identity number in the text is not stored. Raises ValueError for an empty text."""
    kept = without_identity_numbers(text).strip()[:LONGEST]
    if not kept:
        raise ValueError("a note has a text")
    with transaction.atomic():
        note = CustomerNote.objects.create(customer=customer, author=by, written_at=at, text=kept)
        record(by=by, at=at, target=customer, what=AuditType.NOTE_ADDED, customer_id=customer.pk, length=len(kept))
    return note


def can_delete(note: CustomerNote, *, by: str, administers: bool) -> bool:
    return note.author == by or administers


def delete_note(*, note: CustomerNote, by: str, administers: bool, at: datetime) -> str:
    """The reference by which it is put back; "" when it was gone already. Raises NotYourNote."""
    if not can_delete(note, by=by, administers=administers):
        raise NotYourNote
    customer, length = note.customer, len(note.text)
    written_at = note.written_at.isoformat() if note.written_at else ""
    content = {"pk": note.pk, "author": note.author, "written_at": written_at, "text": note.text}
    with transaction.atomic():
        if not CustomerNote.objects.filter(pk=note.pk).delete()[0]:
            return ""
        record(by=by, at=at, target=customer, what=AuditType.NOTE_DELETED, customer_id=customer.pk, length=length)
        return removed.keep(kind=Removed.Kind.NOTE, about=customer, content=content, by=by, at=at)


def restore_note(*, customer: Customer, reference: str, by: str, at: datetime) -> CustomerNote:
    """As it was, with its author and time. Raises removed.TooLate."""
    with transaction.atomic():
        found = removed.take(kind=Removed.Kind.NOTE, about=customer, reference=reference, by=by, at=at)
        found["written_at"] = parse_datetime(found["written_at"])
        note = CustomerNote.objects.create(customer=customer, **found)
        length = len(note.text)
        record(by=by, at=at, target=customer, what=AuditType.NOTE_ADDED, customer_id=customer.pk, length=length)
    return note
