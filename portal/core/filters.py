"""Filter chips over a list: groups of rows under a name, counted without reading a million of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeVar

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Q, QuerySet, Value
from django.http import QueryDict
from django.utils.translation import gettext as _

from portal.core.paging import PLACE

COUNT_TO = 200
"""A chip counts this far and then says "more than": the exact number helps nobody and costs a walk through the index."""

Rows = TypeVar("Rows", bound=QuerySet[Any])


@dataclass(frozen=True)
class Group:
    """Some rows under one name; `code` stands in the address, `condition` picks the rows."""

    code: str
    label: Any
    condition: Q


def in_group(rows: Rows, groups: list[Group], code: str) -> Rows:
    """Those of one group; all of them when no group has that code."""
    chosen = next((group for group in groups if group.code == code), None)
    return rows.filter(chosen.condition) if chosen else rows


def counts(rows: QuerySet[Any], groups: list[Group]) -> dict[str, int]:
    """How many of `rows` are in each group, each counted to COUNT_TO + 1 at most, all in one query."""
    parts: list[str] = []
    params: list[Any] = []
    for group in groups:
        few = rows.filter(group.condition).order_by().values_list(Value(1))[: COUNT_TO + 1]
        try:
            sql, args = few.query.sql_with_params()
        except EmptyResultSet:  # among no customers there is nothing, which Django knows without asking
            sql, args = "SELECT 1 WHERE false", ()
        parts.append(f"(SELECT count(*) FROM ({sql}) few)")  # noqa: S608 - Django's own SQL, values as parameters
        params += args
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(parts)}", params)
        return {group.code: number for group, number in zip(groups, cursor.fetchone(), strict=True)}


def chips(
    rows: QuerySet[Any], groups: list[Group], *, query: QueryDict, parameter: str, always: tuple[str, ...] = ()
) -> list[dict[str, Any]]:
    """Chips for `components/chips.html`: all, then the groups that hold something, are chosen, or are `always` shown."""
    chosen = query.get(parameter, "")
    found = counts(rows, groups)
    result: list[dict[str, Any]] = [
        {"label": _("Alle"), "count": None, "query": _with(query, parameter, ""), "is_current": not chosen}
    ]
    for group in groups:
        number = found[group.code]
        if number or group.code == chosen or group.code in always:
            more = number > COUNT_TO
            result.append(
                {
                    "label": f"{group.label} {COUNT_TO}+" if more else group.label,
                    "count": None if more else number,
                    "query": _with(query, parameter, group.code),
                    "is_current": group.code == chosen,
                }
            )
    return result


def _with(query: QueryDict, parameter: str, code: str) -> str:
    changed = query.copy()
    for name in (PLACE, parameter):
        changed.pop(name, None)
    if code:
        changed[parameter] = code
    return changed.urlencode()
