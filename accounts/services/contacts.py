"""The persons at a customer: added, changed and removed by staff, and which of their addresses a mail goes to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db import IntegrityError, transaction
from django.db.models import F, OuterRef
from django.db.models.functions import JSONObject

from accounts.models import Contact, ContactMail, Customer, CustomerQuerySet, Language, MailAddress
from portal.core import removed
from portal.core.audit import record
from portal.core.audit_events import AuditType
from portal.core.masking import masked
from portal.core.removed import Removed
from portal.core.stale import check_unchanged

FIELDS = ("name", "email", "phone", "language", "mails")
"""What a contact says."""


class SameAddress(ValueError):
    """The customer has a contact with this address."""


@dataclass(frozen=True)
class ContactDetails:
    """What staff write about a contact: at least one of name, address and number."""

    name: str = ""
    email: str = ""
    phone: str = ""
    language: str = ""
    mails: tuple[str, ...] = tuple(ContactMail.values)


@dataclass(frozen=True)
class Receiver:
    email: str
    language: str


@dataclass(frozen=True)
class Reach:
    """To whom a mail about something goes. `has_address`: there is an address, though its person may want no mail."""

    receivers: tuple[Receiver, ...] = ()
    has_address: bool = False


@dataclass(frozen=True)
class ContactRow:
    """A contact on the customer's page. `pk` None: the main contact, who is edited with the customer."""

    pk: int | None
    name: str
    email: str
    phone: str
    language: str
    mails: list[str]
    is_muted: bool
    refused_at: datetime | None


def save_contact(
    *,
    customer: Customer,
    details: ContactDetails,
    by: str,
    at: datetime,
    contact: int = 0,
    seen: str | None = None,
) -> Contact:
    """A new contact, or new details of one (its id). Raises SameAddress, Contact.DoesNotExist, and EditedMeanwhile when `seen`, the
    version of a form, is out of date.
    """
    fields = {**vars(details), "mails": list(details.mails)}
    with transaction.atomic():
        row = customer.contacts.select_for_update().get(pk=contact) if contact else Contact(customer=customer)
        check_unchanged(row, Contact(**fields), FIELDS, seen=seen)
        for name, value in fields.items():
            setattr(row, name, value)
        _save(row)
        what = AuditType.CONTACT_EDITED if contact else AuditType.CONTACT_ADDED
        _record(row, what, by=by, at=at)
    return row


def _save(row: Contact) -> None:
    """Raises SameAddress, also for the address of the main contact."""
    if row.email and row.email.lower() == row.customer.contact_email.lower():
        raise SameAddress
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError:
        raise SameAddress from None


def remove_contact(*, customer: Customer, contact: int, by: str, at: datetime) -> str:
    """The reference by which it is put back; "": it was removed before. That its person wants no mail is still known."""
    with transaction.atomic():
        row = customer.contacts.select_for_update().filter(pk=contact).first()
        if row is None:
            return ""
        _record(row, AuditType.CONTACT_REMOVED, by=by, at=at)
        content = {name: getattr(row, name) for name in ("pk", *FIELDS)}
        row.delete()
        return removed.keep(kind=Removed.Kind.CONTACT, about=customer, content=content, by=by, at=at)


def restore_contact(*, customer: Customer, reference: str, by: str, at: datetime) -> Contact:
    """As it was. Raises removed.TooLate, and SameAddress when another contact has got its address."""
    with transaction.atomic():
        found = removed.take(kind=Removed.Kind.CONTACT, about=customer, reference=reference, by=by, at=at)
        row = Contact(customer=customer, **found)
        _save(row)
        _record(row, AuditType.CONTACT_ADDED, by=by, at=at)
    return row


def _record(row: Contact, what: AuditType, *, by: str, at: datetime) -> None:
    receiver = masked(row.email or row.phone or row.name)
    record(by=by, at=at, target=row.customer, what=what, customer_id=row.customer_id, receiver=receiver)


def with_contacts(rows: CustomerQuerySet) -> CustomerQuerySet:
    """Their contacts, and what became of mails to them, come along in the same query, for `shown`."""
    contact = JSONObject(**{name: F(name) for name in ("pk", *FIELDS)})
    contacts = Contact.objects.filter(customer=OuterRef("pk")).order_by("pk")
    address = JSONObject(**{name: F(name) for name in ("email", "muted_at", "refused_at")})
    addresses = MailAddress.objects.filter(customer=OuterRef("pk")).order_by("pk")
    return rows.annotate(
        contact_rows=ArraySubquery(contacts.values(row=contact)),
        address_rows=ArraySubquery(addresses.values(row=address)),
    )


def shown(customer: Customer) -> list[ContactRow]:
    """The main contact first, when there is one. `customer` comes from `with_contacts`. No query."""
    its: Any = customer
    known = {row["email"]: row for row in its.address_rows}
    main = {"name": customer.contact_name, "email": customer.contact_email, "phone": customer.contact_phone}
    rows: list[dict[str, Any]] = [{"pk": None, "language": "", "mails": [], **main}] if any(main.values()) else []
    return [_row(row, known.get(row["email"].lower(), {})) for row in [*rows, *its.contact_rows]]


def _row(row: dict[str, Any], address: dict[str, Any]) -> ContactRow:
    labels: dict[str, Any] = {**dict(ContactMail.choices), **dict(Language.choices)}
    refused_at = address.get("refused_at")
    return ContactRow(
        pk=row["pk"],
        name=row["name"],
        email=row["email"],
        phone=row["phone"],
        language=str(labels.get(row["language"], "")),
        mails=[str(labels[code]) for code in ContactMail.values if code in row["mails"]],
        is_muted=address.get("muted_at") is not None,
        refused_at=datetime.fromisoformat(refused_at) if refused_at else None,
    )


def reach(customer: Customer, *, mail: str) -> Reach:
    return reach_all([customer], mail=mail)[customer.pk]


def reach_all(customers: Sequence[Customer], *, mail: str) -> dict[int, Reach]:
    """By the id of the customer, to whom a mail of this kind (ContactMail) goes. Two queries.

    Nobody who wants none; an address that refused a mail only when there is no other.
    """
    named: dict[int, dict[str, Receiver]] = {}
    languages = {row.pk: row.language for row in customers}
    for row in customers:
        first = {row.contact_email.lower(): Receiver(row.contact_email, row.language)} if row.contact_email else {}
        named[row.pk] = first
    others = Contact.objects.filter(customer__in=named, mails__contains=[mail]).exclude(email="").order_by("pk")
    for one in others:
        receiver = Receiver(one.email, one.language or languages[one.customer_id])
        named[one.customer_id].setdefault(one.email.lower(), receiver)
    known: dict[int, dict[str, MailAddress]] = {}
    for address in MailAddress.objects.filter(customer__in=named):
        known.setdefault(address.customer_id, {})[address.email] = address
    return {pk: _reach(found, known.get(pk, {})) for pk, found in named.items()}


def _reach(found: dict[str, Receiver], known: dict[str, MailAddress]) -> Reach:
    wanted = {email: one for email, one in found.items() if email not in known or known[email].muted_at is None}
    good = [one for email, one in wanted.items() if email not in known or known[email].refused_at is None]
    return Reach(tuple(good or wanted.values()), bool(found))


def addresses_of(pairs: Iterable[tuple[int, str]]) -> dict[tuple[int, str], MailAddress]:
    """The rows of these addresses, by the customer's id and the address; made where there is none. Two queries."""
    wanted = {(pk, email.lower()) for pk, email in pairs}
    rows = [MailAddress(customer_id=pk, email=email) for pk, email in sorted(wanted)]
    MailAddress.objects.bulk_create(rows, ignore_conflicts=True)
    found = MailAddress.objects.filter(customer__in={pk for pk, _email in wanted})
    return {(row.customer_id, row.email): row for row in found if (row.customer_id, row.email) in wanted}


def mute(*, address: int, customer: Customer, by: str, at: datetime) -> bool:
    """Its person wants no more mail. False when that was known, or the address is none of the customer's."""
    with transaction.atomic():
        row = customer.mail_addresses.select_for_update().filter(pk=address, muted_at=None).first()
        if row is None:
            return False
        customer.mail_addresses.filter(pk=row.pk).update(muted_at=at)
        receiver = masked(row.email)
        record(by=by, at=at, target=customer, what=AuditType.ADDRESS_MUTED, customer_id=customer.pk, receiver=receiver)
    return True
