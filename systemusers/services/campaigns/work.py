"""What a worker does for a campaign that is due, in turns: judge its rows, or ask a chunk of its customers."""

from __future__ import annotations

from datetime import datetime, timedelta

from portal.core import lease
from portal.core.lease import Hold
from systemusers.models import Campaign
from systemusers.services.campaigns import asking, judging

BY = "task:run_campaigns"
LONGEST_TURN = timedelta(seconds=60)
"""Then the worker puts the campaign back, due at once: other campaigns are not kept waiting by a large one."""
S = Campaign.Status


def run(*, at: datetime) -> int:
    """Take one campaign that is due, and work on it until the turn is over. Returns how many were taken: 0 or 1."""
    rows = Campaign.objects.filter(status__in=Campaign.MOVING)
    loaded = rows.select_related("owner", "ordered_by", "profile__system")
    holds = lease.claim(loaded, at=at, limit=1)
    for hold in holds:
        with lease.reporting(hold):
            walk(hold)
    return len(holds)


def walk(hold: Hold[Campaign]) -> None:
    """Raises LostRace, also when a person has paused or stopped it; NotPossible when the system is not in Altinn any more."""
    began, step = hold.now(), judging.step if hold.row.status == S.DRAFT else asking.step
    while hold.now() - began < LONGEST_TURN:
        hold.renew()
        if not step(hold):
            after = S.READY if hold.row.status == S.DRAFT else S.DONE
            hold.move_to(after, by=BY, failures=0, problem_code="")
            return
        if wait := pause_of(hold.row):
            hold.finish(next_attempt_at=hold.now() + wait)
            return
    hold.finish(next_attempt_at=hold.now())


def pause_of(campaign: Campaign) -> timedelta | None:
    """Between two chunks of a campaign with a pace."""
    if campaign.status != S.RUNNING or not campaign.per_hour:
        return None
    return timedelta(hours=asking.chunk_of(campaign) / campaign.per_hour)
