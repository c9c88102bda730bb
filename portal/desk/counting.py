"""What many selections, of any models, have: counts, newest rows, or rows at all. One statement each, a UNION ALL."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import BigIntegerField, Count, DateTimeField, F, Min, QuerySet, Value
from django.db.models.functions import Cast

CUSTOMER = {
    "accounts.Customer": "pk",
    "submissions.Attachment": "transmission__dialog__customer_id",
    "submissions.EventSubscription": "access__customer_id",
    "submissions.PackageCheck": "submission__customer_id",
    "submissions.PollCursor": "access__customer_id",
    "submissions.Transmission": "dialog__customer_id",
}
"""The way to the customer, for models that do not have it as a column."""


@dataclass(frozen=True)
class Counted:
    """How many rows, and the oldest `status_at` among them; None without rows, and for a model that has no such column.

    `customer`: the id of the customer whom the only row is about; None for more rows, and for models that have no customer.
    """

    n: int = 0
    oldest: datetime | None = None
    customer: int | None = field(default=None, compare=False)


def count_all(selections: Mapping[str, QuerySet[Any]]) -> dict[str, Counted]:
    """The counts by the names of the selections, of which there is at least one. One query."""
    first, *others = [_one(name, rows) for name, rows in selections.items()]
    counted = {
        name: Counted(n, oldest, customer if n == 1 else None)
        for name, n, oldest, customer in first.union(*others, all=True)
    }
    return {name: counted.get(name, Counted()) for name in selections}


def existing(selections: Mapping[str, QuerySet[Any]]) -> set[str]:
    """The names of the selections that have a row. One query, which looks for one row of each."""
    first, *others = [
        rows.order_by().annotate(selection=Value(name)).values_list("selection", flat=True)[:1]
        for name, rows in selections.items()
    ]
    return set(first.union(*others, all=True))


def newest_of(selections: Mapping[str, tuple[QuerySet[Any], str]]) -> dict[str, datetime]:
    """The moment of the first row of each ordered selection that has one, by its name. One query.

    Each selection comes with the path to the moment, which is never null in its rows.
    """
    first, *others = [
        rows.annotate(selection=Value(name), moment=F(path)).values_list("selection", "moment")[:1]
        for name, (rows, path) in selections.items()
    ]
    return dict(first.union(*others, all=True))


def _one(name: str, rows: QuerySet[Any]) -> QuerySet[Any, Any]:
    oldest = Min(F("status_at")) if _has(rows, "status_at") else Min(Cast(Value(None), DateTimeField()))
    named = rows.order_by().annotate(selection=Value(name)).values("selection")
    path = CUSTOMER.get(rows.model._meta.label, "customer_id" if _has(rows, "customer") else "")
    customer = Min(F(path)) if path else Min(Cast(Value(None), BigIntegerField()))
    counted: QuerySet[Any, Any] = named.annotate(
        counted_rows=Count("pk"), oldest_at=oldest, one_customer=customer
    ).values_list("selection", "counted_rows", "oldest_at", "one_customer")
    return counted


def _has(rows: QuerySet[Any], name: str) -> bool:
    return any(field.name == name for field in rows.model._meta.concrete_fields)
