"""Polls Altinn by id: no state is inferred from a redirect or from one refusal."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial

from portal.core import lease
from portal.core.lease import Hold
from portal.core.problems import code_of
from portal.core.states import LostRace
from portal.gateways.errors import BrokenReply, Refused
from systemusers.models import Access, Kind
from systemusers.services.access import answers
from systemusers.services.access.rounds import is_ours, waits_for_us, work_accesses
from systemusers.services.remote import system_user_requests

BY = "task:poll_accesses"
WATCHED = timedelta(seconds=15)
OFTEN = timedelta(seconds=3)
"""As WATCHED, for the customer who waits after the approval: however many wait, there is one question in that time."""
LATER = timedelta(hours=1)
Status = Access.Status


def poll_due(*, at: datetime) -> int:
    """Ask about a batch of the open accesses that are due. Returns how many were taken."""
    return work_accesses(Access.objects.to_poll(), partial(poll, by=BY), at=at)


def poll(hold: Hold[Access], *, by: str) -> None:
    """Write what Altinn says. Raises Unavailable; LostRace when the row changed meanwhile, which is then asked about again."""
    try:
        with waits_for_us(hold):
            try:
                _poll(hold, by)
            except (Refused, BrokenReply) as error:
                if isinstance(error, Refused) and is_ours(error):
                    raise
                lease.log_problem(hold, error)
                hold.put_off(code=code_of(error), wait=LATER)
    except LostRace:
        Access.objects.filter(pk=hold.row.pk, attempts=hold.attempt).update(lease_until=None)
        raise


def _poll(hold: Hold[Access], by: str) -> None:
    row, at = hold.row, hold.now()
    token = answers.token_for(row, answers.READ, at=at)
    try:
        remote = system_user_requests(row.environment).get(
            row.altinn_id, token=token, is_agent=row.profile.kind == Kind.AGENT
        )
    except Refused as error:
        if error.status != 404:
            raise
        _gone(hold)
        return
    answers.settle(hold, remote, by=by)


def _gone(hold: Hold[Access]) -> None:
    """Approved and removed since, or deleted by another client with our scope: UNKNOWN until it is checked."""
    answers.approve(hold, answers.find_system_user(hold.row, at=hold.now()), {})


def watch(*, access: Access, at: datetime, often: timedelta = WATCHED) -> bool:
    """A person views the page: poll in the next round, unless that was done in the last `often`. Tells whether it is due now.

    One that waits for a cause keeps its time.
    """
    rows = Access.objects.filter(pk=access.pk, status__in=Access.OPEN, next_attempt_at__gt=at, problem_code="")
    return bool(lease.make_due(rows.exclude(polled_at__gt=at - often), at=at))
