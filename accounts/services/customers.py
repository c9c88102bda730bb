"""Customers: add, edit, find. A number is a customer once in each environment; the database decides who was first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from accounts.models import Customer, Portfolio, Vendor
from accounts.services.orgnr import check_world, read_orgnr
from accounts.services.registry import LookUp
from portal.core.audit import record

FEW = 5000
"""As many as a query can name one by one without being slow for it."""


class AlreadyCustomer(Exception):
    """The number is a customer here already: `customer` is the row."""

    def __init__(self, customer: Customer) -> None:
        super().__init__(f"{customer.orgnr} is customer {customer.pk}")
        self.customer = customer


@dataclass(frozen=True)
class Details:
    """What staff may write about a customer; the number is not among it, as it never changes."""

    name: str
    reference: str = ""
    portfolio: Portfolio | None = None
    language: str = "nb"
    contact_name: str = ""
    contact_email: str = ""
    contact_phone: str = ""
    notes: str = ""

    def as_fields(self) -> dict[str, Any]:
        return dict(self.__dict__)


def called(text: str, *, environment: str) -> Any:
    """Those the words fit: their ids when they are few, looked up once; else a condition, which is quick for many."""
    matching = Customer.objects.filter(environment=environment).matching(text).order_by()
    ids = list(matching.values_list("pk", flat=True)[: FEW + 1])
    return ids if len(ids) <= FEW else matching


def vendor_orgnr() -> str:
    """Our own number, "" before the vendor is set up."""
    return Vendor.objects.values_list("orgnr", flat=True).first() or ""


def readable_orgnr(text: str, *, environment: str) -> str:
    """The number in `text` if it may be a customer in `environment`. Raises BadOrgnr."""
    orgnr = read_orgnr(text)
    check_world(orgnr, environment=environment, vendor_orgnr=vendor_orgnr())
    return orgnr


def add_customer(
    *, environment: str, orgnr: str, details: Details, by: str, at: datetime, found: LookUp | None = None
) -> Customer:
    """A new customer, with what the register said when it was asked.

    Raises BadOrgnr, and AlreadyCustomer also when somebody else was a moment quicker.
    """
    number = readable_orgnr(orgnr, environment=environment)
    registry = {"registry": found.as_json(), "registry_at": at} if found else {}
    try:
        with transaction.atomic():
            customer = Customer.objects.create(environment=environment, orgnr=number, **details.as_fields(), **registry)
            record(by=by, at=at, target=customer, what="added", customer_id=customer.pk, orgnr=number)
    except IntegrityError:
        existing = Customer.objects.filter(environment=environment, orgnr=number).first()
        if existing is None:
            raise
        raise AlreadyCustomer(existing) from None
    return customer


def edit_customer(*, customer: Customer, details: Details, by: str, at: datetime) -> list[str]:
    """Write the details; returns the names of the fields that changed. Their values stay out of the audit trail."""
    with transaction.atomic():
        row = Customer.objects.select_for_update().get(pk=customer.pk)
        changed = [name for name, value in details.as_fields().items() if getattr(row, name) != value]
        if changed:
            for name in changed:
                setattr(row, name, getattr(details, name))
            row.save(update_fields=changed)
            record(by=by, at=at, target=row, what="edited", customer_id=row.pk, fields=changed)
    return changed


def keep_look_up(*, customer: Customer, found: LookUp, by: str, at: datetime) -> None:
    """Store what the register says now."""
    with transaction.atomic():
        Customer.objects.filter(pk=customer.pk).update(registry=found.as_json(), registry_at=at)
        record(by=by, at=at, target=customer, what="looked-up", customer_id=customer.pk, outcome=found.outcome.value)
