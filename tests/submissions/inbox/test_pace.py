"""How often customers are followed, measured over all cursors."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from portal.core.environments import Environment
from submissions.models import PollCursor
from submissions.services.inbox import pace
from systemusers.models import Access
from tests.core.operation.rig import make_cursors
from tests.fixtures import AT
from tests.submissions.world import World

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


@pytest.fixture
def cursor(world: World) -> Callable[..., PollCursor]:
    return partial(make, world)


def make(world: World, *, asked: timedelta, planned: timedelta, tier: str = PollCursor.Tier.HOT) -> PollCursor:
    """Asked so long ago, with so long to wait from then."""
    [row] = make_cursors(world, 1, at=AT)
    times = {"polled_at": AT - asked, "next_attempt_at": AT - asked + planned}
    PollCursor.objects.filter(pk=row.pk).update(tier=tier, **times)
    return row


def measured() -> dict[str, pace.Pace]:
    return {each.tier: each for each in pace.measure(environment=Environment.SANDBOX, at=AT).paces}


def test_each_tier_is_counted_and_who_was_not_asked_yet(world: World, cursor: Any) -> None:
    for tier in PollCursor.Tier:
        cursor(asked=MINUTE / 2, planned=MINUTE, tier=tier)
    make_cursors(world, 1, at=AT)

    assert {tier: each.customers for tier, each in measured().items()} == dict.fromkeys(pace.TIERS, 1)


def test_late_is_more_than_two_minutes_after_the_plan(cursor: Any) -> None:
    cursor(asked=16 * MINUTE, planned=15 * MINUTE)
    cursor(asked=25 * MINUTE, planned=15 * MINUTE)

    [hot] = measured().values()

    assert (hot.customers, hot.late, hot.in_time, hot.lag) == (2, 1, 1, 600)


def test_median_and_slow_are_times_since_the_last_round(cursor: Any) -> None:
    for minutes in (1, 2, 3):
        cursor(asked=minutes * MINUTE, planned=15 * MINUTE)

    [hot] = measured().values()

    assert (hot.typical, hot.lag) == (120, 0)
    assert 170 < hot.slow < 180


def test_only_those_that_are_followed_count(cursor: Any) -> None:
    row = cursor(asked=MINUTE, planned=15 * MINUTE)
    Access.objects.filter(pk=row.access_id).update(status=Access.Status.REMOVED)

    assert measured() == {}


def test_what_was_measured_is_kept_for_the_pages(cursor: Any, django_assert_num_queries: Any) -> None:
    assert pace.newest(Environment.SANDBOX) is None
    cursor(asked=MINUTE, planned=15 * MINUTE)
    made = pace.measure(environment=Environment.SANDBOX, at=AT)

    with django_assert_num_queries(0):
        assert pace.newest(Environment.SANDBOX) == made
    assert pace.newest(Environment.TEST) is None


def test_it_is_one_query(cursor: Any, django_assert_num_queries: Any) -> None:
    cursor(asked=MINUTE, planned=15 * MINUTE)

    with django_assert_num_queries(1):
        measured()


def test_the_task_measures_every_environment() -> None:
    from portal.tasks import measure_pace

    measure_pace.apply(throw=True)

    assert {e for e in Environment if pace.newest(e)} == {e for e in Environment if e.is_enabled}
