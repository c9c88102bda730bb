"""Who is told that a campaign is done."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from accounts.models import User
from portal.core.filters import in_group
from systemusers.models import AccessProfile, Campaign
from systemusers.services.campaigns import news, ordering
from tests.systemusers.campaigns.rig import finished, judged, make_customers, started
from tests.systemusers.world import World

pytestmark = pytest.mark.usefixtures("vendor")


def told(user: User, at: datetime) -> list[Campaign]:
    """Of what is done."""
    return list(in_group(Campaign.objects.visible_to(user), news.groups(user=user, at=at), "own-done"))


def test_who_started_it_is_told_and_nobody_else(
    profile: AccessProfile, administrator: User, case_worker: User, world: World
) -> None:
    make_customers(1)
    row = finished(judged(profile, administrator, at=world.at), administrator, at=world.at)
    soon, later = world.at + timedelta(hours=1), world.at + news.NEWS + timedelta(hours=1)

    assert told(administrator, soon) == [row]
    assert told(administrator, later) == []
    assert told(case_worker, soon) == []


def test_a_campaign_that_goes_on_or_was_stopped_is_no_news(
    profile: AccessProfile, administrator: User, world: World
) -> None:
    make_customers(1)
    rows = [judged(profile, administrator, at=world.at, name=name) for name in ("a", "b")]
    for row in rows:
        started(row, administrator, at=world.at)
    ordering.stop(campaign=rows[0], by=administrator.actor, at=world.at)

    assert told(administrator, world.at + timedelta(hours=1)) == []
