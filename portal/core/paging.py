"""Keyset paging: the same cost on page 1 and page 10 000, and a filter that lives in the address.

A page's place is the sort key of its last row, signed by nobody: a bad place only gives a wrong page, never a wrong right.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import DataError
from django.db.models import Model, Q, QuerySet
from django.http import QueryDict

SIZE = 50
PLACE = "after"


@dataclass(frozen=True)
class Page:
    rows: list[Any]
    next_query: str
    first_query: str
    is_later: bool

    def __iter__(self) -> Any:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)


def paginate(rows: QuerySet[Any], *, query: QueryDict, order: tuple[str, ...], size: int = SIZE) -> Page:
    """One page of `rows` in `order` (fields, `-` for descending; all the same direction; the last one unique, e.g. pk)."""
    place = _decode(query.get(PLACE, ""), len(order))
    ordered = rows.order_by(*order)
    try:
        found = list(ordered.filter(_beyond(order, place))[: size + 1] if place else ordered[: size + 1])
    except (TypeError, ValueError, ValidationError, DataError):  # somebody edited the address: begin at the beginning
        place, found = [], list(ordered[: size + 1])
    shown = found[:size]
    more = len(found) > size
    return Page(
        rows=shown,
        next_query=_with_place(query, _encode(order, shown[-1])) if more else "",
        first_query=_with_place(query, ""),
        is_later=bool(place),
    )


def _beyond(order: tuple[str, ...], place: list[str | int]) -> Q:
    """Rows that come after `place`: (a, b) > (x, y) as a > x or (a = x and b > y), and a >= x for the index to begin at."""
    operator = "lt" if order[0].startswith("-") else "gt"
    names = [field.lstrip("-") for field in order]
    condition = Q()
    for depth, name in enumerate(names):
        equal = dict(zip(names[:depth], place, strict=False))
        condition |= Q(**equal, **{f"{name}__{operator}": place[depth]})
    return Q(**{f"{names[0]}__{operator}e": place[0]}) & condition


def _encode(order: tuple[str, ...], row: Model) -> str:
    values = [getattr(row, field.lstrip("-")) for field in order]
    plain = [value.isoformat() if isinstance(value, datetime) else value for value in values]
    return base64.urlsafe_b64encode(json.dumps(plain).encode()).decode().rstrip("=")


def _decode(text: str, length: int) -> list[str | int]:
    try:
        values = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except ValueError:
        return []
    is_place = isinstance(values, list) and len(values) == length and all(isinstance(v, str | int) for v in values)
    return values if is_place else []


def _with_place(query: QueryDict, place: str) -> str:
    changed = query.copy()
    changed.pop(PLACE, None)
    if place:
        changed[PLACE] = place
    return changed.urlencode()
