"""The customers behind a number of the deadline board, as their page and its file show them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _

from accounts.models import CustomerQuerySet
from portal.core.paging import CURSORS
from portal.core.spreadsheet import as_csv
from submissions.services.due.board import Row
from submissions.services.due.calendar import Item
from submissions.services.due.listing import EVERYBODY, LATE_CODE, MISSING_CODE, Reader, shown
from submissions.services.due.states import LABELS, DueState
from submissions.services.pages.due_board import with_value

BATCH = 1_000
"""Customers whose next acts a file works out at a time."""


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


def as_file(rows: CustomerQuerySet, item: Item, *, reader: Reader) -> bytes:
    """Every customer with its state and next act. Two to four queries for each thousand."""
    header = [
        _("Organisasjonsnummer"), _("Navn"), _("Kundenummer"), _("Portefølje"), _("Tjeneste"), _("Periode"), _("Siste dag"),
        _("Tilstand"), _("Neste steg"), _("Hvem"),
    ]  # fmt: skip
    return as_csv(header, _lines(rows, item, reader))


def _lines(rows: CustomerQuerySet, item: Item, reader: Reader) -> Iterator[list[str]]:
    about = [item.service.name, str(item.period), str(item.day or "")]
    found = rows.iterator(chunk_size=BATCH)
    while batch := list(islice(found, BATCH)):
        for line in shown(batch, item, reader=reader):
            one = line.customer
            who = [one.orgnr, one.name, one.reference, one.portfolio.name if one.portfolio else ""]
            yield [*who, *about, line.label, line.step.text, line.step.who]
