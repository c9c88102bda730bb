"""What the parts of a tour share: they say what they do, call the sandbox's control, and wait for the portal's workers."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import httpx
from django.db.models import Model
from django.utils import timezone

from accounts.models import User
from submissions.period import Period

PATIENCE = 90.0
Say = Callable[[str], None]
Row = TypeVar("Row", bound=Model)


class Failed(Exception):
    """A step failed. The message names the step and the state found instead."""


@dataclass
class Watch:
    """One run. `say` prints a line; `folder` gets the fetched feedback."""

    say: Say
    folder: Path
    user: User
    sandbox: httpx.Client
    began: datetime = field(default_factory=timezone.now)
    seen: int = 0

    @staticmethod
    def year() -> Period:
        """The last whole year."""
        return Period.year(timezone.localdate().year - 1)

    @staticmethod
    def month() -> Period:
        """The last whole month."""
        today = timezone.localdate()
        return Period.month(today.year, today.month).before

    def check(self, is_right: bool, otherwise: str) -> None:
        if not is_right:
            raise Failed(otherwise)

    def title(self, number: int, text: str) -> None:
        self.say(f"\n{number}. {text}")

    def control(self, method: str, path: str, body: dict[str, Any]) -> None:
        self.sandbox.request(method, path, json=body).raise_for_status()

    def served(self, service: str = "", path: str = "") -> list[dict[str, Any]]:
        params = {"service": service, "path": path, "limit": "10000"}
        rows: list[dict[str, Any]] = self.sandbox.get("/control/calls", params=params).raise_for_status().json()
        return [row for row in rows if datetime.fromisoformat(row["at"]) >= self.began]

    def calls(self) -> None:
        """Print the calls made since the last time."""
        rows = [row for row in self.served() if row["service"] not in ("control", "root", "am-ui")]
        for row in rows[self.seen :]:
            self.say(
                f"      {row['status']} {row['method']:4} {row['path']} ({row['body_bytes']} bytes, {row['milliseconds']} ms)"
            )
        self.seen = len(rows)

    def until(self, row: Row, is_there: Callable[[Any], bool], what: str) -> Row:
        """The row, read again until `is_there`."""

        rows: Any = type(row)._default_manager

        def look() -> Any:
            return rows.get(pk=row.pk) if is_there(rows.get(pk=row.pk)) else None

        try:
            result: Row = self.until_true(look, what)
        except Failed as error:
            fresh = rows.get(pk=row.pk)
            code = getattr(fresh, "problem_code", "")
            raise Failed(f"{error}; it is {fresh.status} {code}") from None
        return result

    def until_true(self, look: Callable[[], Any], what: str) -> Any:
        for _moment in _moments(PATIENCE):
            if result := look():
                return result
        raise Failed(f"waited {PATIENCE:.0f} s for {what}")


def _moments(seconds: float) -> Iterator[float]:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        yield time.monotonic()
        time.sleep(0.3)
