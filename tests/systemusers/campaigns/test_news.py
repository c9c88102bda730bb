"""Who is told that a campaign is done."""

from __future__ import annotations

from datetime import timedelta

import pytest

from accounts.models import User
from systemusers.models import AccessProfile
from systemusers.services.campaigns import news, ordering
from tests.systemusers.campaigns.rig import finished, judged, make_customers, started
from tests.systemusers.world import World

pytestmark = pytest.mark.usefixtures("vendor")


def test_who_started_it_is_told_and_nobody_else(
    profile: AccessProfile, administrator: User, case_worker: User, world: World
) -> None:
    make_customers(1)
    row = finished(judged(profile, administrator, at=world.at), administrator, at=world.at)
    before, after = world.at - timedelta(hours=1), world.at + timedelta(hours=1)

    assert list(news.finished(user=administrator, since=before)) == [row]
    assert list(news.finished(user=administrator, since=after)) == []
    assert list(news.finished(user=case_worker, since=before)) == []


def test_a_campaign_that_goes_on_or_was_stopped_is_no_news(
    profile: AccessProfile, administrator: User, world: World
) -> None:
    make_customers(1)
    rows = [judged(profile, administrator, at=world.at, name=name) for name in ("a", "b")]
    for row in rows:
        started(row, administrator, at=world.at)
    ordering.stop(campaign=rows[0], by=administrator.actor, at=world.at)

    assert not news.finished(user=administrator, since=world.at - timedelta(hours=1)).exists()
