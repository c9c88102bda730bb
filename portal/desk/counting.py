"""What many selections, of any models, have: counts, newest rows, or rows at all. One statement each, a UNION ALL."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import BigIntegerField, DateTimeField, F, QuerySet, Value
from django.db.models.functions import Cast

from accounts.models import Customer
from portal.core import counting
from portal.core.counting import Over

CUSTOMER = {
    "accounts.Customer": "pk",
    "submissions.Attachment": "transmission__dialog__customer_id",
    "submissions.EventSubscription": "access__customer_id",
    "submissions.PackageCheck": "submission__customer_id",
    "submissions.PollCursor": "access__customer_id",
    "submissions.Transmission": "dialog__customer_id",
}
"""The way to the customer, for models that do not have it as a column."""
MOST = 1_000
"""No selection is counted further: what a person has to do is told as well by "over 1 000"."""
NAME = (
    """(SELECT name FROM accounts_customer WHERE id = CASE WHEN count(one_customer) = 1 THEN min(one_customer) END)"""
)
"""SQL: of the only customer of a selection."""
BY_ITSELF = "SET LOCAL max_parallel_workers_per_gather = 0; SET LOCAL jit = off; "
"""Sent with many selections, each of which counts few rows: to start other processes of PostgreSQL for one of them, or to compile
them all, takes longer than to count. All together they look dear enough for both."""


@dataclass(frozen=True)
class Counted:
    """How many rows, and the oldest `status_at` among them; None without rows, for a model that has no such column, and of more
    rows than were counted.

    `customer`: whom the only row is about, with key and name; None for more rows, and for models that have no customer.
    """

    n: int = 0
    oldest: datetime | None = None
    customer: Customer | None = field(default=None, compare=False)


Row = tuple[str, int, datetime | None, int | None, str | None]


def count_all(selections: Mapping[str, QuerySet[Any]]) -> dict[str, Counted]:
    """The counts by the names of the selections, each up to MOST. One query."""
    counted = {}
    for name, n, oldest, pk, called in _run(*_statement(selections, limit=MOST + 1), first=BY_ITSELF):
        is_more = n > MOST
        counted[name] = Counted(Over(MOST) if is_more else n, None if is_more else oldest, _only(n, pk, called))
    return {name: counted.get(name, Counted()) for name in selections}


def count_whole(selections: Mapping[str, QuerySet[Any]]) -> dict[str, Counted]:
    """All rows of each, however many. One query, or none: large numbers are kept for a minute, so conditions on the time of day are
    to be those of an hour.
    """
    sql, params = _statement(selections, limit=None)
    rows = counting.kept([sql, params], lambda: _run(sql, params), is_large=_has_large)
    counted = {name: Counted(n, oldest, _only(n, pk, called)) for name, n, oldest, pk, called in rows}
    return {name: counted.get(name, Counted()) for name in selections}


def _only(n: int, pk: int | None, name: str | None) -> Customer | None:
    return Customer(pk=pk, name=name or "") if n == 1 and pk is not None else None


def _has_large(rows: list[Row]) -> bool:
    return any(n > counting.LARGE for _name, n, *_rest in rows)


def _statement(selections: Mapping[str, QuerySet[Any]], *, limit: int | None) -> tuple[str, list[Any]]:
    parts: list[str] = []
    params: list[Any] = []
    for name, rows in selections.items():
        try:
            sql, args = _one(rows)[:limit].query.sql_with_params()
        except EmptyResultSet:  # nobody may see any, so Django builds no SQL
            continue
        counted = f"count(*), min(oldest_at), min(one_customer), {NAME} FROM ({sql}) AS selected"
        parts.append(f"SELECT %s, {counted}")
        params += [name, *args]
    return " UNION ALL ".join(parts), params


def _run(sql: str, params: list[Any], *, first: str = "") -> list[Row]:
    """`first`: statements without an answer that are sent in front of it."""
    if not sql:
        return []
    with connection.cursor() as cursor:
        cursor.execute(first + sql, params)
        while cursor.description is None and cursor.nextset():
            pass
        return list(cursor.fetchall())


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


def newest_of_many(rows: QuerySet[Any], path: str) -> datetime | None:
    """The same of one selection of many rows that no index has in this order: known for a minute."""
    moments: QuerySet[Any, Any] = rows.values_list(path, flat=True)[:1]
    found: datetime | None = counting.kept(counting.by_sql(moments), moments.first, is_large=lambda _moment: True)
    return found


def _one(rows: QuerySet[Any]) -> QuerySet[Any, Any]:
    oldest = F("status_at") if _has(rows, "status_at") else Cast(Value(None), DateTimeField())
    path = CUSTOMER.get(rows.model._meta.label, "customer_id" if _has(rows, "customer") else "")
    customer = F(path) if path else Cast(Value(None), BigIntegerField())
    annotated: QuerySet[Any, Any] = rows.order_by().annotate(oldest_at=oldest, one_customer=customer)
    return annotated.values_list("oldest_at", "one_customer")


def _has(rows: QuerySet[Any], name: str) -> bool:
    return any(field.name == name for field in rows.model._meta.concrete_fields)
