"""What the tests of the operator's numbers share."""

from __future__ import annotations

from datetime import datetime

from portal.core.operation import calls, work
from portal.core.valkey import valkey
from submissions.models import PollCursor
from tests.submissions.world import World


def forget_all() -> None:
    """Nothing was counted by this process or another."""
    for counter in (calls.counter, work.counter):
        counter._written_at = 0.0
        counter.write()
    valkey().flushdb()


def make_cursors(world: World, number: int, *, at: datetime) -> list[PollCursor]:
    """Of customers that are followed, due at `at`."""
    accesses = [world.another_access() for _ in range(number)]
    return [PollCursor.objects.create(access=access, since=at, next_attempt_at=at) for access in accesses]
