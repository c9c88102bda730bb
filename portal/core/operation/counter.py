"""Numbers that all processes add up in Valkey: by minute for two hours, by hour for two days, and in all.

A process keeps what it counts for up to a second and writes it in one go. Without Valkey nothing is counted, and nobody waits.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter as Sums
from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from portal.core.valkey import ERRORS, valkey

logger = logging.getLogger(__name__)
WRITE_EVERY = 1.0
"""Seconds."""
PAUSE = 30.0
"""Seconds without a try after Valkey has not answered: a call to a service does not wait for it."""
MINUTE, HOUR = 60, 3600
KEPT = {MINUTE: timedelta(hours=2), HOUR: timedelta(days=2)}
Fields = dict[str, int]


class Counter:
    """`name` is part of the keys, with the version of what the fields mean; a group is counted apart from the others."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._lock = threading.Lock()
        self._waiting: defaultdict[tuple[str, int], Sums[str]] = defaultdict(Sums)
        self._written_at = 0.0

    def add(self, group: str, fields: Mapping[str, int]) -> None:
        """Never raises."""
        with self._lock:
            self._waiting[group, int(time.time() // MINUTE)].update(fields)
            is_late = time.monotonic() - self._written_at >= WRITE_EVERY
        if is_late:
            self.write()

    def write(self) -> None:
        """What was counted since the last time. Never raises."""
        with self._lock:
            if time.monotonic() < self._written_at:
                return
            waiting, self._waiting = self._waiting, defaultdict(Sums)
            self._written_at = time.monotonic()
        if not waiting:
            return
        try:
            with valkey().pipeline(transaction=False) as pipe:
                for (group, minute), sums in waiting.items():
                    self._put(pipe, group, minute * MINUTE, sums)
                pipe.execute()
        except ERRORS:
            self._written_at = time.monotonic() + PAUSE
            logger.debug("%s: nothing was counted", self.name)

    def _put(self, pipe: Any, group: str, moment: int, sums: Fields) -> None:
        keys = {self._key(group, size, moment): kept for size, kept in KEPT.items()}
        for key in [*keys, self._total(group)]:
            for field, number in sums.items():
                pipe.hincrby(key, field, number)
        for key, kept in keys.items():
            pipe.expire(key, kept)

    def last(self, group: str, *, at: datetime, number: int, size: int = MINUTE) -> list[Fields]:
        """The last `number` minutes (or hours, with `size`), the oldest first; the last one is not over yet. Raises ERRORS."""
        self.write()
        moment = int(at.timestamp())
        with valkey().pipeline(transaction=False) as pipe:
            for back in range(number - 1, -1, -1):
                pipe.hgetall(self._key(group, size, moment - back * size))
            return [_decoded(fields) for fields in pipe.execute()]

    def total(self, group: str) -> Fields:
        """Since Valkey was emptied last. Raises ERRORS."""
        self.write()
        return _decoded(valkey().hgetall(self._total(group)))

    def _key(self, group: str, size: int, moment: int) -> str:
        return f"operation:{self.name}:{group}:{size}:{moment // size}"

    def _total(self, group: str) -> str:
        return f"operation:{self.name}:{group}:total"


def _decoded(fields: Any) -> Fields:
    return {field.decode(): int(number) for field, number in fields.items()}


def added(many: list[Fields]) -> Fields:
    """The sum of several."""
    sums: Sums[str] = Sums()
    for fields in many:
        sums.update(fields)
    return dict(sums)
