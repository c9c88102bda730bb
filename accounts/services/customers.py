"""Customers: add, edit, find. A number is unique in each environment; a database constraint decides races."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from accounts.models import Customer, Portfolio, User, Vendor
from accounts.services.business_register import LookUp, can_be_known, enhetsregisteret
from accounts.services.customer_notes import add_note
from accounts.services.orgnr import BadOrgnr, check_environment, read_orgnr
from portal.core import counting
from portal.core.audit import record
from portal.core.audit_changes import changes, values_of
from portal.core.audit_events import AuditType
from portal.core.database import keyed
from portal.core.masking import masked
from portal.core.stale import check_unchanged
from portal.gateways.enhetsregisteret import Unit, UnitJson

COLUMNS = ("name", "reference", "portfolio", "language", "contact_name", "contact_email", "contact_phone")
"""What can be edited."""
MASKS = {"contact_name": masked, "contact_email": masked, "contact_phone": masked}
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
    """The first note about a new customer. Later ones are added with `add_note`."""

    def as_fields(self) -> dict[str, Any]:
        """The columns."""
        return {name: value for name, value in self.__dict__.items() if name != "notes"}


def found_ids(text: str, *, user: User, environment: str) -> list[int] | None:
    """The keys of the customers that the user sees and that match `text`; None for more than FEW, which is known for a minute."""
    visible = Customer.objects.visible_to(user).filter(environment=environment)
    rows = visible.matching(text).values_list("pk", flat=True)
    return counting.few_of(lambda: rows, known_by=counting.by_sql(rows), most=FEW)


def customers_found(text: str, *, user: User, environment: str) -> QuerySet[Customer]:
    """The same customers, for `customer__in` of a list in another order."""
    ids = found_ids(text, user=user, environment=environment)
    if ids is not None:
        return keyed(Customer.objects.order_by(), ids)
    return Customer.objects.visible_to(user).filter(environment=environment).matching_each(text).order_by()


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
            edits = changes(old={}, new=details.as_fields(), masks=MASKS)
            what = AuditType.ADDED
            record(by=by, at=at, target=customer, what=what, customer_id=customer.pk, orgnr=number, changes=edits)
            if details.notes:
                add_note(customer=customer, text=details.notes, by=by, at=at)
    except IntegrityError:
        existing = Customer.objects.filter(environment=environment, orgnr=number).first()
        if existing is None:
            raise
        raise AlreadyCustomer(existing) from None
    return customer


def is_readable_orgnr(orgnr: str, *, environment: str) -> bool:
    """Whether `orgnr` is written as it is stored and may be a customer in `environment`."""
    try:
        return readable_orgnr(orgnr, environment=environment) == orgnr
    except BadOrgnr:
        return False


def look_up_new(numbers: set[str], *, environment: str) -> dict[str, Unit]:
    """What the business register says of those that are no customers yet: at most MOST_NUMBERS. Not inside a transaction.

    Raises the gateways' errors.
    """
    known = Customer.objects.filter(environment=environment, orgnr__in=numbers).values_list("orgnr", flat=True)
    missing = sorted(n for n in numbers - set(known) if can_be_known(environment=environment, orgnr=n))
    return {unit.orgnr: unit for unit in enhetsregisteret(environment).units(missing)} if missing else {}


def add_customers(
    *,
    environment: str,
    units: Mapping[str, Unit | None],
    by: str,
    at: datetime,
    names: Mapping[str, str] | None = None,
    portfolio: Portfolio | None = None,
) -> int:
    """Customers of the numbers that are none yet, with what the register says. When it says nothing, they are named as in
    `names`, else by the number.

    For numbers that were checked with `readable_orgnr`. Call it inside a transaction. Returns how many were made.
    """
    known = set(Customer.objects.filter(environment=environment, orgnr__in=units).values_list("orgnr", flat=True))
    rows = [_customer_of(environment, number, unit, at) for number, unit in units.items() if number not in known]
    for row in rows:
        row.portfolio = portfolio
        if row.name == row.orgnr:
            row.name = (names or {}).get(row.orgnr) or row.orgnr
    Customer.objects.bulk_create(rows, ignore_conflicts=True)
    made = Customer.objects.filter(environment=environment, orgnr__in=[row.orgnr for row in rows])
    for row in made:
        edits = changes(old={}, new={"name": row.name})
        record(by=by, at=at, target=row, what=AuditType.ADDED, customer_id=row.pk, orgnr=row.orgnr, changes=edits)
    return len(rows)


def _customer_of(environment: str, orgnr: str, unit: Unit | None, at: datetime) -> Customer:
    if unit is None:
        return Customer(environment=environment, orgnr=orgnr, name=orgnr)
    return Customer(
        environment=environment, orgnr=orgnr, name=(unit.name or orgnr)[:200], language=unit.language,
        business_register=unit.as_json(), business_register_at=at,
    )  # fmt: skip


def edit_customer(*, customer: Customer, details: Details, by: str, at: datetime, seen: str | None = None) -> list[str]:
    """Write the details; returns the names of the fields that changed. Contact data is masked in the audit trail.

    Raises EditedMeanwhile when `seen`, the version of a form, is out of date.
    """
    with transaction.atomic():
        row = Customer.objects.select_for_update(of=("self",)).get(pk=customer.pk)
        check_unchanged(row, Customer(**details.as_fields()), COLUMNS, seen=seen)
        edits = changes(old=values_of(row, details.as_fields()), new=details.as_fields(), masks=MASKS)
        if edits:
            for name in edits:
                setattr(row, name, getattr(details, name))
            row.save(update_fields=list(edits))
            record(by=by, at=at, target=row, what=AuditType.EDITED, customer_id=row.pk, changes=edits)
    return list(edits)


def with_former_name(old: UnitJson, new: UnitJson) -> UnitJson:
    """`new`, with the name that the register had before when it has another one now."""
    before, now = old.get("name", ""), new.get("name", "")
    former = before if before and now and before != now else old.get("former_name", "")
    return {**new, "former_name": former} if former else new


def keep_look_up(*, customer: Customer, lookup: LookUp, by: str, at: datetime) -> None:
    """Store what the register says now."""
    with transaction.atomic():
        row = Customer.objects.select_for_update(of=("self",)).get(pk=customer.pk)
        row.business_register, row.business_register_at = with_former_name(row.business_register, lookup.as_json()), at
        row.save(update_fields=["business_register", "business_register_at"])
        record(
            by=by,
            at=at,
            target=customer,
            what=AuditType.LOOKED_UP,
            customer_id=customer.pk,
            outcome=lookup.outcome.value,
        )
