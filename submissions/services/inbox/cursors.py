"""Schedules the polling of system users: which cursors there are, and when each is due."""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Coalesce

from accounts.models import followed
from portal.core import lease
from portal.core.environments import Environment
from submissions.adapters import HAND_OVERS
from submissions.models import PollCursor, Submission
from submissions.services import catalogue
from systemusers.models import Access, ClientRelation, ClientRound

LONGEST_WAIT = timedelta(hours=1)
"""Between two rounds that fail."""
HOT, WARM, COLD = timedelta(minutes=15), timedelta(hours=2), timedelta(hours=12)
OVERLAP_EVERY, OVERLAP = timedelta(hours=6), timedelta(hours=48)
FULL_EVERY = timedelta(days=7)
"""How often everything is read, to see which dialogs are gone."""
BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)
"""Before the first dialog."""
BACKFILL = timedelta(days=30)
RECENT = timedelta(days=2)
AWAITED = [  # how long since delivery, and how often to ask while a verdict is awaited
    (timedelta(minutes=10), timedelta(seconds=15)),
    (timedelta(hours=1), timedelta(minutes=1)),
    (timedelta(days=1), timedelta(minutes=5)),
    (timedelta(days=30), HOT),
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
                overlap_at=at + timedelta(minutes=20),
                full_at=at + timedelta(minutes=20),
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

    Their earlier dialogs lie behind the cursor. `everything`: also when that was not lately. Returns how many there are.
    """
    since = BEGINNING if everything else at - RECENT
    began = Coalesce(OuterRef("full_began_at"), Value(BEGINNING))
    own = {"access": OuterRef("access")}
    new = Exists(ClientRelation.objects.filter(customer_at__gt=began, **own))
    wider = Exists(ClientRound.objects.filter(widened_at__gt=began, **own))
    changed = Q(access__in=ClientRelation.objects.filter(customer_at__gt=since).values("access"))
    changed |= Q(access__in=ClientRound.objects.filter(widened_at__gt=since).values("access"))
    rows = PollCursor.objects.filter(changed, new | wider, overlap_from__isnull=True, full_at__gt=at)
    ids = list(rows.order_by("pk").values_list("pk", flat=True)[:1000])
    PollCursor.objects.filter(pk__in=ids).update(overlap_at=at, full_at=at)
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


def again_from(cursor: PollCursor, *, at: datetime) -> datetime | None:
    """Where a second reading begins, or goes on; None when none is due. Late commits and new rights appear behind the cursor."""
    if cursor.overlap_from is not None:
        return cursor.overlap_from
    if cursor.overlap_at is None or cursor.overlap_at > at:
        return None
    return BEGINNING if cursor.full_at is None or cursor.full_at <= at else at - OVERLAP


def is_full(since: datetime | None) -> bool:
    """Whether a second reading is of everything."""
    return since == BEGINNING


def after_again(
    cursor: PollCursor, since: datetime | None, tokens: list[str], *, has_more: bool, at: datetime
) -> dict[str, Any]:
    """The columns of the second reading after a round. `since`: where it began; None: there was none in this round, or it failed.

    Writes `full_began_at` on the row too, for those that compare with it.
    """
    if is_full(since) and cursor.overlap_from is None:
        cursor.full_began_at = at
    is_done = since is not None and not has_more
    return {
        "overlap_from": None if is_done else since or cursor.overlap_from,
        "overlap_tokens": [] if is_done else tokens if since else cursor.overlap_tokens,
        "overlap_at": at + OVERLAP_EVERY if is_done else cursor.overlap_at,
        "full_at": at + FULL_EVERY if is_done and is_full(since) else cursor.full_at,
        "full_began_at": cursor.full_began_at,
    }


def next_round(cursor: PollCursor, *, at: datetime, awaited_since: datetime | None) -> datetime:
    """Time of the next poll: soon while a verdict is awaited, else by the age of the last change, spread by 20 %."""
    if awaited_since is not None:
        for age, interval in AWAITED:
            if at - awaited_since < age:
                return at + interval
    quiet = at - cursor.changed_at if cursor.changed_at else timedelta.max
    interval = HOT if quiet < timedelta(days=7) else WARM if quiet < timedelta(days=60) else COLD
    return at + interval * (0.8 + (zlib.crc32(f"{cursor.pk}:{at.date()}".encode()) % 400) / 1000)


def awaited(access_ids: list[int]) -> dict[int, datetime]:
    """The latest delivery whose verdict is still to come in Dialogporten, by access id."""
    waiting = Submission.objects.filter(access_id__in=access_ids, status=Submission.Status.DELIVERED)
    waiting = waiting.exclude(service__in=[one.id for one in catalogue.services() if one.adapter in HAND_OVERS])
    rows = waiting.order_by("delivered_at").values_list("access_id", "delivered_at")
    return {access_id: delivered for access_id, delivered in rows if access_id and delivered}
