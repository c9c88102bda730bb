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


def number_of(rows: QuerySet[Any], *, known_by: Sequence[Any]) -> Number:
    """How many `rows` there are. Above MOST it is what the planner of PostgreSQL expects, and at least MOST. `known_by`: see `kept`."""
    few = rows.order_by().values_list(Value(1))[: MOST + 1]
    return number_counted(kept(known_by, few.count, is_large=lambda number: number > LARGE), rows, known_by=known_by)


def number_counted(counted: int, rows: QuerySet[Any], *, known_by: Sequence[Any], most: int | None = None) -> Number:
    """As `number_of`, where the `rows` were counted already, up to `most` + 1, MOST without it."""
    most = MOST if most is None else most
    return Number(counted) if counted <= most else Number(max(most, _expected(rows, known_by)), is_estimate=True)


def _expected(rows: QuerySet[Any], known_by: Sequence[Any]) -> int:
    def plan() -> int:
        found = json.loads(rows.order_by().values_list(Value(1)).explain(format="json"))
        return int(found[0]["Plan"]["Plan Rows"])

    return kept([*known_by, "expected"], plan, is_large=lambda _number: True)


def has_large(row: Sequence[int]) -> bool:
    """Whether one of the numbers is large."""
    return max(row, default=0) > LARGE


def counts_of(lists: Sequence[QuerySet[Any]], *, most: int | None = None) -> tuple[int, ...]:
    """How many rows each has, whatever they are of; to `most` + 1 where it is given. One query, none without lists; never from the
    cache.
    """
    stop = None if most is None else most + 1
    parts = [_subselect(rows.order_by().values_list(Value(1))[:stop]) for rows in lists]
    if not parts:
        return ()
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {', '.join(sql for sql, _args in parts)}", [one for _sql, args in parts for one in args]
        )
        row: tuple[int, ...] = cursor.fetchone()
    return row


def _subselect(rows: QuerySet[Any, Any]) -> tuple[str, Sequence[Any]]:
    """A part of a statement that counts `rows`, and its values."""
    try:
        sql, args = rows.query.sql_with_params()
    except EmptyResultSet:  # the filter is empty, so Django builds no SQL
        return "0", ()
    return f"(SELECT count(*) FROM ({sql}) few)", args  # noqa: S608 - Django's own SQL, values as parameters


def few_of(
    rows: Callable[[], QuerySet[Any, Any]], *, known_by: Sequence[Any], most: int | None = None
) -> list[Any] | None:
    """All `rows`, which are `values_list()` and asked for when it is not known that they are more than `most`, FEW without it: None
    then, for a minute. `known_by`: see `kept`.
    """
    most = FEW if most is None else most

    def found() -> list[Any] | str:
        read = list(rows().order_by()[: most + 1])
        return read if len(read) <= most else MANY

    known = kept([*known_by, "few", most], found, is_large=lambda read: read == MANY)
    return known if isinstance(known, list) else None


def total_of(rows: QuerySet[Any]) -> int:
    """All `rows`, however many. A large number is kept: no act is to be bound to it."""
    return kept(by_sql(rows.order_by().values_list(Value(1))), rows.count, is_large=lambda number: number > LARGE)


def whole(rows: QuerySet[Any, Any], *, of: str | int = "n", at: datetime | None = None, mark: str = "") -> list[Any]:
    """The numbers of a whole vendor: `rows` are `values()` or `values_list()` that group and count, the count is named `of`.

    Kept when one of them is large, under the `mark`, which is another when they are to be counted anew. `at`: see `by_sql`.
    """
    known_by = [*by_sql(rows, at=at), mark]
    return kept(known_by, lambda: list(rows), is_large=lambda found: any(row[of] > LARGE for row in found))


def kept(known_by: Sequence[Any], count: Callable[[], N], *, is_large: Callable[[N], bool]) -> N:
    """The answer of `count`, from the cache when it was large before.

    `known_by`: plain values that are others for each other question, also for each other sight of whoever asks. That is the
    statement (`by_sql`), or what the statement is made of: to make it takes as long as the rest of a page (`ListPage.question`).
    From the cache a tuple comes as a list: portal.core.cache.
    """
    key = "counted:" + hashlib.sha256(repr(known_by).encode()).hexdigest()
    known: N | None = cache.get(key)
    if known is not None:
        return known
    number = count()
    if is_large(number):
        cache.set(key, number, KEPT_SECONDS)
    return number


def by_sql(rows: QuerySet[Any, Any], *, at: datetime | None = None) -> list[Any]:
    """For `kept`: the statement. What a user may see is part of it.

    `at`: moments in it that were reckoned from there are others at each visit, and the same question.
    """
    try:
        sql, params = rows.query.sql_with_params()
    except EmptyResultSet:  # the filter is empty, so Django makes no SQL, and there is nothing to keep
        return []
    return [sql, [_from(at, value) for value in params] if at else params]


def _from(at: datetime, value: Any) -> Any:
    """A moment that is whole seconds from `at` was reckoned from it."""
    if not isinstance(value, datetime) or value.microsecond != at.microsecond:
        return value
    return value - at
