"""The board of a large vendor: a worker counts it, the page adds the numbers up, and any other deadline is counted at once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Portfolio, User
from portal.core.environments import Environment
from submissions.models import DueCount, DueRound, Expectation, Submission
from submissions.services.due import counting
from submissions.services.due.board import Board, Span, board
from tests.submissions.due.rows import AT, many
from tests.submissions.due.test_board import SPAN
from tests.submissions.world import World

SANDBOX = Environment.SANDBOX


@pytest.fixture
def large(world: World, portfolio: Portfolio, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sixty customers, for a portal that counts no more than ten expectations for each page."""
    many(60, profile=world.access.profile, portfolios=[portfolio, Portfolio.objects.create(name="Øst")])
    monkeypatch.setattr(counting, "LIVE_TO", 10)
    monkeypatch.setattr(counting, "FEW", 10)


def seen(user: User, *, portfolio: str = "", hours: int = 0) -> Board:
    at = AT + timedelta(hours=hours)
    return board(user=user, environment=SANDBOX, span=Span(SPAN.first, SPAN.last, portfolio=portfolio), at=at)


def numbers(found: Board) -> list[dict[str, int]]:
    return [dict(row.numbers) for row in found.rows]


def count() -> None:
    counting.count_due(at=AT, environments=[SANDBOX])


@pytest.mark.usefixtures("large")
def test_stored_numbers_are_those_counted_at_once_for_each_user_and_portfolio(
    administrator: User, case_worker: User, portfolio: Portfolio
) -> None:
    choices = [(user, code) for user in (administrator, case_worker) for code in ("", "none", str(portfolio.pk))]
    at_once = [numbers(seen(user, portfolio=code)) for user, code in choices]

    count()
    stored = [seen(user, portfolio=code) for user, code in choices]

    assert [numbers(one) for one in stored] == at_once
    assert any(at_once)
    assert all(one.counted_at is not None for one in stored)


@pytest.mark.usefixtures("large")
def test_stored_numbers_stay_until_the_worker_counts_again(administrator: User) -> None:
    count()
    before = numbers(seen(administrator))
    Submission.objects.all().delete()
    assert numbers(seen(administrator)) == before

    DueRound.objects.update(next_attempt_at=AT)
    count()

    assert numbers(seen(administrator)) != before


@pytest.mark.usefixtures("large")
def test_numbers_that_are_too_old_are_counted_at_once(administrator: User) -> None:
    count()
    Submission.objects.all().delete()

    found = seen(administrator, hours=2)

    assert found.counted_at is None
    assert not any(row.done for row in found.rows)


@pytest.mark.usefixtures("large")
def test_a_page_with_stored_numbers_counts_no_customers(administrator: User) -> None:
    count()

    with CaptureQueriesContext(connection) as queries:
        seen(administrator)

    assert len(queries) <= 6
    assert not any("submissions_submission" in query["sql"] for query in queries)


@pytest.mark.usefixtures("large")
def test_a_vendor_that_is_small_again_has_no_stored_numbers(administrator: User) -> None:
    count()
    Expectation.objects.all().delete()
    DueRound.objects.update(next_attempt_at=AT)

    count()

    assert not DueCount.objects.exists()
    assert seen(administrator).rows == []
