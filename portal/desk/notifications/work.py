"""The worker's rounds: one row for each person. The mail, what it tells, and the new position are written together, so that a
worker that dies before the commit has done nothing, and one that dies after it has done all.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from accounts.models import NoticeMail, NotificationPlan, User
from portal.core import lease
from portal.core.lease import Hold
from portal.core.outbox.message import OutboxMessage
from portal.core.outbox.put import put
from portal.desk.notifications.choosing import next_digest
from portal.desk.notifications.compose import compose
from portal.desk.notifications.news import News, codes_at_once, codes_of_digest, find_news, floor, remember

TASK = "portal.tasks.tell_staff"
BATCH = 20
EVERY = timedelta(seconds=20)
"""Between two looks for what is told at once."""
GATHER = timedelta(minutes=1)
"""What happens within it comes in one mail."""
MANY = 5
"""So many at once may be the beginning of a flood: the mail waits until it is over."""
CALM = timedelta(minutes=5)
LONGEST = timedelta(hours=1)
"""No event waits longer for its mail, whatever comes after it."""
PAUSE = timedelta(minutes=10)
"""Between two mails that are sent at once."""
Kind = NoticeMail.Kind


@dataclass(frozen=True)
class Step:
    """What is told now, by which kind of mail ("" for none), and the columns to write."""

    kind: str
    news: list[News]
    looked_from: datetime
    columns: dict[str, Any]


def tell_due(*, at: datetime) -> int:
    """One batch of the people who are to be looked after. Returns how many were taken. Closed accounts get nothing."""
    rows = NotificationPlan.objects.filter(user__is_active=True)
    return lease.work_batch(rows, tell, task=TASK, at=at, limit=BATCH)


def tell(hold: Hold[NotificationPlan]) -> None:
    """Raises LostRace."""
    with transaction.atomic():
        hold.lock()
        user = User.objects.select_for_update(of=("self",), no_key=True).get(pk=hold.row.user_id)
        step = next_step(hold.row, user, at=hold.now())
        if step.kind and user.is_active:
            _put(hold.row, user, step, at=hold.now())
            step.columns.update(mails=hold.row.mails + 1, last_mail_at=hold.now())
        hold.finish(**step.columns)


def next_step(plan: NotificationPlan, user: User, *, at: datetime) -> Step:
    if plan.digest_at is not None and plan.digest_at <= at:
        return _digest(plan, user, at)
    codes, since = codes_at_once(plan, user), floor(plan.told_to, at)
    news = find_news(user=user, codes=codes, since=since, at=at) if codes else []
    if not news:
        return Step("", [], since, _columns(plan, bool(codes), at, told_to=at, gathering_since=None))
    gathering = min(plan.gathering_since or at, at)
    if _waits(plan, news, gathering, at):
        return Step("", [], since, _columns(plan, True, at, gathering_since=gathering))
    return Step(Kind.AT_ONCE, news, since, _columns(plan, True, at, told_to=at, gathering_since=None))


def _digest(plan: NotificationPlan, user: User, at: datetime) -> Step:
    """Also what waits to be told at once. Without news there is no mail."""
    codes = codes_of_digest(plan) | codes_at_once(plan, user)
    since = min(floor(plan.digest_to, at), floor(plan.told_to, at))
    news = find_news(user=user, codes=codes, since=since, at=at)
    plan.digest_at = next_digest(plan.digest, at=at)
    told = {"digest_at": plan.digest_at, "digest_to": at, "told_to": at, "gathering_since": None}
    return Step(Kind.DIGEST if news else "", news, since, _columns(plan, bool(codes_at_once(plan, user)), at, **told))


def _waits(plan: NotificationPlan, news: list[News], gathering: datetime, at: datetime) -> bool:
    """Whether more is to be gathered before the mail."""
    if at - gathering < GATHER:
        return True
    if at - gathering >= LONGEST:
        return False
    if plan.last_mail_at is not None and timedelta() <= at - plan.last_mail_at < PAUSE:
        return True
    return len(news) >= MANY and at - max(one.happened_at for one in news) < CALM


def _columns(plan: NotificationPlan, looks_often: bool, at: datetime, **written: Any) -> dict[str, Any]:
    times = [plan.digest_at] if plan.digest_at else []
    return {**written, "next_attempt_at": min([*times, at + EVERY] if looks_often else times, default=None)}


def _put(plan: NotificationPlan, user: User, step: Step, *, at: datetime) -> None:
    number = plan.mails + 1
    key = f"notice:{user.pk}:{number}"
    payload = compose(user=user, kind=step.kind, news=step.news, at=at)
    NoticeMail.objects.create(
        user=user, kind=step.kind, number=number, key=key, put_at=at, looked_from=step.looked_from, status_at=at
    )
    remember(user=user, news=step.news, at=at)
    put(kind=OutboxMessage.Kind.MAIL, key=key, address=user.email, payload=payload, at=at)
