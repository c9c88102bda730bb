"""What a person chooses to be told by mail. What happened before they chose is not told."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, time, timedelta

from django.db import transaction

from accounts.models import NotificationPlan, User, usual_at_once
from accounts.services.notifications import FREED
from portal.core.audit import record
from portal.core.audit_changes import changes, values_of
from portal.core.audit_events import AuditType
from portal.core.outbox.quiet_hours import NORWAY
from portal.core.stale import check_unchanged
from portal.core.working_days import is_working_day
from portal.desk.notifications.news import codes_at_once, codes_of_digest, find_news, floor, remember

COLUMNS = ("digest", "at_once")
CLOCK = time(7)
"""When summaries are sent, in Norway."""
MONDAY = 0
D = NotificationPlan.Digest


def plan_of(user: User) -> NotificationPlan:
    """What the person has chosen, or what is usual; then the row is not stored."""
    stored = NotificationPlan.objects.filter(user=user).first()
    return stored or NotificationPlan(user=user, at_once=usual_at_once(user))


def next_digest(digest: str, *, at: datetime) -> datetime | None:
    """The first time for a summary after `at`; None when there are none."""
    if digest == D.NEVER:
        return None
    local = at.astimezone(NORWAY)
    day = local.date() + timedelta(days=local.time() >= CLOCK)
    while not (is_working_day(day) if digest == D.DAILY else day.weekday() == MONDAY):
        day += timedelta(days=1)
    return datetime.combine(day, CLOCK, tzinfo=NORWAY)


def choose(*, plan: NotificationPlan, seen: str | None, by: str, at: datetime) -> None:
    """Store the choices of `plan`. Raises EditedMeanwhile, with `seen` as of `version_of`."""
    with transaction.atomic():
        stored = _locked(plan.user)
        check_unchanged(stored, plan, COLUMNS, seen=seen)
        edits = changes(old=values_of(stored, COLUMNS), new=values_of(plan, COLUMNS))
        before = _covered(stored)
        if stored.digest != plan.digest:
            stored.digest_at = next_digest(plan.digest, at=at)
        stored.digest, stored.at_once = plan.digest, plan.at_once
        _begin(stored, _covered(stored) - before, at)
        stored.next_attempt_at = at if stored.is_wanted and stored.refused_at is None else None
        stored.save(update_fields=[*COLUMNS, "digest_at", "told_to", "digest_to", "gathering_since", "next_attempt_at"])
        NotificationPlan.objects.filter(pk=stored.pk).update(**FREED)
        if edits:
            record(by=by, at=at, target=stored, what=AuditType.EDITED, changes=edits)


def _locked(user: User) -> NotificationPlan:
    NotificationPlan.objects.get_or_create(user=user, defaults={"at_once": usual_at_once(user)})
    return NotificationPlan.objects.select_for_update(of=("self",)).select_related("user").get(user=user)


def _covered(plan: NotificationPlan) -> set[str]:
    return codes_at_once(plan, plan.user) | codes_of_digest(plan)


def _begin(plan: NotificationPlan, codes: Iterable[str], at: datetime) -> None:
    """Of these kinds nothing was told before; what happened until now counts as told."""
    if not codes_at_once(plan, plan.user):
        plan.told_to = plan.gathering_since = None
    if not codes_of_digest(plan):
        plan.digest_to = None
    plan.told_to, plan.digest_to = plan.told_to or at, plan.digest_to or at
    since = min(floor(plan.told_to, at), floor(plan.digest_to, at))
    remember(user=plan.user, news=find_news(user=plan.user, codes=codes, since=since, at=at), at=at)
