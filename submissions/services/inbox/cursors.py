"""Schedules the polling of system users. Cursors are claimed by a lease, so two sweeps may run at once."""

from __future__ import annotations

import zlib
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from submissions.models import PollCursor, Submission
from systemusers.models import Access

LEASE = timedelta(minutes=5)
HOT, WARM, COLD = timedelta(minutes=15), timedelta(hours=2), timedelta(hours=12)
OVERLAP_EVERY, OVERLAP = timedelta(hours=6), timedelta(hours=48)
BACKFILL = timedelta(days=30)
AWAITED = [  # how long since delivery, and how often to ask while a verdict is awaited
    (timedelta(minutes=10), timedelta(seconds=15)),
    (timedelta(hours=1), timedelta(minutes=1)),
    (timedelta(days=1), timedelta(minutes=5)),
]


def make_cursors(*, at: datetime) -> int:
    """A cursor for each usable access that has none; returns how many were made."""
    ready = Access.objects.filter(status__in=Access.USABLE, system_user__isnull=False)
    lacking = list(ready.filter(cursor__isnull=True).values_list("pk", flat=True)[:5000])
    PollCursor.objects.bulk_create(
        [
            PollCursor(access_id=pk, since=at - BACKFILL, due_at=at, overlap_at=at + timedelta(minutes=20))
            for pk in lacking
        ],
        ignore_conflicts=True,
    )
    return len(lacking)


def claim(*, at: datetime, limit: int = 500, only: int | None = None) -> list[int]:
    """Lease up to `limit` due cursors of usable accesses and return their ids. No two callers get the same one.

    A leased cursor is due when its lease ends; an event in the meantime sets an earlier `due_at`.
    """
    with transaction.atomic():
        free = PollCursor.objects.filter(Q(lease_until__isnull=True) | Q(lease_until__lte=at), due_at__lte=at)
        usable = free.filter(access__status__in=Access.USABLE)
        if only is not None:
            usable = usable.filter(pk=only)
        ids = list(
            usable.order_by("due_at")
            .select_for_update(skip_locked=True, of=("self",))
            .values_list("pk", flat=True)[:limit]
        )
        PollCursor.objects.filter(pk__in=ids).update(lease_until=at + LEASE, due_at=at + LEASE)
    return ids


def make_due(*, access_id: int, at: datetime) -> None:
    """Make the cursor of this system user due now."""
    PollCursor.objects.filter(access_id=access_id, due_at__gt=at).update(due_at=at)


def next_round(cursor: PollCursor, *, at: datetime, awaited_since: datetime | None) -> datetime:
    """Time of the next poll: soon while a verdict is awaited, else by the age of the last change, spread by 20 %."""
    if awaited_since is not None:
        for age, interval in AWAITED:
            if at - awaited_since < age:
                return at + interval
        return at + HOT
    quiet = at - cursor.changed_at if cursor.changed_at else timedelta.max
    interval = HOT if quiet < timedelta(days=7) else WARM if quiet < timedelta(days=60) else COLD
    return at + interval * (0.8 + (zlib.crc32(f"{cursor.pk}:{at.date()}".encode()) % 400) / 1000)


def awaited(access_ids: list[int]) -> dict[int, datetime]:
    """The latest delivery that still lacks a verdict, by access id."""
    waiting = Submission.objects.filter(access_id__in=access_ids, status=Submission.Status.DELIVERED)
    rows = waiting.order_by("delivered_at").values_list("access_id", "delivered_at")
    return {access_id: delivered for access_id, delivered in rows if access_id and delivered}


def after_failure(cursor: PollCursor, *, at: datetime, retry_after: float | None) -> datetime:
    """Time of the next poll after a failure: as the remote asked, else with exponential backoff up to an hour."""
    longer = min(3600, 15 * 2 ** min(cursor.failures, 8))
    wait = max(1.0, retry_after) if retry_after is not None else longer
    return at + timedelta(seconds=wait)
