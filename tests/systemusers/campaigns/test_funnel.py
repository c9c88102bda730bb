"""How far customers have come, in numbers that are counted in the database."""

from __future__ import annotations

import random
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Customer, Portfolio, User
from systemusers.models import Access, AccessProfile, Campaign, Invitation, SystemUser
from systemusers.services.campaigns import funnel
from tests.systemusers.campaigns.rig import finished, judged, make_customers
from tests.systemusers.world import World

pytestmark = pytest.mark.usefixtures("vendor")
S = Access.Status


@pytest.fixture
def campaign(profile: AccessProfile, administrator: User, portfolio: Portfolio, world: World) -> Campaign:
    """Six customers asked ten days ago: one refused, one opened after a day, three approved after two, four and nine days."""
    make_customers(6)
    Customer.objects.filter(pk__in=Customer.objects.values("pk")[:2]).update(portfolio=portfolio)
    row = finished(judged(profile, administrator, at=world.at), administrator, at=world.at)
    began = world.at - timedelta(days=10)
    Campaign.objects.update(started_at=began)
    rows = list(Access.objects.order_by("pk"))
    Access.objects.update(status=S.SENT, sent_at=began, altinn_id="x")
    _change(rows[0], status=S.REJECTED, answered_at=began + timedelta(days=1))
    _change(rows[1], status=S.OPENED, opened_at=began + timedelta(days=1))
    for access, days in zip(rows[2:5], (2, 4, 9), strict=True):
        _change(access, status=S.APPROVED, answered_at=began + timedelta(days=days), opened_at=began)
    Invitation.objects.filter(access=rows[5]).update(told_at=began, told_how="MAIL")
    row.refresh_from_db()
    return row


def _change(row: Access, **fields: object) -> None:
    Access.objects.filter(pk=row.pk).update(**fields)


def test_a_campaign_is_counted_by_stage(campaign: Campaign, world: World) -> None:
    with CaptureQueriesContext(connection) as queries:
        made = funnel.of_campaign(campaign, at=world.at)

    assert len(queries) == 1
    assert {stage.code: stage.number for stage in made.stages} == {
        "asked": 6, "told": 5, "opened": 4, "approved": 3, "in_use": 0,
    }  # fmt: skip
    assert (made.all, made.waiting, made.ages, made.rejected) == (6, 2, [0, 0, 2, 0], 1)
    medians = {stage.code: stage.median for stage in made.stages}
    assert medians["approved"] == timedelta(days=4)


def test_tables_by_profile_and_portfolio_add_up(campaign: Campaign, portfolio: Portfolio, world: World) -> None:
    rows = Access.objects.all()

    by_portfolio = funnel.by_portfolio(rows, at=world.at)

    assert [each.all for each in funnel.by_profile(rows, at=world.at).values()] == [6]
    assert {key: each.all for key, each in by_portfolio.items()} == {portfolio.pk: 2, None: 4}
    assert funnel.by_campaign(Campaign.objects.all(), at=world.at)[campaign.pk].number("approved") == 3


def test_the_forecast_goes_on_as_lately(campaign: Campaign, world: World) -> None:
    """Two of the four who waited a week ago approved in seven days: a fourteenth part each day."""
    made, today = funnel.of_campaign(campaign, at=world.at), timezone.localdate(world.at)
    assert campaign.started_at

    def expected(days: int) -> int | None:
        deadline = today + timedelta(days=days)
        return funnel.forecast(made, began_at=campaign.started_at, deadline=deadline, at=world.at)

    assert made.approved_lately == 2
    assert [expected(days) for days in (-1, 0, 10, 60)] == [None, 3, 4, 5]


@pytest.fixture
def mixed(profile: AccessProfile, administrator: User, portfolio: Portfolio, world: World) -> Campaign:
    """Eighty customers, half of them in a portfolio, in every state that an access may have."""
    make_customers(80)
    Customer.objects.filter(pk__in=Customer.objects.values("pk")[:40]).update(portfolio=portfolio)
    row = finished(judged(profile, administrator, at=world.at), administrator, at=world.at)
    draw = random.Random(5)
    for access in Access.objects.order_by("pk"):
        status = draw.choice(S.values)
        asked = world.at - timedelta(days=draw.choice([0, 2, 8, 20]), hours=1)
        later = {name: asked + timedelta(hours=draw.randrange(60)) for name in ("opened_at", "answered_at")}
        is_answered = status in {*Access.USABLE, *Access.ENDED}
        _change(
            access, status=status, altinn_id="x", sent_at=None if status == S.DRAFT else asked,
            opened_at=later["opened_at"] if draw.random() < 0.5 and status != S.DRAFT else None,
            answered_at=later["answered_at"] if is_answered else None, next_attempt_at=world.at,
        )  # fmt: skip
        if status in Access.USABLE and draw.random() < 0.5:
            SystemUser.objects.create(access=access, altinn_id=uuid.uuid4(), kind="STANDARD", first_token_at=world.at)
        if draw.random() < 0.5:
            Invitation.objects.filter(access=access).update(told_at=asked, told_how="MAIL")
    return row


PLAIN = """
    SELECT count(*) AS all,
      count(*) FILTER (WHERE sent_at IS NOT NULL OR told OR opened_at IS NOT NULL OR approved) AS asked,
      count(*) FILTER (WHERE told OR opened_at IS NOT NULL OR approved) AS told,
      count(*) FILTER (WHERE opened_at IS NOT NULL OR approved) AS opened,
      count(*) FILTER (WHERE approved) AS approved, count(*) FILTER (WHERE approved AND used) AS in_use,
      count(*) FILTER (WHERE status IN ('SENT', 'OPENED', 'FORWARDED')) AS waiting,
      count(*) FILTER (WHERE status = 'REJECTED') AS rejected,
      percentile_cont(0.5) WITHIN GROUP (ORDER BY answered_at - sent_at) FILTER (WHERE approved) AS median
    FROM (
      SELECT a.*, c.portfolio_id,
        EXISTS (SELECT 1 FROM systemusers_invitation i WHERE i.access_id = a.id AND i.told_at IS NOT NULL) AS told,
        a.status IN ('APPROVED', 'IN_USE', 'NEEDS_UPDATE', 'REMOVED') AS approved,
        EXISTS (SELECT 1 FROM systemusers_systemuser s WHERE s.access_id = a.id AND s.first_token_at IS NOT NULL) AS used
      FROM systemusers_access a JOIN accounts_customer c ON c.id = a.customer_id
    ) AS rows WHERE {where}
"""


def plain(where: str) -> dict[str, Any]:
    with connection.cursor() as cursor:
        cursor.execute(PLAIN.format(where=where))
        names = [column.name for column in cursor.description or []]
        return dict(zip(names, cursor.fetchone() or (), strict=True))


def as_plain(made: funnel.Funnel) -> dict[str, Any]:
    [median] = [stage.median for stage in made.stages if stage.code == "approved"]
    numbers = {stage.code: stage.number for stage in made.stages}
    return {"all": made.all, **numbers, "waiting": made.waiting, "rejected": made.rejected, "median": median}


def test_the_numbers_are_those_of_plain_counts(
    mixed: Campaign, profile: AccessProfile, portfolio: Portfolio, world: World
) -> None:
    at, rows = world.at, Access.objects.all()
    of_portfolio = funnel.by_portfolio(rows, at=at)

    assert as_plain(funnel.of_campaign(mixed, at=at)) == plain("true")
    assert as_plain(funnel.by_campaign(Campaign.objects.all(), at=at)[mixed.pk]) == plain("true")
    asked_here = "(sent_at IS NOT NULL OR status = 'DRAFT')"
    assert as_plain(funnel.by_profile(rows, at=at)[profile.pk]) == plain(asked_here)
    assert as_plain(of_portfolio[portfolio.pk]) == plain(f"{asked_here} AND portfolio_id = {portfolio.pk}")
    assert as_plain(of_portfolio[None]) == plain(f"{asked_here} AND portfolio_id IS NULL")


def test_the_ages_of_those_who_wait_add_up(mixed: Campaign, world: World) -> None:
    made = funnel.of_campaign(mixed, at=world.at)

    assert sum(made.ages) == made.waiting > 0
    assert all(made.ages)
