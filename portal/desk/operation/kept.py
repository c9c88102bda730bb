"""The last backup, as the operator sees it. The one place where these pages meet the command that makes backups."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

OLD = timedelta(hours=26)
"""A daily backup that is an hour late is no alarm."""


@dataclass(frozen=True)
class Backup:
    """`restored_at`: when one was last restored on trial; None: not known."""

    at: datetime
    restored_at: datetime | None = None


def find_last_backup() -> Backup | None:
    """None: not known here. A backup that is made outside the portal leaves no row."""
    return None
