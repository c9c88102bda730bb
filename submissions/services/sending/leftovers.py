"""What a report that was given up before it was delivered leaves at the authority: removed by a worker, as well as it can be.

The row is FAILED or CANCELLED already, and keeps the reason. It is due until the leftovers are gone, for a day at most: the
authority forgets them too. While they are not gone the row says what is left (`left_behind`), and a person is told.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from celery.exceptions import SoftTimeLimitExceeded

from portal.core import lease
from portal.core.audit import record
from portal.core.audit_events import AuditType
from portal.core.lease import LONGEST_WAIT, Hold
from portal.core.states import LostRace
from portal.gateways.errors import Refused, Unavailable
from portal.gateways.statuses import Kind, kind_of
from submissions.adapters import LEFTOVERS
from submissions.adapters.base import Leftovers
from submissions.models import Submission
from submissions.services import catalogue
from submissions.services.sending import calls

BY = "task:send"
LONGEST = timedelta(days=1)
SHORTEST_PAUSE = timedelta(seconds=30)
GIVEN_UP = frozenset({Submission.Status.FAILED, Submission.Status.CANCELLED})
FINAL = frozenset({Kind.FINAL, Kind.GONE, Kind.REPEATED})


def due_at(submission: Submission, *, at: datetime) -> datetime | None:
    """`at` when the authority has something to be removed, else None: the `next_attempt_at` of a row that is given up."""
    one = _leftovers_of(submission)
    if one is None or submission.access_id is None or calls.may_have_delivered(submission):
        return None
    return at if submission.calls.filter(step=one.step, remote_id__gt="").exists() else None


def remove(hold: Hold[Submission]) -> None:
    """Remove it, or plan the next attempt. The state and its reason stay as they are. Raises LostRace."""
    ours = _left_of(hold.row)
    left = hold.row.left_behind if hold.row.left_behind != ours else ""
    try:
        if due_at(hold.row, at=hold.now()) is not None:
            _remove(hold)
    except (LostRace, SoftTimeLimitExceeded):
        raise
    except Exception as error:
        lease.log_problem(hold, error)
        left = ours
        passed = hold.now() - hold.row.status_at
        if _may_work_later(error) and passed < LONGEST:
            hold.write(left_behind=left)
            hold.postpone(min(max(passed / 2, SHORTEST_PAUSE), LONGEST_WAIT))
            return
    hold.write(next_attempt_at=None, lease_until=None, left_behind=left)


def what_is_left(submission: Submission) -> tuple[str, str] | None:
    """What a report that was given up left at the authority, and what a person does about it; None when nothing is known."""
    one = _leftovers_of(submission) if submission.left_behind else None
    return one.what_is_left() if one else None


def _left_of(submission: Submission) -> str:
    """The authority's id of it, "" when it has none."""
    one = _leftovers_of(submission)
    return calls.remote_ids_of(submission).get(one.step, "")[:200] if one else ""


def remove_now(hold: Hold[Submission]) -> None:
    """Once, before the steps are made again: whatever goes wrong, they are. Raises LostRace."""
    try:
        _remove(hold)
    except (LostRace, SoftTimeLimitExceeded):
        raise
    except Exception as error:
        lease.log_problem(hold, error)


def _remove(hold: Hold[Submission]) -> None:
    one = _leftovers_of(hold.row)
    if one is None:
        return
    hold.renew()
    record(by=BY, at=hold.now(), target=hold.row, what=AuditType.LEFTOVERS_REMOVED)
    calls.look_at(hold, one.step, one.remove)


def _leftovers_of(submission: Submission) -> Leftovers | None:
    """None also for a service that the catalogue no longer has."""
    try:
        return LEFTOVERS.get(catalogue.service(submission.service).adapter)
    except catalogue.UnknownService:
        return None


def _may_work_later(error: Exception) -> bool:
    if isinstance(error, Refused):
        return kind_of(error) not in FINAL
    return isinstance(error, Unavailable)
