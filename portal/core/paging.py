"""Keyset paging: the same cost on page 1 and page 10 000; filters are kept in the URL.

The cursor of a page is the sort key of its last row, unsigned: it only selects a page, never more rows than allowed.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Generic, TypeVar

from django.core.exceptions import ValidationError
from django.db import DataError
from django.db.models import Model, Q, QuerySet
from django.http import QueryDict

SIZE = 50
AFTER, BEFORE = "after", "before"
CURSORS = (AFTER, BEFORE)
"""Parameters of the address: the page follows that row, or ends before it."""
LONGEST = 2_000
"""Characters of a cursor: names and times are far shorter."""
T = TypeVar("T")
Shown = TypeVar("Shown")
M = TypeVar("M", bound=Model)
Cursor = list[str | int]
"""The values of one row, in the order of a list; [] for the beginning."""
Fetch = Callable[[tuple[str, ...], Cursor, int], list[T]]
"""Of an order, a cursor and a size: the rows beyond the cursor, one more than the size."""


@dataclass(frozen=True)
class Page(Generic[T]):
    """`next_query` and `previous_query` are "" where there is no such page."""

    rows: list[T]
    next_query: str
    first_query: str
    is_later: bool
    previous_query: str = ""

    @classmethod
    def of_all(cls, rows: list[T]) -> Page[T]:
        """The only page."""
        return cls(rows, next_query="", first_query="", is_later=False)

    def __iter__(self) -> Iterator[T]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def of(self, row: Callable[[T], Shown]) -> Page[Shown]:
        """The same page, with what the template shows of each row."""
        return self.showing([row(each) for each in self.rows])

    def showing(self, rows: list[Shown]) -> Page[Shown]:
        """The same page with `rows` in place of the stored ones."""
        return Page(rows, self.next_query, self.first_query, self.is_later, self.previous_query)


def paginate(rows: QuerySet[M], *, query: QueryDict, order: tuple[str, ...], size: int = SIZE) -> Page[M]:
    """One page of `rows` in `order` (fields, `-` for descending; all the same direction; the last one unique, e.g. pk)."""
    return paginate_fetched(partial(_fetch, rows), query=query, order=order, size=size)


def paginate_fetched(fetch: Fetch[T], *, query: QueryDict, order: tuple[str, ...], size: int = SIZE) -> Page[T]:
    """The same of rows that no single query gives."""
    try:
        page = _page_before(fetch, query, order, size) or _page_after(fetch, query, order, size)
    except (TypeError, ValueError, ValidationError, DataError):  # an invalid cursor in the URL: show the first page
        page = None
    return page or _of(query, order, fetch(order, [], size), size=size, is_later=False)


class BadCursor(ValueError):
    """Not a cursor that a page of this order gave."""


def rows_after(rows: QuerySet[M], *, order: tuple[str, ...], after: str, size: int) -> tuple[list[M], str]:
    """The rows behind the cursor `after`, "" for the first ones, and the cursor of the next page, "" for none. Raises BadCursor."""
    cursor = _decode(after, len(order)) if after else []
    if after and not cursor:
        raise BadCursor
    try:
        found = _fetch(rows, order, cursor, size)
    except (TypeError, ValueError, ValidationError, DataError):
        raise BadCursor from None
    shown = found[:size]
    return shown, _encode(order, shown[-1]) if len(found) > size else ""


def _page_after(fetch: Fetch[T], query: QueryDict, order: tuple[str, ...], size: int) -> Page[T] | None:
    """The page behind the cursor; None without one."""
    cursor = _decode(query.get(AFTER, ""), len(order))
    return _of(query, order, fetch(order, cursor, size), size=size, is_later=True) if cursor else None


def _page_before(fetch: Fetch[T], query: QueryDict, order: tuple[str, ...], size: int) -> Page[T] | None:
    """The page before the cursor; None without one, and where a whole page is not left: that is the first page."""
    cursor = _decode(query.get(BEFORE, ""), len(order))
    found = fetch(reversed_order(order), cursor, size) if cursor else []
    if len(found) <= size:
        return None
    shown = found[:size][::-1]
    return _of(query, order, shown, size=size, is_later=True, goes_on=True)


def _fetch(rows: QuerySet[M], order: tuple[str, ...], cursor: Cursor, size: int) -> list[M]:
    """One more than a page."""
    ordered = rows.order_by(*order)
    return list(ordered.filter(beyond(order, cursor))[: size + 1] if cursor else ordered[: size + 1])


def _of(
    query: QueryDict, order: tuple[str, ...], found: list[T], *, size: int, is_later: bool, goes_on: bool = False
) -> Page[T]:
    shown = found[:size]
    goes_on = goes_on or len(found) > size
    return Page(
        rows=shown,
        next_query=changed(query, **{AFTER: _encode(order, shown[-1])}) if goes_on else "",
        first_query=changed(query),
        is_later=is_later,
        previous_query=changed(query, **{BEFORE: _encode(order, shown[0])}) if is_later and shown else "",
    )


def reversed_order(order: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(field[1:] if field.startswith("-") else f"-{field}" for field in order)


def changed(query: QueryDict, **changes: str) -> str:
    """The query with these parameters, from the first page unless they say otherwise; "" takes a parameter away."""
    copy = query.copy()
    for name in (*CURSORS, *changes):
        copy.pop(name, None)
    for name, value in changes.items():
        if value:
            copy[name] = value
    return copy.urlencode()


def beyond(order: tuple[str, ...], cursor: Cursor) -> Q:
    """Rows after `cursor`: (a, b) > (x, y) as a > x or (a = x and b > y), and a >= x so that the index is used."""
    operator = "lt" if order[0].startswith("-") else "gt"
    names = [field.lstrip("-") for field in order]
    condition = Q()
    for depth, name in enumerate(names):
        equal = dict(zip(names[:depth], cursor, strict=False))
        condition |= Q(**equal, **{f"{name}__{operator}": cursor[depth]})
    return Q(**{f"{names[0]}__{operator}e": cursor[0]}) & condition


def _encode(order: tuple[str, ...], row: object) -> str:
    values = [getattr(row, field.lstrip("-")) for field in order]
    plain = [value.isoformat() if isinstance(value, datetime) else value for value in values]
    return base64.urlsafe_b64encode(json.dumps(plain).encode()).decode().rstrip("=")


def _decode(text: str, length: int) -> Cursor:
    if len(text) > LONGEST:
        return []
    try:
        values = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (ValueError, RecursionError):
        return []
    is_cursor = isinstance(values, list) and len(values) == length and all(isinstance(v, str | int) for v in values)
    return values if is_cursor else []
