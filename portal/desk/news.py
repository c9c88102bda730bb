"""What has happened lately with accesses and submissions, for the overview: the newest states among what a person sees."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse

from accounts.models import User
from portal.core.environments import Environment
from submissions.models import Submission
from submissions.services import catalogue
from systemusers.models import Access

SHOWN = 6
R, S = Access.Status, Submission.Status
NOT_NEWS_ACCESS = [R.DRAFT, R.SENT]
NOT_NEWS_SUBMISSION = [S.DRAFT, S.READY, S.QUEUED, S.SENDING, S.CANCELLED]
"""What we do ourselves: nobody needs to be told of it."""


@dataclass(frozen=True)
class Change:
    """One row. `is_new` when it came after the person was here last."""

    at: datetime
    status: str
    label: str
    customer: str
    about: str
    url: str
    is_new: bool


def changes(*, user: User, environment: Environment, since: datetime | None) -> list[Change]:
    """The newest first, SHOWN at most, in two queries. `since` is the log-in before this one; None for the first."""
    found = [*_accesses(user, environment, since), *_submissions(user, environment, since)]
    return sorted(found, key=lambda change: change.at, reverse=True)[:SHOWN]


def _accesses(user: User, environment: Environment, since: datetime | None) -> Iterator[Change]:
    rows = Access.objects.visible_to(user).filter(environment=environment)
    rows = rows.exclude(status__in=NOT_NEWS_ACCESS).select_related("customer", "profile")
    for row in rows.order_by("-status_at")[:SHOWN]:
        yield _change(row, "access", about=row.profile.name, since=since)


def _submissions(user: User, environment: Environment, since: datetime | None) -> Iterator[Change]:
    rows = Submission.objects.visible_to(user).filter(environment=environment)
    rows = rows.exclude(status__in=NOT_NEWS_SUBMISSION).select_related("customer")
    for row in rows.order_by("-status_at")[:SHOWN]:
        yield _change(row, "submission", about=f"{catalogue.name_of(row.service)} {row.year}", since=since)


def _change(row: Access | Submission, page: str, *, about: str, since: datetime | None) -> Change:
    return Change(
        at=row.status_at,
        status=row.status,
        label=row.get_status_display(),
        customer=row.customer.name,
        about=about,
        url=reverse(page, kwargs={"environment": row.environment, "pk": row.pk}),
        is_new=since is not None and row.status_at > since,
    )
