"""How many rows a list has: exact up to a limit, estimated above it; large counts are kept for a minute."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from django.core.cache import cache
from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import QuerySet, Value
from django.utils.translation import gettext as _

MOST = 10_000
"""Exact up to here."""
LARGE = 1_000
"""A count above it is kept, since it costs time; a smaller one is always new."""
FEW = 1_000
"""So many rows of a list are found once, whole groups at a time: see `filters.groups_of_few`."""
MANY = "many"
KEPT_SECONDS = 60
N = TypeVar("N")


@dataclass(frozen=True)
class Number:
    value: int
    is_estimate: bool = False


class Over(int):
    """A number of rows of which there are more. It reads so in a text, and counts as one more."""

    def __new__(cls, most: int) -> Over:
        return super().__new__(cls, most + 1)

    def __str__(self) -> str:
        return _("over %(n)s") % {"n": spaced(self - 1)}


def spaced(number: int) -> str:
    """`1248` as `1 248`."""
    return str(number) if isinstance(number, Over) else f"{number:,}".replace(",", "\N{NO-BREAK SPACE}")


def number_of(rows: QuerySet[Any], *, at: datetime | None = None) -> Number:
    """How many `rows` there are. Above MOST it is what the planner of PostgreSQL expects, and at least MOST. `at`: see `kept`."""
    few = rows.order_by().values_list(Value(1))[: MOST + 1]
    try:
        sql, params = few.query.sql_with_params()
    except EmptyResultSet:  # the filter is empty, so Django builds no SQL
        return Number(0)
    return number_counted(kept(sql, params, few.count, is_large=lambda number: number > LARGE, at=at), rows, at=at)


def number_counted(counted: int, rows: QuerySet[Any], *, at: datetime | None = None, most: int | None = None) -> Number:
    """As `number_of`, where the `rows` were counted already, up to `most` + 1, MOST without it."""
    most = MOST if most is None else most
    return Number(counted) if counted <= most else Number(max(most, _expected(rows, at)), is_estimate=True)


def _expected(rows: QuerySet[Any], at: datetime | None) -> int:
    def plan() -> int:
        found = json.loads(rows.order_by().values_list(Value(1)).explain(format="json"))
        return int(found[0]["Plan"]["Plan Rows"])

    sql, params = rows.order_by().values_list(Value(1)).query.sql_with_params()
    return kept(sql, params, plan, is_large=lambda _number: True, at=at)


def in_one_row(
    sql: str, params: Sequence[Any], *, at: datetime | None = None, is_live: bool = False
) -> tuple[int, ...]:
    """The numbers that a statement of several counts answers; () for no row. `at`: see `kept`. `is_live`: never from the cache."""

    def count() -> tuple[int, ...]:
        with connection.cursor() as cursor:
            cursor.execute(sql, params)
            row: tuple[int, ...] = cursor.fetchone() or ()
            return row

    if is_live:
        return count()
    return tuple(kept(sql, params, count, is_large=lambda row: max(row, default=0) > LARGE, at=at))


def counts_of(lists: Sequence[QuerySet[Any]]) -> list[int]:
    """How many rows each has, whatever they are of. One query; never from the cache."""
    parts = [subselect(rows.order_by().values_list(Value(1))) for rows in lists]
    params = [value for _sql, args in parts for value in args]
    return list(in_one_row(f"SELECT {', '.join(sql for sql, _args in parts)}", params, is_live=True))


def subselect(rows: QuerySet[Any, Any]) -> tuple[str, Sequence[Any]]:
    """A part of a statement that counts `rows`, and its values."""
    try:
        sql, args = rows.query.sql_with_params()
    except EmptyResultSet:  # the filter is empty, so Django builds no SQL
        return "0", ()
    return f"(SELECT count(*) FROM ({sql}) few)", args  # noqa: S608 - Django's own SQL, values as parameters


def few_of(rows: QuerySet[Any, Any], *, at: datetime | None = None, most: int | None = None) -> list[Any] | None:
    """All `rows`, which are `values_list()`; None for more than `most`, FEW without it, which is known for a minute. `at`: see `kept`."""
    most = FEW if most is None else most
    few = rows.order_by()[: most + 1]
    try:
        sql, params = few.query.sql_with_params()
    except EmptyResultSet:
        return []

    def found() -> list[Any] | str:
        read = list(few)
        return read if len(read) <= most else MANY

    known = kept(sql, params, found, is_large=lambda read: read == MANY, at=at)
    return known if isinstance(known, list) else None


def total_of(rows: QuerySet[Any]) -> int:
    """All `rows`, however many. A large number is kept: no act is to be bound to it."""
    try:
        sql, params = rows.order_by().values_list(Value(1)).query.sql_with_params()
    except EmptyResultSet:
        return 0
    return kept(sql, params, rows.count, is_large=lambda number: number > LARGE)


def whole(rows: QuerySet[Any, Any], *, of: str | int = "n", at: datetime | None = None, mark: str = "") -> list[Any]:
    """The numbers of a whole vendor: `rows` are `values()` or `values_list()` that group and count, the count is named `of`.

    Kept when one of them is large, under the `mark`, which is another when they are to be counted anew. `at`: see `kept`.
    """
    try:
        sql, params = rows.query.sql_with_params()
    except EmptyResultSet:
        return []
    return kept(
        sql, [*params, mark], lambda: list(rows), is_large=lambda found: any(row[of] > LARGE for row in found), at=at
    )


def kept(
    sql: str, params: Any, count: Callable[[], N], *, is_large: Callable[[N], bool], at: datetime | None = None
) -> N:
    """The answer of `count`, from the cache when it was large before. What a user may see is part of the statement.

    `at`: moments among `params` that were reckoned from it are others at each visit, and the same question. From the cache a
    tuple comes as a list: portal.core.cache.
    """
    known_by = (sql, [_from(at, value) for value in params] if at else params)
    key = "counted:" + hashlib.sha256(repr(known_by).encode()).hexdigest()
    known: N | None = cache.get(key)
    if known is not None:
        return known
    number = count()
    if is_large(number):
        cache.set(key, number, KEPT_SECONDS)
    return number


def _from(at: datetime, value: Any) -> Any:
    """A moment that is whole seconds from `at` was reckoned from it."""
    if not isinstance(value, datetime) or value.microsecond != at.microsecond:
        return value
    return value - at
