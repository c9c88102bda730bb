"""A campaign costs as many statements for many customers as for few."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Customer, User
from portal.core import lease
from systemusers.models import Access, AccessProfile, Campaign, Invitation
from systemusers.services.campaigns import asking, judging
from tests.systemusers.campaigns.rig import make, make_customers, started
from tests.systemusers.world import World

pytestmark = pytest.mark.usefixtures("vendor")


def statements(profile: AccessProfile, user: User, world: World, number: int) -> tuple[int, int]:
    """Of judging and of asking so many customers."""
    make_customers(number)
    row = make(profile, user, at=world.at)
    [hold] = lease.claim(Campaign.objects.select_related("owner", "profile__system"), at=world.at)
    with CaptureQueriesContext(connection) as of_judging:
        judging.step(hold)
    hold.move_to(Campaign.Status.READY, by="test")
    row.refresh_from_db()
    started(row, user, at=world.at)
    [hold] = lease.claim(Campaign.objects.select_related("ordered_by", "owner", "profile__system"), at=world.at)
    with CaptureQueriesContext(connection) as of_asking:
        asking.step(hold)
    return len(of_judging), len(of_asking)


def test_few_and_many_cost_the_same(profile: AccessProfile, administrator: User, world: World) -> None:
    few = statements(profile, administrator, world, 2)
    for model in (Campaign, Invitation, Access, Customer):
        model._base_manager.all().delete()

    assert statements(profile, administrator, world, 40) == few
