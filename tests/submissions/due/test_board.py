"""The deadline board: its numbers are those of a plain count, and each number leads to exactly its customers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Customer, Portfolio, User
from submissions.models import Expectation, Submission
from submissions.period import Period
from submissions.services.due.board import Row, Span, board
from submissions.services.due.counting import customers_of
from submissions.services.due.states import DueState, expected, in_states
from systemusers.models import Access, ClientRelation
from tests.submissions.due.rows import AT, PACKAGE, PERIODS, RIGHTS, SALARY, SALARY_FILES, many
from tests.submissions.world import World

SPAN = Span(date(2026, 12, 1), date(2027, 3, 31))
SENT = {
    "QUEUED": "ON_ITS_WAY", "SENDING": "ON_ITS_WAY", "UNCERTAIN": "ON_ITS_WAY", "DELIVERED": "DELIVERED",
    "ACCEPTED": "ACCEPTED", "REJECTED": "REJECTED", "NEEDS_PERSON": "NEEDS_PERSON", "FAILED": "NEEDS_PERSON",
}  # fmt: skip


@pytest.fixture
def portfolios(portfolio: Portfolio) -> list[Portfolio]:
    return [portfolio, Portfolio.objects.create(name="Øst")]


SHOWN = {(service, period) for service, periods in PERIODS.items() for period in periods} | {
    (SALARY, Period.month(2027, 2))
}


def plain_states(service: str, period: Period, customers: set[int]) -> Iterator[tuple[int, str]]:
    """(customer, state) of each expected report, by Python alone."""
    able = plainly_able(service)
    reports = plain_reports(service, period)
    for row in Expectation.objects.filter(service=service, is_expected=True, customer__in=customers):
        if row.first_period <= period.start and (row.last_period is None or row.last_period >= period.start):
            yield row.customer_id, plain_state(reports.get(row.customer_id, []), row.customer_id in able)


def plain_reports(service: str, period: Period) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    ways = [SALARY, SALARY_FILES] if service == SALARY else [service]
    rows = Submission.objects.filter(service__in=ways).exclude(status="CANCELLED").order_by("pk")
    for row in rows:
        if row.period == period:
            found.setdefault(row.customer_id, []).append(row.status)
    return found


def plain_state(statuses: list[str], is_able: bool) -> str:
    if "ACCEPTED" in statuses or "DELIVERED" in statuses:
        return "ACCEPTED" if "ACCEPTED" in statuses else "DELIVERED"
    if {"QUEUED", "SENDING", "UNCERTAIN"} & set(statuses):
        return "ON_ITS_WAY"
    if statuses and statuses[-1] in SENT:
        return SENT[statuses[-1]]
    if not is_able:
        return "NO_ACCESS"
    return "DRAFT" if statuses else "NO_REPORT"


def plainly_able(service: str) -> set[int]:
    own = Access.objects.exclude(profile__kind="AGENT").filter(status__in=["APPROVED", "IN_USE", "NEEDS_UPDATE"])
    able = {row.customer_id for row in own if row.rights_known_at is None or RIGHTS[service] in row.rights}
    for relation in ClientRelation.objects.filter(gone_at=None, customer__isnull=False):
        if PACKAGE in relation.packages or relation.seen_at is None:
            able.add(relation.customer_id)
    return able


def found_by(row: Row, user: User, state: DueState) -> set[int]:
    rows = expected(customers_of(user=user, environment="SANDBOX"), row.item)
    return set(in_states(rows, row.item, [state]).values_list("pk", flat=True))


def assert_as_counted_plainly(row: Row, user: User) -> None:
    """The number of each state, and the customers to which it leads."""
    seen = set(Customer.objects.visible_to(user).values_list("pk", flat=True))
    plain: dict[str, set[int]] = {state: set() for state in DueState}
    for customer, state in plain_states(row.item.service.id, row.item.period, seen):
        plain[state].add(customer)
    assert row.numbers == {state: len(plain[state]) for state in DueState}
    assert {state: found_by(row, user, state) for state in DueState} == plain


def test_the_numbers_of_five_thousand_customers_lead_to_those_of_a_plain_count(
    world: World, portfolios: list[Portfolio], administrator: User, case_worker: User
) -> None:
    many(5_000, profile=world.access.profile, portfolios=portfolios)

    for user in (administrator, case_worker):
        rows = board(user=user, environment="SANDBOX", span=SPAN, at=AT).rows

        assert {(row.item.service.id, row.item.period) for row in rows} == SHOWN
        assert all(row.numbers[state] for row in rows if row.item.day < date(2027, 3, 1) for state in DueState)
        for row in rows:
            assert_as_counted_plainly(row, user)
            assert row.late == (row.missing if row.item.day < date(2027, 1, 26) else 0)


def test_the_board_takes_at_most_five_queries_whatever_is_due(
    world: World, portfolios: list[Portfolio], administrator: User
) -> None:
    many(60, profile=world.access.profile, portfolios=portfolios)

    with CaptureQueriesContext(connection) as queries:
        rows = board(user=administrator, environment="SANDBOX", span=SPAN, at=AT).rows

    assert len(rows) == 6
    assert len(queries) <= 5
