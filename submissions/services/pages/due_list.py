"""The customers behind a number of the deadline board, as their page and its file show them."""

from __future__ import annotations

from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.core.exports import Field
from portal.core.paging import CURSORS
from submissions.services.due.board import Row
from submissions.services.due.calendar import Item
from submissions.services.due.listing import EVERYBODY, LATE_CODE, MISSING_CODE
from submissions.services.due.states import LABELS, DueState
from submissions.services.pages.due_board import with_value


def name_of(code: str) -> str:
    """What the customers of a number have in common."""
    sums = {EVERYBODY: _("Forventet"), MISSING_CODE: _("Ikke levert"), LATE_CODE: _("For sent")}
    return str(sums[code] if code in sums else LABELS[DueState(code)])


def state_chips(row: Row, *, query: QueryDict) -> list[dict[str, Any]]:
    """For `components/chips.html`: every number of the board's row that is not zero, and the chosen one."""
    numbers: dict[str, int] = {
        EVERYBODY: row.expected,
        MISSING_CODE: row.missing,
        LATE_CODE: row.late,
        **{str(state): n for state, n in row.numbers.items()},
    }
    chosen, first = query.get("state", EVERYBODY), query.copy()
    for name in CURSORS:
        first.pop(name, None)
    return [
        {
            "label": name_of(code), "count": number, "query": with_value(first, "state", str(code)),
            "is_current": code == chosen,
        }
        for code, number in numbers.items() if number or code == chosen
    ]  # fmt: skip


def fields_of(item: Item) -> tuple[Field, ...]:
    """The columns of the file that tell of which report it is, and how far the customer has come."""
    service, period, day = item.service.name, str(item.period), item.day
    return (
        Field(gettext_lazy("Tjeneste"), lambda row: service),
        Field(gettext_lazy("Periode"), lambda row: period),
        Field(gettext_lazy("Siste dag"), lambda row: day),
        Field(gettext_lazy("Tilstand"), lambda row: row.label),
    )
