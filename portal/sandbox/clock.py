"""The clock of the sandbox: real time plus an offset, or frozen, so that a test can advance it by months.

All modules of the sandbox read the time here. Times are aware UTC datetimes. Grants and tokens have a time of their own:
programs sign by real time, so a clock that was advanced must not make their grants and tokens invalid.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated

import msgspec

Zoned = Annotated[datetime, msgspec.Meta(tz=True)]
"""A time in a tester's input. It needs an offset, because all times of the sandbox have one."""


class Clock:
    def __init__(self, *, frozen_at: datetime | None = None) -> None:
        self._frozen_at = frozen_at
        self._offset = timedelta()
        self.tokens_follow = frozen_at is not None

    def now(self) -> datetime:
        """The sandbox's time (aware, UTC)."""
        return (self._frozen_at or datetime.now(UTC)) + self._offset

    def token_time(self) -> datetime:
        """The time that grants and tokens are judged by: real time, or `now` when `tokens_follow` is set."""
        return self.now() if self.tokens_follow else datetime.now(UTC)

    def advance(self, seconds: float) -> None:
        self._offset += timedelta(seconds=seconds)

    def set(self, moment: datetime, *, frozen: bool, tokens_follow: bool = False) -> None:
        """Move to `moment`; `frozen` stops the clock there until it is advanced or set again."""
        self.tokens_follow = tokens_follow
        self._frozen_at = moment if frozen else None
        self._offset = timedelta() if frozen else moment - datetime.now(UTC)

    def dump(self) -> dict[str, object]:
        frozen = self._frozen_at.isoformat() if self._frozen_at else None
        return {
            "frozen_at": frozen,
            "offset_seconds": self._offset.total_seconds(),
            "tokens_follow": self.tokens_follow,
        }

    def load(self, saved: dict[str, object]) -> None:
        frozen = saved.get("frozen_at")
        self._frozen_at = datetime.fromisoformat(str(frozen)) if frozen else None
        self._offset = timedelta(seconds=float(str(saved.get("offset_seconds", 0))))
        self.tokens_follow = saved.get("tokens_follow", frozen is not None) is True
