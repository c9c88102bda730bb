"""Makes and changes the customers of an import that a person has confirmed. A batch of rows is one transaction."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet

from accounts.models import Customer, CustomerImport, CustomerImportRow
from accounts.services.customers import MASKS
from accounts.services.imports.judging import TEXTS, portfolios_of
from accounts.services.imports.tagging import TAGS, tags_of, write_tags
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
        mine = portfolios_of(hold.row.ordered_by)
        _make(hold, [row for row in batch if row.verdict != V.CHANGED], mine)
        _change(hold, [row for row in batch if row.verdict == V.CHANGED], mine)
        write_columns(batch, "state", "verdict", "customer_id")
    return bool(batch)


def fields_of(row: CustomerImportRow, portfolio_id: int | None) -> dict[str, Any]:
    """The columns of the customer that a row makes, also the empty ones: the register's name first."""
    fields = {
        **dict.fromkeys(TEXTS, ""),
        **{name: value for name, value in row.values.items() if name != TAGS},
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
    write_tags([(customer, row.values[TAGS]) for row, customer in made if row.values.get(TAGS)])
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
    tags = tags_of(found) if any(TAGS in row.old for row in rows) else {}
    changed: list[tuple[Customer, dict[str, Any], dict[str, Any]]] = []
    for row in rows:
        customer = found.get(row.customer_id or 0)
        if customer is None or differs(customer, row.old, tags):
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


def differs(customer: Customer, values: dict[str, Any], tags: dict[int, list[str]]) -> bool:
    """Whether the customer has something else. `tags`: the names by customer."""
    return any(
        (tags.get(customer.pk, []) if name == TAGS else getattr(customer, name)) != value
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
    names = sorted({name for _customer, _old, new in changed for name in new} - {TAGS})
    for customer, _old, new in changed:
        for name in new.keys() - {TAGS}:
            setattr(customer, name, new[name])
    write_tags([(customer, new[TAGS]) for customer, _old, new in changed if TAGS in new])
    if names:
        write_columns([customer for customer, _old, _new in changed], *names)
    _record(hold, AuditType.EDITED, changed)


def _spelled(values: dict[str, Any]) -> dict[str, Any]:
    return {name: ", ".join(value) if name == TAGS else value for name, value in values.items()}


def _record(
    hold: Hold[CustomerImport], what: AuditType, changed: list[tuple[Customer, dict[str, Any], dict[str, Any]]]
) -> None:
    person = hold.row.ordered_by
    by, at = person.actor if person else "task:import_customers", hold.now()
    events = []
    for customer, old, new in changed:
        number = {"orgnr": customer.orgnr} if what == AuditType.ADDED else {}
        edits = changes(old=_spelled(old), new=_spelled(new), masks=PRIVATE)
        events.append(event(by=by, at=at, target=customer, what=what, customer_id=customer.pk, changes=edits, **number))
    record_all(events)
