"""Keyset paging: the same cost on page 1 and page 10 000; filters are kept in the URL.

The cursor of a page is the sort key of its last row, unsigned: it only selects a page, never more rows than allowed.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from django.core.exceptions import ValidationError
from django.db import DataError
from django.db.models import Model, Q, QuerySet
from django.http import QueryDict

SIZE = 50
CURSOR = "after"
LONGEST = 2_000
"""Characters of a cursor: names and times are far shorter."""
T = TypeVar("T")
Shown = TypeVar("Shown")
M = TypeVar("M", bound=Model)


@dataclass(frozen=True)
class Page(Generic[T]):
    rows: list[T]
    next_query: str
    first_query: str
    is_later: bool

    def __iter__(self) -> Iterator[T]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def of(self, row: Callable[[T], Shown]) -> Page[Shown]:
        """The same page, with what the template shows of each row."""
        return Page([row(each) for each in self.rows], self.next_query, self.first_query, self.is_later)


def paginate(rows: QuerySet[M], *, query: QueryDict, order: tuple[str, ...], size: int = SIZE) -> Page[M]:
    """One page of `rows` in `order` (fields, `-` for descending; all the same direction; the last one unique, e.g. pk)."""
    cursor = _decode(query.get(CURSOR, ""), len(order))
    ordered = rows.order_by(*order)
    try:
        fetched = list(ordered.filter(_beyond(order, cursor))[: size + 1] if cursor else ordered[: size + 1])
    except (TypeError, ValueError, ValidationError, DataError):  # an invalid cursor in the URL: show the first page
        cursor, fetched = [], list(ordered[: size + 1])
    shown = fetched[:size]
    more = len(fetched) > size
    return Page(
        rows=shown,
        next_query=_with_cursor(query, _encode(order, shown[-1])) if more else "",
        first_query=_with_cursor(query, ""),
        is_later=bool(cursor),
    )


def _beyond(order: tuple[str, ...], cursor: list[str | int]) -> Q:
    """Rows after `cursor`: (a, b) > (x, y) as a > x or (a = x and b > y), and a >= x so that the index is used."""
    operator = "lt" if order[0].startswith("-") else "gt"
    names = [field.lstrip("-") for field in order]
    condition = Q()
    for depth, name in enumerate(names):
        equal = dict(zip(names[:depth], cursor, strict=False))
        condition |= Q(**equal, **{f"{name}__{operator}": cursor[depth]})
    return Q(**{f"{names[0]}__{operator}e": cursor[0]}) & condition


def _encode(order: tuple[str, ...], row: Model) -> str:
    values = [getattr(row, field.lstrip("-")) for field in order]
    plain = [value.isoformat() if isinstance(value, datetime) else value for value in values]
    return base64.urlsafe_b64encode(json.dumps(plain).encode()).decode().rstrip("=")


def _decode(text: str, length: int) -> list[str | int]:
    if len(text) > LONGEST:
        return []
    try:
        values = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (ValueError, RecursionError):
        return []
    is_cursor = isinstance(values, list) and len(values) == length and all(isinstance(v, str | int) for v in values)
    return values if is_cursor else []


def _with_cursor(query: QueryDict, cursor: str) -> str:
    changed = query.copy()
    changed.pop(CURSOR, None)
    if cursor:
        changed[CURSOR] = cursor
    return changed.urlencode()
