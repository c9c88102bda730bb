"""When what is done nightly for a system is due again, and who may read or change its entry meanwhile."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils import timezone

from portal.core import lease
from portal.core.lease import Hold
from systemusers.models import System, SystemRound

NIGHT = 3
"""The hour of day after which systems are compared."""


def next_night(at: datetime) -> datetime:
    """Three o'clock of the following day, so that a night's comparison is one for each night."""
    tomorrow = timezone.localtime(at) + timedelta(days=1)
    return tomorrow.replace(hour=NIGHT, minute=0, second=0, microsecond=0)


def take_comparison(*, system: System, at: datetime) -> Hold[SystemRound]:
    """The comparison of the system, for a person who waits: nobody else compares it or changes its entry until the hold ends.

    It is due at once should this process die. Raises LostRace when somebody has it.
    """
    key = {"system": system, "kind": SystemRound.Kind.COMPARE}
    lease.make_one_due(SystemRound, at=at, **key)
    return lease.take(SystemRound.objects.filter(**key), at=at)
