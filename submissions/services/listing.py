"""The list of submissions: groups of states for the filter chips, and counting them without reading a million rows."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import Value
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer, User
from portal.environments import Environment
from submissions.models import Submission, SubmissionQuerySet

COUNT_TO = 1000
"""A chip counts this far and then says "more than": the exact number helps nobody and costs a walk through the index."""
S = Submission.Status
_YEAR = re.compile(r"20[0-4]\d")


@dataclass(frozen=True)
class Group:
    """Some states under one name; `code` stands in the address, and in links from elsewhere."""

    code: str
    label: Any
    statuses: tuple[str, ...]


GROUPS = [
    Group("drafts", _("Kladder"), (S.DRAFT, S.READY)),
    Group("moving", _("På vei"), (S.QUEUED, S.SENDING)),
    Group("uncertain", _("Uavklart"), (S.UNCERTAIN,)),
    Group("delivered", _("Levert"), (S.DELIVERED,)),
    Group("accepted", _("Godkjent"), (S.ACCEPTED,)),
    Group("rejected", _("Avvist"), (S.REJECTED,)),
    Group("person", _("Krever en person"), (S.NEEDS_PERSON,)),
    Group("failed", _("Feilet"), (S.FAILED,)),
    Group("cancelled", _("Avbrutt"), (S.CANCELLED,)),
]


def found(*, user: User, environment: Environment, text: str = "") -> SubmissionQuerySet:
    """What `user` may see, narrowed by words about the customer and by an income year, in any order."""
    rows = Submission.objects.visible_to(user).filter(environment=environment)
    years = [word for word in text.split() if _YEAR.fullmatch(word)]
    if len(years) == 1:
        rows, text = rows.filter(year=int(years[0])), " ".join(word for word in text.split() if word != years[0])
    return rows.filter(customer__in=_customers(environment, text)) if text else rows


def in_group(rows: SubmissionQuerySet, code: str) -> SubmissionQuerySet:
    """Those in the states of one group; all of them when no group has that code."""
    statuses = next((group.statuses for group in GROUPS if group.code == code), None)
    return rows.filter(status__in=statuses) if statuses else rows


def _customers(environment: Environment, text: str) -> Any:
    """Those the words fit: their ids when they are few, looked up once; else a condition, which is quick for many."""
    matching = Customer.objects.filter(environment=environment).matching(text)
    ids = list(matching.order_by().values_list("pk", flat=True)[: COUNT_TO + 1])
    return ids if len(ids) <= COUNT_TO else matching


def counts(rows: SubmissionQuerySet) -> dict[str, int]:
    """How many of `rows` are in each group, each counted to COUNT_TO at most, all in one query."""
    parts: list[str] = []
    params: list[Any] = []
    for group in GROUPS:
        few = rows.filter(status__in=group.statuses).order_by().values_list(Value(1))[: COUNT_TO + 1]
        sql, args = few.query.sql_with_params()
        parts.append(f"(SELECT count(*) FROM ({sql}) few)")  # noqa: S608 - Django's own SQL, values as parameters
        params += args
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(parts)}", params)
        return {group.code: number for group, number in zip(GROUPS, cursor.fetchone(), strict=True)}
