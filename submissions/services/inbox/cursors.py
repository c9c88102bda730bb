"""Schedules the polling of system users: which cursors there are, and when each is due."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.core.cache import cache
from django.db.models import Exists, F, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Coalesce, Least

from accounts.models import followed
from portal.core import lease
from portal.core.enqueue import enqueue_by_name
from portal.core.environments import Environment
from portal.core.lease import Hold
from submissions.adapters import HAND_OVERS
from submissions.models import Dialog, PollCursor, Submission
from submissions.services import catalogue
from submissions.services.inbox.reading import Pages
from systemusers.models import Access, ClientRelation, ClientRound

LOOK_TASK, POLL_TASK = "submissions.tasks.look", "submissions.tasks.poll_cursors"
LONGEST_WAIT = timedelta(hours=1)
"""Between two rounds that fail."""
Tier = PollCursor.Tier
INTERVALS: Mapping[str, timedelta] = {
    Tier.LOOKING: timedelta(minutes=5),
    Tier.HOT: timedelta(minutes=15),
    Tier.NORMAL: timedelta(hours=2),
    Tier.QUIET: timedelta(hours=12),
}
"""How often we ask when nothing is awaited."""
LOOKED = timedelta(minutes=10)
"""So long after a person has opened a page about the customer somebody is looking."""
HOT_FOR, NORMAL_FOR = timedelta(days=7), timedelta(days=60)
"""Since the last change."""
DEADLINE = timedelta(days=14)
"""A dialog that must be answered so soon keeps its customer hot."""
OVERLAP_EVERY, OVERLAP = timedelta(hours=6), timedelta(hours=48)
AFTER_RIGHTS = (timedelta(minutes=20), timedelta(minutes=60))
"""Everything is read so long after rights changed: Dialogporten's own caches last 15 to 30 minutes."""
NEARLY = timedelta(minutes=1)
"""A reading that begins so shortly before one of these takes its place."""
FULL_EVERY = timedelta(days=7)
"""How often everything is read, to see which dialogs are gone."""
BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)
"""Before the first dialog."""
BACKFILL = timedelta(days=30)
RECENT = timedelta(days=2)
MOST_LOOKED = 20
"""Accesses of one page."""
AWAITED = [  # how long since delivery, and how often to ask while a verdict is awaited
    (timedelta(minutes=10), timedelta(seconds=15)),
    (timedelta(hours=1), timedelta(minutes=1)),
    (timedelta(days=1), timedelta(minutes=5)),
    (timedelta(days=30), INTERVALS[Tier.HOT]),
]
"""A verdict that has not come after the last of these is awaited no more than any other news."""


def recent(rows: QuerySet[Access], *, at: datetime) -> QuerySet[Access]:
    """Those whose state changed lately: a sweep that runs often reads only this part of an index."""
    return rows.filter(environment__in=list(Environment), status_at__gt=at - RECENT)


def make_cursors(*, at: datetime, everything: bool = False) -> int:
    """A cursor for each usable access that has none; returns how many were made. `everything`: not only recent ones."""
    ready: QuerySet[Access] = Access.objects.filter(status__in=Access.USABLE, system_user__isnull=False)
    ready = ready if everything else recent(ready, at=at)
    own = PollCursor.objects.filter(access=OuterRef("pk"))
    lacking = list(ready.filter(~Exists(own)).order_by("-status_at", "-pk").values_list("pk", flat=True)[:5000])
    PollCursor.objects.bulk_create(
        [
            PollCursor(
                access_id=pk,
                since=at - BACKFILL,
                next_attempt_at=at,
                rights_at=at,
                overlap_at=at + AFTER_RIGHTS[0],
                full_at=at + AFTER_RIGHTS[0],
            )
            for pk in lacking
        ],
        ignore_conflicts=True,
    )
    return len(lacking)


def usable() -> QuerySet[PollCursor]:
    """Cursors of accesses that we can get a token for, with what a round needs."""
    rows = PollCursor.objects.filter(followed("access__customer"), access__status__in=Access.USABLE)
    return rows.select_related("access__customer", "access__profile__system__client", "access__client_round")


def read_again(*, at: datetime, everything: bool = False) -> int:
    """Read everything again of accountants with a client that became a customer since, or that got more rights.

    Their earlier dialogs lie behind the cursor, and so may the first new ones: Dialogporten does not know of a client at once.
    `everything`: also when that was not lately. Returns how many there are.
    """
    since = BEGINNING if everything else at - RECENT
    began = Coalesce(OuterRef("full_began_at"), Value(BEGINNING))
    own = {"access": OuterRef("access")}
    new = Exists(ClientRelation.objects.filter(customer_at__gt=began, **own))
    wider = Exists(ClientRound.objects.filter(widened_at__gt=began, **own))
    changed = set(ClientRelation.objects.filter(customer_at__gt=since).values_list("access", flat=True).distinct())
    changed |= set(ClientRound.objects.filter(widened_at__gt=since).values_list("access", flat=True))
    if not changed:
        return 0
    rows = PollCursor.objects.filter(new | wider, access__in=changed, overlap_from__isnull=True, full_at__gt=at)
    ids = list(rows.order_by("pk").values_list("pk", flat=True)[:1000])
    PollCursor.objects.filter(pk__in=ids).update(overlap_at=at, full_at=at, rights_at=at)
    lease.make_due(PollCursor.objects.filter(pk__in=ids), at=at)
    return len(ids)


def make_all_due(*, access_ids: Iterable[int], at: datetime) -> None:
    """The cursors of these accesses, locked in the order in which the others lock them."""
    rows = PollCursor.objects.filter(access__in=list(access_ids)).order_by("pk").select_for_update()
    ids = list(rows.values_list("pk", flat=True))
    lease.make_due(PollCursor.objects.filter(pk__in=ids), at=at)


def make_due(*, access_id: int, at: datetime) -> bool:
    """Make the cursor of this access due now. False when it has none, or is due already."""
    return bool(lease.make_due(PollCursor.objects.filter(access_id=access_id), at=at))


def note_rights(*, at: datetime, everything: bool = False) -> int:
    """Accesses whose rights became known or changed since: all their dialogs are read twice, when the change has reached
    Dialogporten. What they lay behind the cursor is new to us. `everything`: also when that was not lately.
    """
    since = BEGINNING if everything else at - RECENT
    rows = PollCursor.objects.filter(access__rights_known_at__gt=since, access__status__in=Access.USABLE)
    rows = rows.filter(Q(rights_at__isnull=True) | Q(rights_at__lt=F("access__rights_known_at")))
    changed = list(rows.order_by("pk").select_related("access")[:1000])
    for row in changed:
        row.rights_at = row.access.rights_known_at
        first = max(at, (row.rights_at or at) + AFTER_RIGHTS[0])
        row.full_at = row.overlap_at = min(row.full_at or first, first)
        PollCursor.objects.filter(pk=row.pk).update(
            rights_at=row.rights_at,
            full_at=row.full_at,
            overlap_at=row.overlap_at,
            next_attempt_at=Least("next_attempt_at", Value(row.full_at)),
        )
    return len(changed)


def note_look(accesses: Iterable[int]) -> None:
    """A person has opened a page about a customer of these accesses. A worker notes it; the page writes nothing."""
    for access in list(accesses)[:MOST_LOOKED]:
        if cache.add(f"looked:{access}", 1, INTERVALS[Tier.LOOKING].total_seconds()):
            enqueue_by_name(LOOK_TASK, access=access)


def look(*, access_id: int, at: datetime) -> None:
    """A person looks: ask now, unless that was done a moment ago."""
    row = PollCursor.objects.filter(access=access_id)
    row.update(looked_at=at)
    old = Q(polled_at__isnull=True) | Q(polled_at__lt=at - INTERVALS[Tier.LOOKING])
    if lease.make_due(row.filter(old, failures=0, next_attempt_at__gt=at), at=at):
        enqueue_by_name(POLL_TASK)


def read_last_days(*, access_id: int, at: datetime, everything: bool = False) -> None:
    """Have the last days, or everything, read once more by the next round, which is due now.

    A second reading that is under way is soon done.
    """
    rows = PollCursor.objects.filter(access_id=access_id)
    rows.filter(overlap_from__isnull=True).update(overlap_at=at, **({"full_at": at} if everything else {}))
    lease.make_due(rows, at=at)


def begin_anew(cursor: PollCursor, *, at: datetime) -> None:
    """Other searches than before: their places do not hold. The last days are read at once, everything by a second reading."""
    cursor.tokens, cursor.window, cursor.window_from = [], None, at - OVERLAP
    cursor.overlap_from, cursor.overlap_tokens, cursor.overlap_window = None, [], None
    cursor.overlap_at = cursor.full_at = at


def again_from(cursor: PollCursor, *, at: datetime) -> datetime | None:
    """Where a second reading begins, or goes on; None when none is due. Late commits and new rights appear behind the cursor.

    One that begins notes on the row whether it is of everything.
    """
    if cursor.overlap_from is not None:
        return cursor.overlap_from
    if cursor.overlap_at is None or cursor.overlap_at > at:
        return None
    cursor.overlap_is_full = cursor.full_at is None or cursor.full_at <= at
    return BEGINNING if cursor.overlap_is_full else at - OVERLAP


AGAIN = (
    "overlap_from", "overlap_tokens", "overlap_window", "overlap_is_full", "overlap_at", "full_at", "full_began_at",
)  # fmt: skip


@dataclass(frozen=True)
class Plan:
    """When a second reading is to begin, and what else others write on a cursor while a round is under way."""

    overlap_at: datetime | None
    full_at: datetime | None
    rights_at: datetime | None
    looked_at: datetime | None


def plans(rows: Iterable[PollCursor]) -> dict[int, Plan]:
    """As they are stored, by primary key. The rows are locked."""
    stored = PollCursor.objects.filter(pk__in=[row.pk for row in rows])
    values = stored.values_list("pk", "overlap_at", "full_at", "rights_at", "looked_at")
    return {pk: Plan(*rest) for pk, *rest in values}


def plan_of(row: PollCursor) -> Plan:
    return Plan(row.overlap_at, row.full_at, row.rights_at, row.looked_at)


def after_again(cursor: PollCursor, again: Pages | None, *, before: Plan, now: Plan, at: datetime) -> dict[str, Any]:
    """The columns of the second reading after a round. `again` None: there was none in this round, or it failed.

    `before` and `now`: what was planned when the round began, and what is by now: a reading that was ordered meanwhile is still
    to come. Changes the row too, for those that compare with it.
    """
    cursor.rights_at, cursor.looked_at = now.rights_at, now.looked_at
    if again is not None:
        if cursor.overlap_is_full and cursor.overlap_from is None:
            cursor.full_began_at = at
        if again.has_more:
            cursor.overlap_from, cursor.overlap_window = again.place.since, again.place.window
            cursor.overlap_tokens = list(again.place.tokens)
        else:
            cursor.overlap_from, cursor.overlap_tokens, cursor.overlap_window = None, [], None
            cursor.overlap_at = at + OVERLAP_EVERY
            if cursor.overlap_is_full:
                cursor.full_at = _next_full(cursor, at=at)
            elif cursor.full_at:  # the one of everything is not put off by this one
                cursor.overlap_at = min(cursor.overlap_at, max(cursor.full_at, at))
    if (now.overlap_at, now.full_at) != (before.overlap_at, before.full_at):
        cursor.overlap_at, cursor.full_at = now.overlap_at, now.full_at
    return {name: getattr(cursor, name) for name in AGAIN}


def is_again_due(cursor: PollCursor, *, at: datetime) -> bool:
    """Whether a second reading is not through, or another one is to begin."""
    return cursor.overlap_from is not None or (cursor.overlap_at is not None and cursor.overlap_at <= at)


def _next_full(cursor: PollCursor, *, at: datetime) -> datetime:
    """Weekly; but twice more after a change of rights, which may not have reached everything at first."""
    if cursor.rights_at and cursor.full_began_at:
        for moment in (cursor.rights_at + wait for wait in AFTER_RIGHTS):
            if cursor.full_began_at < moment - NEARLY:
                cursor.overlap_at = max(moment, at)
                return cursor.overlap_at
    return at + FULL_EVERY * spread(cursor, at=at)


def spread(cursor: PollCursor, *, at: datetime) -> float:
    """0.8 to 1.2, another for each cursor and day: what begins together does not stay together."""
    return 0.8 + (zlib.crc32(f"{cursor.pk}:{at.date()}".encode()) % 400) / 1000


@dataclass(frozen=True)
class Pressing:
    """What makes accesses be asked about sooner, by access id: a verdict that is awaited since then, and a deadline that is near."""

    awaited: Mapping[int, datetime]
    deadlines: frozenset[int]


def pressing(holds: Iterable[Hold[PollCursor]], *, at: datetime) -> Pressing:
    ids = [hold.row.access_id for hold in holds]
    near = Dialog.objects.present().filter(access__in=ids, due_at__gte=at, due_at__lt=at + DEADLINE)
    near = near.exclude(status="Completed").order_by()
    return Pressing(awaited(ids), frozenset(near.values_list("access", flat=True).distinct()))


def tier_of(cursor: PollCursor, pressing: Pressing, *, at: datetime) -> str:
    """What decides how often we ask, beside an answer that is awaited."""
    since = pressing.awaited.get(cursor.access_id)
    if since is not None and at - since < AWAITED[-1][0]:
        return Tier.HOT
    if cursor.looked_at and at - cursor.looked_at < LOOKED:
        return Tier.LOOKING
    quiet = at - cursor.changed_at if cursor.changed_at else timedelta.max
    if quiet < HOT_FOR or cursor.access_id in pressing.deadlines:
        return Tier.HOT
    return Tier.NORMAL if quiet < NORMAL_FOR else Tier.QUIET


def next_round(cursor: PollCursor, tier: str, pressing: Pressing, *, at: datetime) -> datetime:
    """Time of the next poll: soon while a verdict is awaited, else by the tier; when everything is to be read, no later."""
    since = pressing.awaited.get(cursor.access_id)
    for age, interval in AWAITED if since is not None else ():
        if at - (since or at) < age:
            return at + interval
    due_at = at + INTERVALS[tier] * spread(cursor, at=at)
    return min(due_at, cursor.full_at) if cursor.full_at and cursor.full_at > at else due_at


def awaited(access_ids: list[int]) -> dict[int, datetime]:
    """The latest delivery whose verdict is still to come in Dialogporten, by access id."""
    waiting = Submission.objects.filter(access_id__in=access_ids, status=Submission.Status.DELIVERED)
    waiting = waiting.exclude(service__in=[one.id for one in catalogue.services() if one.adapter in HAND_OVERS])
    rows = waiting.order_by("delivered_at").values_list("access_id", "delivered_at")
    return {access_id: delivered for access_id, delivered in rows if access_id and delivered}
