"""What happened that a person has not been told of.

What was told is remembered row by row, so that nothing is told twice. The time of an event only bounds the search: it reaches
back over OVERLAP, as a transaction may be stored after later ones, and the clocks of two workers may differ.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, QuerySet

from accounts.models import Notice, NoticeTold, NotificationPlan, User, notices_for
from accounts.services.notifications import OVERLAP
from portal.core.bulk import insert_rows
from portal.core.environments import Environment
from portal.core.retention import rule
from portal.desk.changed import SOURCES, Source

REACH = timedelta(days=30)
"""What is older is told no more; and letters are looked for so far back, as a letter may get its deadline later."""
MOST = 20_000
"""Of one kind in one mail; the rest is told in the next."""
AT_ONCE = {
    Notice.REJECTED: ("rejected", "failed"),
    Notice.LOST: ("lost",),
    Notice.LETTER: ("letter-due",),
    Notice.CAMPAIGN: ("done",),
}
"""Kinds of change by what a person chooses. Of keys the keys themselves warn, and proposals are told where they are made."""


@dataclass(frozen=True)
class News:
    """One event. `code` is a key of SOURCES."""

    code: str
    environment: str
    row_id: int
    happened_at: datetime


def codes_at_once(plan: NotificationPlan, user: User) -> set[str]:
    """What the role does not allow any more is left out."""
    chosen = [notice for notice in notices_for(user) if notice in plan.at_once]
    return {code for notice in chosen for code in AT_ONCE.get(notice, ())}


def codes_of_digest(plan: NotificationPlan) -> set[str]:
    return set() if plan.digest == NotificationPlan.Digest.NEVER else set(SOURCES)


def floor(told_to: datetime | None, at: datetime) -> datetime:
    """From when on is looked. A `told_to` in the future was written by a clock that went wrong."""
    return max(min(told_to or at, at) - OVERLAP, at - REACH)


def find_news(*, user: User, codes: Iterable[str], since: datetime, at: datetime) -> list[News]:
    """Of the kinds `codes`, in the environments that are on, the gravest kind first. One query for each kind."""
    wanted = set(codes)
    found: dict[tuple[str, int, datetime], News] = {}
    for code, source in SOURCES.items():
        if code in wanted:
            for one in _of_source(code, source, user, since, at):
                found.setdefault((source.model, one.row_id, one.happened_at), one)
    return list(found.values())


def _of_source(code: str, source: Source, user: User, since: datetime, at: datetime) -> list[News]:
    enabled = [environment.value for environment in Environment if environment.is_enabled]
    rows = source.rows(user).filter(**{f"{source.place}__in": enabled})
    told = NoticeTold.objects.filter(
        user=user, model=source.model, row_id=OuterRef("pk"), happened_at=OuterRef(source.change.moment)
    )
    new = source.change.after(rows, at - REACH if source.model == "letter" else since).filter(~Exists(told))
    fields = (source.place, "pk", source.change.moment)
    return [News(code, *values) for values in new.order_by("pk").values_list(*fields)[:MOST]]


def remember(*, user: User, news: Iterable[News], at: datetime) -> None:
    """They are told, or need not be. In the transaction of the mail."""
    rows = [
        NoticeTold(user=user, model=SOURCES[one.code].model, row_id=one.row_id, happened_at=one.happened_at, told_at=at)
        for one in news
    ]
    insert_rows(rows, "user_id", "model", "row_id", "happened_at", "told_at")


def _told_before(before: datetime) -> QuerySet[NoticeTold]:
    return NoticeTold.objects.filter(told_at__lt=before)


TOLD = rule.Rule("told", _told_before, rule.delete, notice=rule.AT_ONCE, batch=2000)
"""What was told so long ago that it cannot be told again: at least twice as long as REACH."""
