"""The rules of what accounts keeps: notes, contacts of customers that have left, and files with customers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.apps import apps
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce

from accounts.models import Contact, Customer, CustomerImport, CustomerNote, KeyedCall, MailAddress, Proposal
from portal.core.audit import event, record_all
from portal.core.audit_events import AuditType
from portal.core.retention.rule import AT_ONCE, Rule, delete

BUSY = (CustomerImport.Status.STORING, CustomerImport.Status.UNDOING)
NO_CONTACT = {"contact_name": "", "contact_email": "", "contact_phone": "", "test_approver": "", "assignee": None}


def archived(pk: int) -> Q:
    """Rows of this customer, as long as its relation is over."""
    return Q(customer=pk, customer__archived_at__isnull=False)


def _old_notes(before: datetime) -> QuerySet[CustomerNote]:
    return CustomerNote.objects.alias(since=Coalesce("written_at", "customer__created_at")).filter(since__lt=before)


def _delete_notes(notes: Sequence[CustomerNote], by: str, at: datetime) -> set[str]:
    record_all(event(by=by, at=at, target=note, what=AuditType.NOTE_DELETED, length=len(note.text)) for note in notes)
    CustomerNote.objects.filter(pk__in=[note.pk for note in notes]).delete()
    return set()


def _with_contacts(condition: Q) -> QuerySet[Customer]:
    """Archived customers that have somebody's name, address or number."""
    named = ~Q(contact_name="") | ~Q(contact_email="") | ~Q(contact_phone="") | ~Q(test_approver="")
    others = Exists(Contact.objects.filter(customer=OuterRef("pk")))
    addresses = Exists(MailAddress.objects.filter(customer=OuterRef("pk")))
    return Customer.objects.filter(condition, named | others | addresses, archived_at__isnull=False)


def _empty_contacts(customers: Sequence[Customer], by: str, at: datetime) -> set[str]:
    """Names, addresses and numbers go, and the addresses in the copies of mails. The organisation stays."""
    pks = [customer.pk for customer in customers]
    mails = apps.get_model("systemusers", "CustomerMail")._default_manager
    mails.filter(address__customer__in=pks).update(address=None)
    mails.filter(access__customer__in=pks).update(receiver="")
    Contact.objects.filter(customer__in=pks).delete()
    MailAddress.objects.filter(customer__in=pks).delete()
    Customer.tags.through._default_manager.filter(customer__in=pks).delete()
    Customer.objects.filter(pk__in=pks).update(**NO_CONTACT)
    record_all(
        event(by=by, at=at, target=customer, what=AuditType.CONTACTS_DELETED, customer_id=customer.pk)
        for customer in customers
    )
    return set()


def _old_imports(before: datetime) -> QuerySet[CustomerImport]:
    return CustomerImport.objects.filter(touched_at__lt=before).exclude(status__in=BUSY)


def _delete_imports(imports: Sequence[CustomerImport], by: str, at: datetime) -> set[str]:
    record_all(event(by=by, at=at, target=row, what=AuditType.DELETED) for row in imports)
    CustomerImport.objects.filter(pk__in=[row.pk for row in imports]).delete()
    return set()


NOTES = Rule("notes", _old_notes, _delete_notes, of_customer=lambda pk: CustomerNote.objects.filter(archived(pk)))
CONTACTS = Rule(
    "contacts",
    lambda before: _with_contacts(Q(archived_at__lt=before)),
    _empty_contacts,
    of_customer=lambda pk: _with_contacts(Q(pk=pk)),
)
PROPOSALS = Rule(
    "proposals",
    lambda before: Proposal.objects.filter(status_at__lt=before).exclude(status__in=Proposal.STANDING),
    delete,
)
IMPORTS = Rule("imports", _old_imports, _delete_imports, notice=AT_ONCE, batch=10)

KEYED_CALLS = Rule(
    "keyed-calls", lambda before: KeyedCall.objects.filter(begun_at__lt=before), delete, notice=AT_ONCE, batch=1_000
)
"""Answers to calls of the API with a key: so long a system may ask again for what it did not hear."""
