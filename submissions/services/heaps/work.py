"""What a worker does for a heap that is due: sort its files, judge its packages, make drafts and queue them, in turns."""

from __future__ import annotations

from datetime import datetime, timedelta

from portal.core import lease
from portal.core.lease import Hold
from submissions.models import Heap
from submissions.services.heaps import making, sending, settling, sorting
from submissions.services.heaps.sorting import Kinds

LONGEST_TURN = timedelta(seconds=60)
"""Then the worker puts the heap back, due at once: other heaps are not kept waiting by a large one."""


def run(*, at: datetime) -> int:
    """Take one heap that is due, and work on it until it is done or the turn is over. Returns how many were taken: 0 or 1."""
    holds = lease.claim(Heap.objects.select_related("owner"), at=at, limit=1)
    for hold in holds:
        with lease.reporting(hold):
            walk(hold)
    return len(holds)


def walk(hold: Hold[Heap]) -> None:
    """Raises LostRace, OSError when the storage is away, crypto.CannotDecrypt."""
    began, kinds = hold.now(), Kinds.of_catalogue(hold.row.environment)
    while hold.now() - began < LONGEST_TURN:
        hold.renew()
        if not (sorting.step(hold, kinds) or settling.step(hold) or making.step(hold) or sending.step(hold)):
            hold.finish(sorted_at=hold.now())
            return
    hold.finish(next_attempt_at=hold.now())
