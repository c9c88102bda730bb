"""The customers behind a number of the board, or behind those of several lines of it, each with one next act."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate, islice
from typing import Any
from urllib.parse import urlencode

from django.db.models import Value
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Customer, CustomerQuerySet
from portal.core.next_step import NextStep, list_of, page_of
from portal.core.paging import Cursor, beyond
from submissions.models import Submission
from submissions.services import catalogue
from submissions.services.due.board import Row
from submissions.services.due.calendar import Item
from submissions.services.due.states import DONE, LABELS, MISSING, DueState, expected, in_states, with_report
from submissions.services.pages.next_step import next_step as step_of_report
from systemusers.models import Access
from systemusers.services.client_relations.ways import Way, ways_to_all
from systemusers.services.next_step import next_step as step_of_access

EVERYBODY, MISSING_CODE, LATE_CODE = "", "missing", "late"
ORDER = ("deadline", "sort_name", "pk")
"""Of the list, as of `paginate`: one deadline after the other, the customers of each by name."""
OPEN = {Access.Status.DRAFT, *Access.OPEN, Access.Status.UNKNOWN}
"""Somebody has the question, or it is being settled."""


@dataclass(frozen=True)
class Section:
    """A number of the board: one service and period, and the states that it counts."""

    item: Item
    states: tuple[DueState, ...]
    number: int

    @property
    def key(self) -> str:
        return key_of(self.item)


def key_of(item: Item) -> str:
    return f"{item.service.id} {item.period}"


@dataclass(frozen=True)
class Found:
    """A customer of a section, how far its report has come, and the key of the report that stands, None without one."""

    customer: Customer
    item: Item
    state: DueState
    report: int | None

    @property
    def deadline(self) -> str:
        return key_of(self.item)

    @property
    def sort_name(self) -> str:
        return str(self.customer.sort_name)

    @property
    def pk(self) -> int:
        return self.customer.pk


@dataclass(frozen=True)
class DueRow:
    """One customer. `report` is the report that stands, None without one."""

    customer: Customer
    item: Item
    state: DueState
    label: str
    step: NextStep
    report: Submission | None


def states_of(code: str, item: Item, *, at: datetime) -> tuple[DueState, ...]:
    """The states that a number of the board counts: one of them, all that are missing, or everybody for "".

    `late` is empty before the last day is past. Raises ValueError for other codes.
    """
    if code == EVERYBODY:
        return tuple(DueState)
    if code == MISSING_CODE:
        return MISSING
    if code == LATE_CODE:
        return MISSING if item.is_late(timezone.localdate(at)) else ()
    return (DueState(code),)


def sections(rows: Iterable[Row], code: str, *, at: datetime) -> list[Section]:
    """The number with this code of each row of the board. Raises ValueError as `states_of`."""
    chosen = [(row, states_of(code, row.item, at=at)) for row in rows]
    return [Section(row.item, states, sum(row.numbers[state] for state in states)) for row, states in chosen]


def find_customers(customers: CustomerQuerySet, item: Item, states: Sequence[DueState]) -> CustomerQuerySet:
    """Those from which the report is expected, in these states, each with the report that stands."""
    rows = with_report(expected(customers, item), item)
    return rows if len(states) == len(DueState) else in_states(rows, item, states)


Part = tuple[CustomerQuerySet, Section]


def find(
    customers: CustomerQuerySet, sections: Sequence[Section], *, order: tuple[str, ...], cursor: Cursor, size: int
) -> list[Found]:
    """As of `paging.Fetch`, in the ORDER or turned around. Two queries at most.

    The numbers of the sections tell which of them the page needs; those with 0 are not asked. Stored numbers may be some minutes old:
    where fewer rows are found, the other sections are asked too. Raises ValueError for a cursor of a section that is not there.
    """
    names, most = order[1:], size + 1
    ordered = list(reversed(sections)) if order[0].startswith("-") else list(sections)
    begun: list[Part] = []
    if cursor:
        key, *rest = cursor
        at = [one.key for one in ordered].index(str(key))
        begun, ordered = [(customers.filter(beyond(names, rest)), ordered[at])], ordered[at + 1 :]
    coming = [one for one in ordered if one.number]
    before = accumulate((one.number for one in coming), initial=0)
    needed = [one for one, n in zip(coming, before, strict=False) if n < most]
    found = _read([*begun, *((customers, one) for one in needed)], names, most)
    others = [(customers, one) for one in coming[len(needed) :]]
    return found if len(found) == most else found + _read(others, names, most - len(found))


def _read(parts: Sequence[Part], order: tuple[str, ...], most: int) -> list[Found]:
    """The rows of the sections, one section after the other. One query with a part for each."""
    if not parts:
        return []
    one, *others = [
        find_customers(customers, section.item, section.states).annotate(section=Value(n)).order_by(*order)[:most]
        for n, (customers, section) in enumerate(parts)
    ]
    rows = one.union(*others, all=True).order_by("section", *order)[:most] if others else one
    return [_found(row, parts[row.section][1].item) for row in rows]


def find_all(customers: CustomerQuerySet, sections: Sequence[Section], *, batch: int) -> Iterator[list[Found]]:
    """All of them in the ORDER, in batches, with their portfolios. Within a transaction."""
    for section in sections:
        if section.number:
            rows = find_customers(customers, section.item, section.states).select_related("portfolio")
            found = (_found(row, section.item) for row in rows.order_by(*ORDER[1:]).iterator(chunk_size=batch))
            while some := list(islice(found, batch)):
                yield some


def _found(customer: Customer, item: Item) -> Found:
    state, report = customer.due_state, customer.report  # type: ignore[attr-defined] # annotated
    return Found(customer, item, DueState(state), report)


@dataclass(frozen=True)
class Reader:
    """Who reads the list, and when. `working` as of `heartbeat.is_working`. Who may not work is not led to forms."""

    at: datetime
    working: bool
    may_work: bool


def shown(found: Sequence[Found], *, reader: Reader) -> list[DueRow]:
    """What the list shows of what was found. Three queries at most."""
    standing = Submission.objects.filter(pk__in=[one.report for one in found if one.report])
    reports = {row.pk: row for row in standing.select_related("customer").with_correction()}
    blocked = {one.pk: one.customer for one in found if one.state == DueState.NO_ACCESS}
    ways = ways_to_all(list(blocked.values())) if blocked else {}
    return [
        DueRow(one.customer, one.item, one.state, str(LABELS[one.state]), _step(one, report, ways, reader), report)
        for one in found
        for report in [reports.get(one.report or 0)]
    ]


def _step(one: Found, report: Submission | None, ways: dict[int, list[Way]], reader: Reader) -> NextStep:
    """The way to an access, the act on the report that stands, or to begin one."""
    if one.state == DueState.NO_ACCESS:
        return _towards_access(one.customer, one.item, ways.get(one.pk, []), reader)
    if report is None:
        query = {"customer": one.pk, "service": one.item.service.id, "period": str(one.item.period)}
        return _new(_("Legg inn rapporten"), one.customer, "submission-new", query, reader)
    step = step_of_report(report, at=reader.at, working=reader.working)
    is_led = bool(step.url) or one.state in DONE
    return step if is_led else NextStep(step.text, step.who, page_of(report, "submission"))


def _new(text: str, customer: Customer, name: str, query: dict[str, Any], reader: Reader) -> NextStep:
    """Leads to the form `name` of a new row."""
    url = list_of(customer.environment, name, urlencode(query)) if reader.may_work else ""
    return NextStep(text, _("Dere"), url)


def _towards_access(customer: Customer, item: Item, ways: Iterable[Way], reader: Reader) -> NextStep:
    """The question that is open, when it is about the service; else to ask."""
    own = [way.access for way in ways if not way.is_through_accountant]
    waiting = [access for access in own if access.status in OPEN and catalogue.covers(access, item.service)]
    if waiting:
        step = step_of_access(waiting[0], at=reader.at, working=reader.working)
        return step if step.url else NextStep(step.text, step.who, page_of(waiting[0], "access"))
    ended = [access for access in own if access.status in Access.ENDED and catalogue.covers(access, item.service)]
    if ended:
        text = _("Be om tilgang på nytt: %(state)s") % {"state": ended[0].get_status_display().lower()}
        return NextStep(text, _("Dere"), page_of(ended[0], "access"))
    text = _("Be om tilgang til tjenesten") if own else _("Be om tilgang")
    return _new(text, customer, "access-new", {"customer": customer.pk}, reader)
