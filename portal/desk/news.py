"""News for the overview: the newest state changes of the accesses and submissions that a user sees, and letters."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef
from django.urls import reverse

from accounts.models import User
from portal.core.environments import Environment
from portal.explain.audit import state_title
from submissions.models import Dialog, Submission, Transmission
from submissions.services import catalogue
from submissions.services.pages import dialogs
from systemusers.models import Access

SHOWN = 6
R, S = Access.Status, Submission.Status
NOT_NEWS_ACCESS = [R.DRAFT, R.SENT]
NOT_NEWS_SUBMISSION = [S.DRAFT, S.READY, S.QUEUED, S.SENDING, S.CANCELLED]
"""States that staff cause themselves; they are no news."""
AMONG = 100
"""So many of the newest dialogs are looked at for letters."""


@dataclass(frozen=True)
class NewsItem:
    """One row. `is_new`: changed since the user's previous visit."""

    at: datetime
    status: str
    label: str
    customer: str
    about: str
    url: str
    is_new: bool


def news(*, user: User, environment: Environment, since: datetime | None) -> list[NewsItem]:
    """The newest first, SHOWN at most, in three queries. `since` is the end of the user's previous visit, None at the first."""
    newest = [
        *_accesses(user, environment, since),
        *_submissions(user, environment, since),
        *_letters(user, environment, since),
    ]
    return sorted(newest, key=lambda item: item.at, reverse=True)[:SHOWN]


def _accesses(user: User, environment: Environment, since: datetime | None) -> Iterator[NewsItem]:
    rows = Access.objects.visible_to(user).current().filter(environment=environment)
    rows = rows.exclude(status__in=NOT_NEWS_ACCESS).select_related("customer", "profile")
    for row in rows.order_by("-status_at")[:SHOWN]:
        yield _item(row, "access", about=row.profile.name, since=since)


def _submissions(user: User, environment: Environment, since: datetime | None) -> Iterator[NewsItem]:
    rows = Submission.objects.visible_to(user).current().filter(environment=environment)
    rows = rows.exclude(status__in=NOT_NEWS_SUBMISSION).select_related("customer")
    for row in rows.order_by("-status_at")[:SHOWN]:
        about = f"{catalogue.name_of(row.service)} {row.period.spoken}".strip()
        yield _item(row, "submission", about=about, since=since)


def _letters(user: User, environment: Environment, since: datetime | None) -> Iterator[NewsItem]:
    """Dialogs that are about no submission of ours: the authority has written. The others are news as submissions."""
    present = Dialog.objects.visible_to(user).current().filter(environment=environment).present()
    newest = present.order_by("-content_updated_at", "-pk").values("pk")[:AMONG]
    ours = Transmission.objects.filter(dialog=OuterRef("pk"), submission__isnull=False)
    sent = Submission.objects.filter(dialog_id=OuterRef("dialog_id"))
    rows = Dialog.objects.filter(~Exists(ours), ~Exists(sent), pk__in=newest).select_related("customer")
    for row in rows.order_by("-content_updated_at", "-pk")[:SHOWN]:
        code, label = dialogs.badge(row)
        url = reverse("dialog", kwargs={"environment": row.environment, "pk": row.pk})
        is_new = since is not None and row.content_updated_at > since
        yield NewsItem(row.content_updated_at, code, label, row.customer.name, row.title, url, is_new)


def _item(row: Access | Submission, page: str, *, about: str, since: datetime | None) -> NewsItem:
    return NewsItem(
        at=row.status_at,
        status=row.status,
        label=state_title(type(row), row.status),
        customer=row.customer.name,
        about=about,
        url=reverse(page, kwargs={"environment": row.environment, "pk": row.pk}),
        is_new=since is not None and row.status_at > since,
    )
