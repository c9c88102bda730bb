"""How many rows a list has: exact up to a limit, estimated above it; large counts are kept for a minute."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
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


def number_of(rows: QuerySet[Any]) -> Number:
    """How many `rows` there are. Above MOST it is what the planner of PostgreSQL expects, and at least MOST."""
    few = rows.order_by().values_list(Value(1))[: MOST + 1]
    try:
        sql, params = few.query.sql_with_params()
    except EmptyResultSet:  # the filter is empty, so Django builds no SQL
        return Number(0)

    def count() -> list[int]:
        exact = few.count()
        return [exact, False] if exact <= MOST else [max(MOST, _expected(rows)), True]

    value, is_estimate = kept(sql, params, count, is_large=lambda number: number[0] > LARGE)
    return Number(value, bool(is_estimate))


def _expected(rows: QuerySet[Any]) -> int:
    plan = json.loads(rows.order_by().values_list(Value(1)).explain(format="json"))
    return int(plan[0]["Plan"]["Plan Rows"])


def in_one_row(sql: str, params: Sequence[Any]) -> tuple[int, ...]:
    """The numbers that a statement of several counts answers; () for no row."""

    def count() -> tuple[int, ...]:
        with connection.cursor() as cursor:
            cursor.execute(sql, params)
            row: tuple[int, ...] = cursor.fetchone() or ()
            return row

    return tuple(kept(sql, params, count, is_large=lambda row: max(row, default=0) > LARGE))


def kept(sql: str, params: Any, count: Callable[[], N], *, is_large: Callable[[N], bool]) -> N:
    """The answer of `count`, from the cache when it was large before. What a user may see is part of the statement.

    From the cache a tuple comes as a list: portal.core.cache.
    """
    key = "count:" + hashlib.sha256(repr((sql, params)).encode()).hexdigest()
    known: N | None = cache.get(key)
    if known is not None:
        return known
    number = count()
    if is_large(number):
        cache.set(key, number, KEPT_SECONDS)
    return number
