"""Notes about a customer: written once, with author and time. The trail says that there was a note, never what it said."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from accounts.models import Customer, CustomerNote
from portal.core.audit import record
from portal.core.audit_events import AuditType
from portal.core.masking import without_identity_numbers

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


def delete_note(*, note: CustomerNote, by: str, administers: bool, at: datetime) -> None:
    """Raises NotYourNote."""
    if not can_delete(note, by=by, administers=administers):
        raise NotYourNote
    with transaction.atomic():
        if CustomerNote.objects.filter(pk=note.pk).delete()[0]:
            customer, length = note.customer, len(note.text)
            record(by=by, at=at, target=customer, what=AuditType.NOTE_DELETED, customer_id=customer.pk, length=length)
