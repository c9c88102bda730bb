"""Hours of the day, in Norway, in which a message is not sent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

NORWAY = ZoneInfo("Europe/Oslo")


@dataclass(frozen=True)
class QuietHours:
    """From `start` to `end` by the clock in Norway; 21:00 to 07:00 goes over midnight. Equal ends: never quiet."""

    start: time
    end: time

    def earliest(self, at: datetime) -> datetime:
        """`at`, or the end of the quiet hours that `at` is in."""
        local = at.astimezone(NORWAY)
        if not self._holds(local.time()):
            return at
        day = local.date() if local.time() < self.end else local.date() + timedelta(days=1)
        return datetime.combine(day, self.end, tzinfo=NORWAY)

    def _holds(self, clock: time) -> bool:
        if self.start <= self.end:
            return self.start <= clock < self.end
        return clock >= self.start or clock < self.end
