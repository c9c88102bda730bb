"""The deadline board as its page shows it: days with their rows, the filters, and what is most urgent."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any
from urllib.parse import urlencode

from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.models import User
from accounts.services.portfolio_filter import portfolio_choices
from portal.core.counting import spaced
from portal.core.environments import Environment
from portal.core.formats import spelled_day
from submissions.period import Period, PeriodKind
from submissions.services.catalogue import Local
from submissions.services.due.board import Row, Span
from submissions.services.due.calendar import Item, with_periods
from submissions.services.due.listing import EVERYBODY, LATE_CODE, MISSING_CODE
from submissions.services.due.states import LABELS, DueState

OPEN = "open"
"""Of the filters: with reports that are not delivered."""
SOON = timedelta(days=30)
NEAR = timedelta(days=7)
MONTHS = range(-12, 13)
"""Months from this one that can be chosen."""
BAR = (
    DueState.ACCEPTED, DueState.DELIVERED, DueState.ON_ITS_WAY, DueState.DRAFT, DueState.NO_REPORT, DueState.NO_ACCESS,
    DueState.NEEDS_PERSON, DueState.REJECTED,
)  # fmt: skip
"""The order of the colours in the bar."""
BAD = {DueState.REJECTED, DueState.NEEDS_PERSON}


@dataclass(frozen=True)
class Cell:
    """One number and the list it leads to. `colour` is the state's, "" for sums."""

    label: str
    number: int
    url: str
    colour: str = ""
    is_bad: bool = False


@dataclass(frozen=True)
class Share:
    """A part of the bar, in hundredths of its width."""

    colour: str
    start: float
    width: float


@dataclass(frozen=True)
class ShownRow:
    service: str
    period: str
    url: str
    percent: int
    shares: list[Share]
    cells: list[Cell]


@dataclass(frozen=True)
class Day:
    """The rows of one last day; `totals` when there are several. `doubt`: it is not known whether the day moves."""

    heading: str
    left: str
    colour: str
    doubt: str
    rows: list[ShownRow]
    totals: list[int]


@dataclass(frozen=True)
class Urgent:
    """What is said first: the next deadline with reports that are not delivered."""

    title: str
    text: str
    acts: list[tuple[str, str]]


FILTERS: list[tuple[str, Any, Callable[[Row, date], bool]]] = [
    (OPEN, gettext_lazy("Åpne"), lambda row, today: row.missing > 0),
    ("past", gettext_lazy("Gått ut"), lambda row, today: row.is_late),
    ("soon", gettext_lazy("Neste 30 dager"), lambda row, today: _is_within(row, today, SOON)),
    ("rejected", gettext_lazy("Med avviste"), lambda row, today: row.numbers[DueState.REJECTED] > 0),
]


def _is_within(row: Row, today: date, time: timedelta) -> bool:
    return row.item.day is not None and today <= row.item.day <= today + time


def filtered(rows: Iterable[Row], code: str, *, today: date) -> list[Row]:
    chosen = next((fits for name, _label, fits in FILTERS if name == code), None)
    return [row for row in rows if chosen is None or chosen(row, today)]


def chips(rows: Sequence[Row], *, query: QueryDict, today: date) -> list[dict[str, Any]]:
    """For `components/chips.html`. The rows are at hand, so the numbers are exact."""
    named = [("", _("Alle")), *((code, str(label)) for code, label, _fits in FILTERS)]
    return [
        {
            "label": label, "count": len(filtered(rows, code, today=today)), "query": with_value(query, "show", code),
            "is_current": query.get("show", "") == code,
        }
        for code, label in named
    ]  # fmt: skip


def with_value(query: QueryDict, name: str, value: str) -> str:
    changed = query.copy()
    changed.pop(name, None)
    if value:
        changed[name] = value
    return changed.urlencode()


def span_of(query: QueryDict, *, today: date) -> Span:
    """What the address asks for: from the month before this one to two months after it, unless it says another."""
    first = _month(query.get("first", ""), today) or _later(today, -1)
    last = _month(query.get("last", ""), today) or _later(today, 2)
    return Span(
        first, _later(max(first, last), 1) - timedelta(days=1), query.get("service", ""), query.get("portfolio", "")
    )


def choices(query: QueryDict, span: Span, *, user: User, settings: Local, today: date) -> dict[str, Any]:
    """What the filters offer: (value, name, is chosen). One query."""
    services = [(one.id, one.name, one.id == span.service) for one in with_periods(settings)]
    first, last = (f"{day:%Y-%m}" for day in (span.first, span.last))
    return {
        "portfolios": [(value, name, value == span.portfolio) for value, name in portfolio_choices(user)],
        "services": services,
        "firsts": [(f"{day:%Y-%m}", date_format(day, "F Y"), f"{day:%Y-%m}" == first) for day in months(today)],
        "lasts": [(f"{day:%Y-%m}", date_format(day, "F Y"), f"{day:%Y-%m}" == last) for day in months(today)],
        "show": query.get("show", ""),
    }


def checked(rows: Iterable[Row]) -> date | None:
    """When the oldest of what the calendar says was last read; None when no row has a deadline."""
    return min((row.item.last_day.checked for row in rows if row.item.last_day), default=None)


def months(today: date) -> list[date]:
    """The first days of those that can be chosen."""
    return [_later(today, step) for step in MONTHS]


def _month(text: str, today: date) -> date | None:
    return next((month for month in months(today) if f"{month:%Y-%m}" == text), None)


def _later(day: date, months_on: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months_on, 12)
    return date(year, month + 1, 1)


def days_of(rows: Iterable[Row], *, environment: Environment, portfolio: str, today: date) -> list[Day]:
    """The rows under the days on which they are due; those without a deadline under one heading."""
    return [
        _day(day, list(group), environment, portfolio, today)
        for day, group in groupby(rows, key=lambda row: row.item.day)
    ]


def _day(day: date | None, rows: list[Row], environment: Environment, portfolio: str, today: date) -> Day:
    lasts = [row.item.last_day for row in rows if row.item.last_day]
    doubt = (
        _("Dagen er ingen virkedag. Det er ikke kjent om fristen flyttes.") if any(x.may_move for x in lasts) else ""
    )
    totals = [row_numbers(row) for row in rows] if len(rows) > 1 else []
    return Day(
        heading=spelled_day(day).capitalize() if day else _("Ingen kjent frist"),
        left=said(day, today) if day else "",
        colour=colour_of(day, today, any(row.missing for row in rows)),
        doubt=doubt,
        rows=[_row(row, environment, portfolio) for row in rows],
        totals=[sum(column) for column in zip(*totals, strict=True)],
    )


def said(day: date, today: date) -> str:
    n = abs((day - today).days)
    if day == today:
        return _("i dag")
    if day < today:
        return ngettext("%(n)s dag siden", "%(n)s dager siden", n) % {"n": n}
    return ngettext("%(n)s dag igjen", "%(n)s dager igjen", n) % {"n": n}


def colour_of(day: date | None, today: date, has_missing: bool) -> str:
    if day is None or not has_missing:
        return "neutral"
    if day < today:
        return "danger"
    return "warning" if day <= today + NEAR else "neutral"


def row_numbers(row: Row) -> list[int]:
    """In the order of the columns."""
    return [row.expected, *(row.numbers[state] for state in DueState), row.late]


def headings() -> list[tuple[str, str]]:
    """(label, colour) of the columns with numbers."""
    return [(_("Forventet"), ""), *((str(LABELS[s]), s.value) for s in DueState), (_("For sent"), "")]


def _row(row: Row, environment: Environment, portfolio: str) -> ShownRow:
    codes = [EVERYBODY, *map(str, DueState), LATE_CODE]
    cells = [
        Cell(label, number, list_url(row.item, environment, code, portfolio), colour, number > 0 and _is_bad(code))
        for (label, colour), number, code in zip(headings(), row_numbers(row), codes, strict=True)
    ]
    url = list_url(row.item, environment, EVERYBODY, portfolio)
    return ShownRow(row.item.service.name, short(row.item.period), url, row.percent, _shares(row), cells)


def _is_bad(code: str) -> bool:
    return code == LATE_CODE or code in BAD


def short(period: Period) -> str:
    return date_format(period.start, "N Y") if period.kind == PeriodKind.MONTH else period.spoken


def list_url(item: Item, environment: Environment, code: str, portfolio: str = "") -> str:
    """The customers behind a number."""
    kwargs = {"environment": environment, "service": item.service.id, "period": str(item.period)}
    query = QueryDict(mutable=True)
    query.update({name: value for name, value in (("state", code), ("portfolio", portfolio)) if value})
    return reverse("due-customers", kwargs=kwargs) + (f"?{query.urlencode()}" if query else "")


def _shares(row: Row) -> list[Share]:
    shares, start = [], 0.0
    for state in BAR:
        width = 100 * row.numbers[state] / row.expected
        if width:
            shares.append(Share(state.value, round(start, 2), round(width, 2)))
        start += width
    return shares


def most_urgent(rows: Iterable[Row], *, today: date) -> Row | None:
    """The next deadline that is not over, with the most reports that are not delivered."""
    coming = [row for row in rows if row.missing and row.item.day is not None and not row.is_late]
    return min(coming, key=lambda row: (row.item.day or date.max, -row.missing), default=None)


@dataclass(frozen=True)
class Missing:
    """A deadline with reports that are not delivered: what is missing in words, how many, and the customers by name."""

    text: str
    number: int
    url: str
    is_late: bool


def missing(rows: Iterable[Row], *, environment: Environment, portfolio: str, today: date) -> list[Missing]:
    """Every deadline that is past, and the next one of each service."""
    found, next_of = [], set()
    for row in rows:
        if row.item.day is None or not row.missing or row.item.service.id in next_of:
            continue
        if not row.is_late:
            next_of.add(row.item.service.id)
        url = list_url(row.item, environment, MISSING_CODE, portfolio)
        found.append(Missing(_missing_text(row, row.item.day, today), row.missing, url, row.is_late))
    return found


def everybody(rows: Sequence[Row], *, environment: Environment, query: QueryDict) -> list[tuple[str, str]]:
    """Links to all that are late, and to all that are missing, of the services and days of the board."""
    base = reverse("due-missing", kwargs={"environment": environment})
    kept = {name: query[name] for name in ("portfolio", "service", "first", "last") if query.get(name)}
    late, missing = sum(row.late for row in rows), sum(row.missing for row in rows)
    found = [(_("Alle som er for sent ute (%(n)s)"), late, LATE_CODE)]
    found.append((_("Alle som ikke har levert (%(n)s)"), missing, MISSING_CODE))
    return [
        (text % {"n": spaced(number)}, f"{base}?{urlencode({'state': code, **kept})}")
        for text, number, code in found if number
    ]  # fmt: skip


def _missing_text(row: Row, day: date, today: date) -> str:
    return _("%(service)s %(period)s: %(missing)s av %(expected)s er ikke levert, %(left)s") % {
        "service": row.item.service.name, "period": short(row.item.period), "missing": row.missing,
        "expected": row.expected, "left": said(day, today),
    }  # fmt: skip


def urgent(row: Row, *, environment: Environment, portfolio: str, foreseen: int | None, at: datetime) -> Urgent:
    """In words. `foreseen` is what `board.forecast` says."""
    day = row.item.day or timezone.localdate(at)
    title = _missing_text(row, day, timezone.localdate(at))
    parts = [f"{row.numbers[s]} {LABELS[s]}".lower() for s in DueState if s in _OPEN and row.numbers[s]]
    text = ", ".join(parts).capitalize() + "."
    if foreseen is not None:
        words = _("Fortsetter farten fra de fem siste dagene, er %(n)s av %(expected)s levert til fristen.")
        text += " " + words % {"n": foreseen, "expected": row.expected}
    return Urgent(title, text, _acts(row, environment, portfolio))


_OPEN = [state for state in DueState if state not in (DueState.DELIVERED, DueState.ACCEPTED)]


def _acts(row: Row, environment: Environment, portfolio: str) -> list[tuple[str, str]]:
    blocked = row.numbers[DueState.NO_ACCESS]
    everybody = (_("Vis alle %(n)s") % {"n": row.missing}, list_url(row.item, environment, MISSING_CODE, portfolio))
    if not blocked or blocked == row.missing:
        return [everybody]
    text = ngettext("Vis den ene uten tilgang", "Vis de %(n)s uten tilgang", blocked) % {"n": blocked}
    return [(text, list_url(row.item, environment, DueState.NO_ACCESS, portfolio)), everybody]
