"""Customers: add, edit, find. A number is unique in each environment; a database constraint decides races."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from accounts.models import Customer, Portfolio, Vendor
from accounts.services.business_register import LookUp
from accounts.services.orgnr import check_environment, read_orgnr
from portal.core.audit import record

FEW = 5000
"""Largest number of ids that a query lists one by one without being slow."""


class AlreadyCustomer(Exception):
    """The number exists in this environment: `customer` is the row."""

    def __init__(self, customer: Customer) -> None:
        super().__init__(f"{customer.orgnr} is customer {customer.pk}")
        self.customer = customer


@dataclass(frozen=True)
class Details:
    """The editable fields of a customer. The number is not one of them: it never changes."""

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


def find_customer_ids(text: str, *, environment: str) -> Any:
    """Customers that match `text`, for `customer__in`: a list of ids up to FEW, else a queryset (faster for many)."""
    matching = Customer.objects.filter(environment=environment).matching(text).order_by()
    ids = list(matching.values_list("pk", flat=True)[: FEW + 1])
    return ids if len(ids) <= FEW else matching


def vendor_orgnr() -> str:
    """Our own number, "" before the vendor is set up."""
    return Vendor.objects.values_list("orgnr", flat=True).first() or ""


def readable_orgnr(text: str, *, environment: str) -> str:
    """The number in `text` if it may be a customer in `environment`. Raises BadOrgnr."""
    orgnr = read_orgnr(text)
    check_environment(orgnr, environment=environment, vendor_orgnr=vendor_orgnr())
    return orgnr


def add_customer(
    *, environment: str, orgnr: str, details: Details, by: str, at: datetime, lookup: LookUp | None = None
) -> Customer:
    """A new customer, with the answer of the register if it was asked.

    Raises BadOrgnr, and AlreadyCustomer (also when a concurrent request stored it first).
    """
    number = readable_orgnr(orgnr, environment=environment)
    from_register = {"business_register": lookup.as_json(), "business_register_at": at} if lookup else {}
    try:
        with transaction.atomic():
            customer = Customer.objects.create(
                environment=environment, orgnr=number, **details.as_fields(), **from_register
            )
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


def keep_look_up(*, customer: Customer, lookup: LookUp, by: str, at: datetime) -> None:
    """Store what the register says now."""
    with transaction.atomic():
        Customer.objects.filter(pk=customer.pk).update(business_register=lookup.as_json(), business_register_at=at)
        record(by=by, at=at, target=customer, what="looked-up", customer_id=customer.pk, outcome=lookup.outcome.value)
