"""The choices beside the search of the list of dialogs, and the rows of the chosen ones. All may be combined."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypedDict

from django.db.models import Exists, OuterRef
from django.http import QueryDict
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.services import customer_filter
from accounts.services.customer_filter import ASSIGNEE, MINE, NOBODY, workers
from accounts.services.portfolio_filter import PARAMETER, in_portfolio
from portal.core.environments import Environment
from portal.core.lists import Select
from portal.core.search import row_id
from submissions.models import DialogQuerySet, Submission, Transmission
from submissions.services import catalogue
from submissions.services.casework import people
from submissions.services.casework.deadlines import Due, due_by
from submissions.services.casework.unread import is_unread
from submissions.services.pages.dialogs import STATUSES

SERVICE, STATUS, DUE, READ, TIED = "service", "status", "due", "read", "tied"
UNREAD, LOOSE, WITH = "unread", "no", "yes"
TIES = (
    Exists(Transmission.objects.filter(dialog=OuterRef("pk"), submission__isnull=False)),
    Exists(Submission.objects.filter(dialog_id=OuterRef("dialog_id"))),
)
"""What shows that a dialog is about a submission of ours."""


class Reader(TypedDict):
    """Who reads, and where."""

    user: User
    environment: Environment


def has_deadline(query: QueryDict) -> bool:
    """Whether all rows of the choices have a deadline."""
    return query.get(DUE, "") in {Due.OVERDUE, Due.WEEK, Due.LATER}


def selects(user: User, query: QueryDict, *, environment: Environment) -> list[Select]:
    """One query."""

    def one(name: str, label: str, options: Sequence[tuple[str, Any]]) -> Select:
        return Select(name, label, options, query.get(name, ""))

    portfolio, assignee, _tag = customer_filter.selects(user, query, environment=environment)
    due = [
        (Due.OVERDUE, _("Fristen er ute")),
        (Due.WEEK, _("Innen 7 dager")),
        (Due.LATER, _("Senere")),
        (Due.NONE, _("Ingen frist")),
    ]
    return [
        portfolio,
        one(SERVICE, _("Tjeneste"), _services()),
        one(STATUS, _("Status"), list(STATUSES.items())),
        one(DUE, _("Frist"), due),
        assignee,
        one(TIED, _("Innsending"), [(LOOSE, _("Uten innsending")), (WITH, _("Med innsending"))]),
        one(READ, _("Lest"), [(UNREAD, _("Bare uleste"))]),
    ]


def _services() -> list[tuple[str, str]]:
    """Services whose dialogs can be told apart, by name."""
    entries = [(entry.id, entry.name) for entry in catalogue.services() if entry.adapter and entry.resource_urns]
    return sorted(entries, key=lambda entry: entry[1])


def narrowed(
    rows: DialogQuerySet,
    query: QueryDict,
    *,
    user: User,
    environment: Environment,
    at: datetime,
    mark: datetime | None = None,
) -> DialogQuerySet:
    """The rows of the chosen ones; a value that is none of a filter chooses all. `mark`: see `is_unread`."""
    rows = in_portfolio(rows, query.get(PARAMETER, ""))
    rows = _of_person(_of_service(rows, query.get(SERVICE, "")), query.get(ASSIGNEE, ""), user, environment)
    if query.get(STATUS, "") in STATUSES:
        rows = rows.filter(status=query[STATUS])
    if (due := query.get(DUE, "")) in list(Due):
        rows = rows.filter(due_by(due, at=at))
    if query.get(READ, "") == UNREAD:
        rows = rows.filter(is_unread(user=user, environment=environment, at=at, mark=mark))
    if query.get(TIED, "") == LOOSE:
        return rows.filter(*(~tie for tie in TIES))  # each by itself, which PostgreSQL does as a join
    return rows.filter(TIES[0] | TIES[1]) if query.get(TIED, "") == WITH else rows


def _of_service(rows: DialogQuerySet, service: str) -> DialogQuerySet:
    entry = next((entry for entry in catalogue.services() if entry.id == service), None)
    return rows.filter(service_resource__in=entry.resource_urns) if entry else rows


def _of_person(rows: DialogQuerySet, chosen: str, user: User, environment: Environment) -> DialogQuerySet:
    if chosen == NOBODY:
        return rows.filter(people.of_nobody(user, environment))
    if chosen == MINE:
        return rows.filter(people.of_user(user, environment))
    number = row_id(chosen)
    person = workers(environment).filter(pk=number).first() if number is not None else None
    return rows if person is None else rows.filter(people.of_user(person, environment))
