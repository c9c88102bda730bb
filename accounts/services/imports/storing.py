"""Makes and changes the customers of an import that a person has confirmed. A batch of rows is one transaction."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet

from accounts.models import Customer, CustomerImport, CustomerImportRow
from accounts.services.customers import MASKS
from accounts.services.imports import linked
from accounts.services.imports.judging import TEXTS, portfolios_of
from accounts.services.imports.linked import Side
from portal.core.audit import event, record_all
from portal.core.audit_changes import changes
from portal.core.audit_events import AuditType
from portal.core.bulk import write_columns
from portal.core.lease import Hold
from portal.core.masking import masked

BATCH = 1000
V, S = CustomerImportRow.Verdict, CustomerImportRow.State
PRIVATE = {**MASKS, "test_approver": masked}
Rows = list[CustomerImportRow]


def taken(row: CustomerImport) -> QuerySet[CustomerImportRow]:
    """The rows that are taken in when the import is confirmed as it is."""
    return row.rows.filter(verdict__in=[*CustomerImportRow.TAKEN, *row.extra])


def step(hold: Hold[CustomerImport]) -> bool:
    """One batch. False when all is stored. Raises LostRace."""
    try:
        return _step(hold)
    except IntegrityError:  # somebody made one of these customers during the batch: now it is found
        return _step(hold)


def _step(hold: Hold[CustomerImport]) -> bool:
    with transaction.atomic():
        hold.lock()
        batch = list(taken(hold.row).filter(state="").order_by("number")[:BATCH])
        mine = portfolios_of(hold.row.ordered_by, hold.row.environment)
        _make(hold, [row for row in batch if row.verdict != V.CHANGED], mine)
        _change(hold, [row for row in batch if row.verdict == V.CHANGED], mine)
        write_columns(batch, "state", "verdict", "customer_id")
    return bool(batch)


def fields_of(row: CustomerImportRow, portfolio_id: int | None) -> dict[str, Any]:
    """The columns of the customer that a row makes, also the empty ones: the register's name first."""
    fields = {
        **dict.fromkeys(TEXTS, ""),
        **linked.plain(row.values),
        "name": (row.unit.get("name") or row.values.get("name") or row.orgnr)[:200],
    }
    fields.setdefault("portfolio_id", portfolio_id)
    fields.setdefault("assignee_id", None)
    fields.setdefault("language", row.unit.get("language") or "nb")
    return fields


def _leave(row: CustomerImportRow, verdict: str) -> None:
    row.state, row.verdict = S.LEFT, verdict


def _make(hold: Hold[CustomerImport], rows: Rows, mine: frozenset[int] | None) -> None:
    known = set(_customers(hold, Q(orgnr__in=[row.orgnr for row in rows])).values_list("orgnr", flat=True))
    made: list[tuple[CustomerImportRow, Customer]] = []
    for row in rows:
        fields = fields_of(row, hold.row.portfolio_id)
        if row.orgnr in known:
            _leave(row, V.MEANWHILE)
        elif mine is not None and fields["portfolio_id"] not in mine:
            _leave(row, V.NOT_YOURS)
        else:
            made.append((row, _customer(hold.row, row, fields, hold.now())))
    Customer.objects.bulk_create([customer for _row, customer in made])
    for row, customer in made:
        row.state, row.customer_id = S.MADE, customer.pk
    _link(hold, [(customer, row.values) for row, customer in made])
    _record(
        hold,
        AuditType.ADDED,
        [(customer, {}, {**row.values, "name": customer.name}) for row, customer in made],
    )


def _customer(import_row: CustomerImport, row: CustomerImportRow, fields: dict[str, Any], at: datetime) -> Customer:
    looked_up = {"business_register": row.unit, "business_register_at": at} if row.unit else {}
    return Customer(environment=import_row.environment, orgnr=row.orgnr, **fields, **looked_up)


def _change(hold: Hold[CustomerImport], rows: Rows, mine: frozenset[int] | None) -> None:
    """Write what the person was shown. What is no longer as it was shown is left alone."""
    found = {row.pk: row for row in locked(hold, rows)}
    side = linked.had(found, {name for row in rows for name in row.old})
    changed: list[tuple[Customer, dict[str, Any], dict[str, Any]]] = []
    for row in rows:
        customer = found.get(row.customer_id or 0)
        if customer is None or differs(customer, row.old, side):
            _leave(row, V.MEANWHILE)
        elif (
            mine is not None
            and not {customer.portfolio_id, row.values.get("portfolio_id", customer.portfolio_id)} <= mine
        ):
            _leave(row, V.NOT_YOURS)
        else:
            row.state = S.WRITTEN
            changed.append((customer, row.old, {name: row.values[name] for name in row.old}))
    write(hold, changed)


def differs(customer: Customer, values: dict[str, Any], side: Side) -> bool:
    """Whether the customer has something else. `side`: what is linked, for all such fields of the values."""
    return any(
        (side[name].get(customer.pk, []) if name in side else getattr(customer, name)) != value
        for name, value in values.items()
    )


def locked(hold: Hold[CustomerImport], rows: Rows) -> QuerySet[Customer]:
    """The customers of these rows. While they are locked nobody refers to one anew."""
    wanted = Q(pk__in=[row.customer_id for row in rows if row.customer_id])
    return _customers(hold, wanted).select_for_update(of=("self",)).order_by("pk")


def _customers(hold: Hold[CustomerImport], wanted: Q) -> QuerySet[Customer]:
    return Customer.objects.filter(wanted, environment=hold.row.environment)


def write(hold: Hold[CustomerImport], changed: list[tuple[Customer, dict[str, Any], dict[str, Any]]]) -> None:
    """Store the new values of locked customers, and record old and new ones."""
    names = sorted({name for _customer, _old, new in changed for name in linked.plain(new)})
    for customer, _old, new in changed:
        for name, value in linked.plain(new).items():
            setattr(customer, name, value)
    _link(hold, [(customer, new) for customer, _old, new in changed])
    if names:
        write_columns([customer for customer, _old, _new in changed], *names)
    _record(hold, AuditType.EDITED, changed)


def by_whom(hold: Hold[CustomerImport]) -> str:
    return hold.row.ordered_by.actor if hold.row.ordered_by else "task:import_customers"


def _link(hold: Hold[CustomerImport], changed: list[tuple[Customer, dict[str, Any]]]) -> None:
    linked.write(changed, by=by_whom(hold), at=hold.now())


def _record(
    hold: Hold[CustomerImport], what: AuditType, changed: list[tuple[Customer, dict[str, Any], dict[str, Any]]]
) -> None:
    by, at = by_whom(hold), hold.now()
    events = []
    for customer, old, new in changed:
        number = {"orgnr": customer.orgnr} if what == AuditType.ADDED else {}
        edits = changes(old=linked.told(old), new=linked.told(new), masks=PRIVATE)
        if edits or number:
            events.append(
                event(by=by, at=at, target=customer, what=what, customer_id=customer.pk, changes=edits, **number)
            )
    record_all(events)
