"""The customers behind a number of the board, each with one next act."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Customer, CustomerQuerySet
from portal.core.next_step import NextStep, list_of, page_of
from submissions.models import Submission
from submissions.services import catalogue
from submissions.services.due.calendar import Item
from submissions.services.due.states import DONE, LABELS, MISSING, DueState, expected, in_states, with_report
from submissions.services.pages.next_step import next_step as step_of_report
from systemusers.models import Access
from systemusers.services.client_relations.ways import Way, ways_to_all
from systemusers.services.next_step import next_step as step_of_access

EVERYBODY, MISSING_CODE, LATE_CODE = "", "missing", "late"
OPEN = {Access.Status.DRAFT, *Access.OPEN, Access.Status.UNKNOWN}
"""Somebody has the question, or it is being settled."""


@dataclass(frozen=True)
class DueRow:
    """One customer. `report` is the report that stands, None without one."""

    customer: Customer
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


def find_customers(customers: CustomerQuerySet, item: Item, states: Sequence[DueState]) -> CustomerQuerySet:
    """Those from which the report is expected, in these states, each with the report that stands."""
    rows = with_report(expected(customers, item), item)
    return rows if len(states) == len(DueState) else in_states(rows, item, states)


@dataclass(frozen=True)
class Reader:
    """Who reads the list, and when. `working` as of `heartbeat.is_working`. Who may not work is not led to forms."""

    at: datetime
    working: bool
    may_work: bool


def shown(customers: Sequence[Customer], item: Item, *, reader: Reader) -> list[DueRow]:
    """What the list shows of `customers`, which `find_customers` gave. Three queries at most."""
    keys = [one.report for one in customers if one.report]  # type: ignore[attr-defined] # annotated
    found = Submission.objects.filter(pk__in=keys).select_related("customer").with_correction()
    reports = {row.pk: row for row in found}
    blocked = [one for one in customers if _state(one) == DueState.NO_ACCESS]
    ways = ways_to_all(blocked) if blocked else {}
    rows = []
    for one in customers:
        report, state = reports.get(one.report), _state(one)  # type: ignore[attr-defined] # annotated
        blocking = ways.get(one.pk, []) if state == DueState.NO_ACCESS else None
        step = (
            _towards_access(one, item, blocking, reader) if blocking is not None else _step(one, report, item, reader)
        )
        rows.append(DueRow(one, state, str(LABELS[state]), step, report))
    return rows


def _state(customer: Customer) -> DueState:
    return DueState(customer.due_state)  # type: ignore[attr-defined] # annotated


def _step(customer: Customer, report: Submission | None, item: Item, reader: Reader) -> NextStep:
    """The act on the report that stands, or to begin one."""
    if report is None:
        query = {"customer": customer.pk, "service": item.service.id, "period": str(item.period)}
        return _new(_("Legg inn rapporten"), customer, "submission-new", query, reader)
    step = step_of_report(report, at=reader.at, working=reader.working)
    is_led = bool(step.url) or _state(customer) in DONE
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
