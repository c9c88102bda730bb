"""When what is done nightly for a system is due again."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils import timezone

NIGHT = 3
"""The hour of day after which systems are compared."""


def next_night(at: datetime) -> datetime:
    """Three o'clock of the following day, so that a night's comparison is one for each night."""
    tomorrow = timezone.localtime(at) + timedelta(days=1)
    return tomorrow.replace(hour=NIGHT, minute=0, second=0, microsecond=0)
