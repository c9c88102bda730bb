"""Compares each registered system with Altinn every night. A difference is shown on the overview; nothing is written to Altinn."""

from __future__ import annotations

from datetime import datetime, timedelta

from portal.core import lease
from portal.core.lease import Hold
from portal.core.problems import code_of
from portal.gateways.errors import BrokenReply, Refused
from systemusers.models import SystemRound
from systemusers.services.access.rounds import is_ours, waits_for_us, work_systems
from systemusers.services.system_register.drift import compare_held
from systemusers.services.system_register.entry import OwnedByAnother

BY = "task:compare_systems"
LATER = timedelta(hours=1)


def compare_due(*, at: datetime) -> int:
    """Compare the systems that are due. Returns how many were taken."""
    return work_systems(SystemRound.Kind.COMPARE, compare, at=at)


def compare(hold: Hold[SystemRound]) -> None:
    """One system; again next night, after a failure sooner. Raises LostRace, Unavailable."""
    with waits_for_us(hold):
        try:
            compare_held(hold, hold.row.system, by=BY)
        except (Refused, BrokenReply, OwnedByAnother) as error:
            if isinstance(error, Refused) and is_ours(error):
                raise
            lease.log_problem(hold, error)
            hold.put_off(code=code_of(error), wait=LATER)
