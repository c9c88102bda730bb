"""What a worker does for an import that is due, in turns: judge and look up its rows, store them, or take them back."""

from __future__ import annotations

from datetime import datetime, timedelta

from accounts.models import CustomerImport
from accounts.services.imports import judging, look_ups, storing, undoing
from portal.core import lease
from portal.core.lease import Hold

BY = "task:import_customers"
LONGEST_TURN = timedelta(seconds=60)
"""Then the worker puts the import back, due at once: other imports are not kept waiting by a large one."""
S = CustomerImport.Status


def run(*, at: datetime) -> int:
    """Take one import that is due, and work on it until it is done or the turn is over. Returns how many were taken: 0 or 1."""
    rows = CustomerImport.objects.filter(status__in=CustomerImport.MOVING).select_related("owner", "ordered_by")
    holds = lease.claim(rows, at=at, limit=1)
    for hold in holds:
        with lease.reporting(hold):
            walk(hold)
    return len(holds)


def walk(hold: Hold[CustomerImport]) -> None:
    """Raises LostRace, CannotDecrypt, and the gateways' errors while numbers are looked up."""
    began = hold.now()
    while hold.now() - began < LONGEST_TURN:
        hold.renew()
        if not _step(hold):
            hold.move_to(_after(hold.row.status), by=BY, touched_at=hold.now(), failures=0, problem_code="")
            return
    hold.finish(next_attempt_at=hold.now())


def _step(hold: Hold[CustomerImport]) -> bool:
    """False when nothing of this state is left to do."""
    if hold.row.status == S.STORING:
        return storing.step(hold)
    if hold.row.status == S.UNDOING:
        return undoing.step(hold)
    if hold.row.is_judged:
        return look_ups.step(hold)
    judging.judge(hold)
    return True


def _after(status: str) -> str:
    return {S.STORING: S.DONE, S.UNDOING: S.UNDONE}.get(S(status), S.PREVIEW)
