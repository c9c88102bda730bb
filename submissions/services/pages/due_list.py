"""The customers behind the numbers of the deadline board, as their page and its file show them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any

from django.http import QueryDict
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from portal.core.environments import Environment
from portal.core.exports import Field, customer_fields, step_fields
from portal.core.lists import Select
from portal.core.paging import CURSORS
from submissions.services.due.board import Row, Span
from submissions.services.due.calendar import Item
from submissions.services.due.listing import EVERYBODY, LATE_CODE, MISSING_CODE, DueRow
from submissions.services.due.states import LABELS, DueState
from submissions.services.pages.due_board import colour_of, list_url, months, said, with_value


def name_of(code: str) -> str:
    """What the customers of a number have in common."""
    sums = {EVERYBODY: _("Forventet"), MISSING_CODE: _("Ikke levert"), LATE_CODE: _("For sent")}
    return str(sums[code] if code in sums else LABELS[DueState(code)])


def numbers_of(rows: Iterable[Row]) -> dict[str, int]:
    """By the codes of the board's numbers: those of all `rows` together."""
    numbers = dict.fromkeys((EVERYBODY, MISSING_CODE, LATE_CODE, *map(str, DueState)), 0)
    for row in rows:
        sums = {EVERYBODY: row.expected, MISSING_CODE: row.missing, LATE_CODE: row.late}
        for code, number in {**sums, **{str(state): n for state, n in row.numbers.items()}}.items():
            numbers[code] += number
    return numbers


def state_chips(numbers: Mapping[str, int], *, query: QueryDict, chosen: str) -> list[dict[str, Any]]:
    """For `components/chips.html`: every number that is not zero, and the chosen one."""
    first = query.copy()
    for name in CURSORS:
        first.pop(name, None)
    return [
        {
            "label": name_of(code), "count": number, "query": with_value(first, "state", str(code)),
            "is_current": code == chosen,
        }
        for code, number in numbers.items() if number or code == chosen
    ]  # fmt: skip


@dataclass(frozen=True)
class Deadline:
    """Rows of one service and period. `url` leads to all of them."""

    title: str
    day: date | None
    left: str
    colour: str
    url: str
    rows: list[DueRow]


def deadlines(rows: Iterable[DueRow], code: str, *, today: date) -> list[Deadline]:
    """The rows of a page under their deadlines. `code`: of the number that they are behind."""
    return [_deadline(item, list(group), code, today) for item, group in groupby(rows, key=lambda row: row.item)]


def _deadline(item: Item, rows: list[DueRow], code: str, today: date) -> Deadline:
    day, environment = item.day, Environment(rows[0].customer.environment)
    return Deadline(
        title=f"{item.service.name} {item.period.spoken}",
        day=day,
        left=said(day, today) if day else "",
        colour=colour_of(day, today, True),
        url=list_url(item, environment, code),
        rows=rows,
    )


FIELDS = (
    *customer_fields(lambda row: row.customer),
    Field(lazy("Kundenummer"), lambda row: row.customer.reference),
    Field(lazy("Portefølje"), lambda row: row.customer.portfolio or ""),
    Field(lazy("Tjeneste"), lambda row: row.item.service.name),
    Field(lazy("Periode"), lambda row: str(row.item.period)),
    Field(lazy("Siste dag"), lambda row: row.item.day),
    Field(lazy("Tilstand"), lambda row: row.label),
    *step_fields(),
)
"""The columns of the file."""


def months_of(span: Span, *, today: date) -> list[Select]:
    """From which month to which the deadlines are shown, as on the board."""
    options = [(f"{day:%Y-%m}", date_format(day, "F Y")) for day in months(today)]
    return [
        Select("first", _("Frist fra"), options, f"{span.first:%Y-%m}", has_all=False),
        Select("last", _("Frist til og med"), options, f"{span.last:%Y-%m}", has_all=False),
    ]
