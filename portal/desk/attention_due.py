"""The overview's lines about deadlines: what was not delivered in time, and what is due within days.

The page asks for them after it is shown: they are counted, which the rest of the page does not wait for.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from portal.core.environments import Environment
from portal.core.lease import lasting_problems
from portal.core.next_step import list_of
from portal.desk.counting import Counted
from portal.desk.todo import CONFIGURE, Todo
from submissions.models import DueRound
from submissions.services.due.board import Row, Span, board
from submissions.services.due.listing import LATE_CODE, MISSING_CODE
from submissions.services.pages.due_board import NEAR, list_url, said, short, span_of


def selections(environment: Environment) -> dict[str, QuerySet[Any]]:
    return {"due_rounds": lasting_problems(DueRound.objects.filter(environment=environment))}


def about_counting(environment: Environment, counts: Mapping[str, Counted]) -> list[Todo]:
    """The board of a large vendor that a worker fails to count."""
    text = _("Tallene på fristene kan være gamle. Vi prøver igjen av oss selv.")
    n = counts["due_rounds"].n
    return [Todo(n, _("Fristene lar seg ikke telle"), text, _("Vis"), list_of(environment, "due"), may=CONFIGURE)]


def about_deadlines(user: User, environment: Environment, at: datetime) -> list[Todo]:
    """One line for each service and period from where the board begins, the nearest deadlines last. Six queries at most."""
    today = timezone.localdate(at)
    first = span_of(QueryDict(), today=today).first
    rows = board(user=user, environment=environment, span=Span(first, today + NEAR), at=at).rows
    return [_line(row, environment, at) for row in rows if row.item.day is not None and row.missing]


def _line(row: Row, environment: Environment, at: datetime) -> Todo:
    names = {"service": row.item.service.name, "period": short(row.item.period)}
    day = said(row.item.day, timezone.localdate(at)) if row.item.day else ""
    parts = {"missing": row.missing, "expected": row.expected, "day": day}
    title = _("Ikke levert: %(service)s %(period)s") % names
    if row.is_late:
        text = _("%(missing)s av %(expected)s. Fristen var for %(day)s.") % parts
        return Todo(row.late, title, text, _("Se hvem"), list_url(row.item, environment, LATE_CODE), is_urgent=True)
    text = _("%(missing)s av %(expected)s. Fristen: %(day)s.") % parts
    return Todo(row.missing, title, text, _("Se hvem"), list_url(row.item, environment, MISSING_CODE))
