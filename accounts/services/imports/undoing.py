"""Takes an import back: customers that nobody has used are deleted, and values that nobody has changed are as before.

A customer is used when any row of any app refers to it, or when it is no longer as the import made it.
"""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from accounts.models import Customer, CustomerImport, CustomerImportRow
from accounts.services.imports import linked
from accounts.services.imports.linked import LINKED
from accounts.services.imports.storing import BATCH, Rows, by_whom, differs, fields_of, locked, write
from portal.core.audit import event, record_all
from portal.core.audit_events import AuditType
from portal.core.bulk import write_columns
from portal.core.lease import Hold

S = CustomerImportRow.State
STORED = (S.MADE, S.WRITTEN)


def stored(row: CustomerImport) -> QuerySet[CustomerImportRow]:
    """The rows that an undo is about."""
    return row.rows.filter(state__in=STORED)


def used_of(row: CustomerImport) -> int:
    """How many of the customers that the import made would stay. Looks at all of them."""
    rows = list(row.rows.filter(state=S.MADE))
    customers = {customer.pk: customer for customer in Customer.objects.filter(import_rows__in=rows).distinct()}
    return len(_used(row, rows, customers))


def step(hold: Hold[CustomerImport]) -> bool:
    """One batch. False when all is taken back. Raises LostRace."""
    with transaction.atomic():
        hold.lock()
        batch = list(stored(hold.row).order_by("number")[:BATCH])
        customers = {customer.pk: customer for customer in locked(hold, batch)}
        _unmake(hold, [row for row in batch if row.state == S.MADE], customers)
        _change_back(hold, [row for row in batch if row.state == S.WRITTEN], customers)
        write_columns(batch, "state", "customer_id")
    return bool(batch)


def _unmake(hold: Hold[CustomerImport], rows: Rows, customers: dict[int, Customer]) -> None:
    used = _used(hold.row, rows, customers)
    gone = [customers[row.customer_id] for row in rows if row.customer_id in customers and row.customer_id not in used]
    by, at, what = by_whom(hold), hold.now(), AuditType.DELETED
    record_all([event(by=by, at=at, target=row, what=what, customer_id=row.pk, orgnr=row.orgnr) for row in gone])
    after = [one.forgotten(gone) for one in LINKED]
    Customer.objects.filter(pk__in=[customer.pk for customer in gone]).delete()
    for rest in after:
        rest()
    for row in rows:
        row.state = S.KEPT if row.customer_id in used else S.UNDONE
        row.customer_id = row.customer_id if row.customer_id in used else None


def _used(import_row: CustomerImport, rows: Rows, customers: dict[int, Customer]) -> set[int]:
    ids = list(customers)
    used: set[int] = set().union(*(one.not_imported(ids) for one in LINKED))
    ours = {CustomerImportRow, *(one.model for one in LINKED)}
    for relation in Customer._meta.related_objects:
        if relation.related_model not in ours and (relation.field.many_to_one or relation.field.one_to_one):
            others: Any = relation.related_model._base_manager
            name = relation.field.attname
            used.update(others.filter(**{f"{relation.field.name}__in": ids}).values_list(name, flat=True))
    side = linked.had(ids, [one.field for one in LINKED])
    for row in rows:
        customer = customers.get(row.customer_id or 0)
        made = {**fields_of(row, import_row.portfolio_id), **{name: row.values.get(name, []) for name in side}}
        if customer and differs(customer, made, side):
            used.add(customer.pk)
    return used


def _change_back(hold: Hold[CustomerImport], rows: Rows, customers: dict[int, Customer]) -> None:
    side = linked.had(customers, {name for row in rows for name in row.old})
    back: list[tuple[Customer, dict[str, Any], dict[str, Any]]] = []
    for row in rows:
        customer = customers.get(row.customer_id or 0)
        new = {name: row.values[name] for name in row.old}
        if customer is None or differs(customer, new, side):
            row.state = S.KEPT
        else:
            row.state = S.UNDONE
            back.append((customer, new, row.old))
    write(hold, back)
