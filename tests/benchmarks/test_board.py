"""The deadline board of a vendor with 5 000 customers and three services each: its numbers are those of plain SQL."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from datetime import date

import pytest
from django.db import connection
from django.http import QueryDict
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import DjangoDbBlocker

from accounts.models import Role
from portal.core.environments import Environment
from portal.core.valkey import valkey
from submissions.services.due import board
from submissions.services.due.board import Row
from submissions.services.due.states import DueState
from submissions.services.pages import due_board
from tests.benchmarks.figures import Figures
from tests.benchmarks.scale import SERVICES, Size, drop, make, who

pytestmark = pytest.mark.benchmark
MANY = int(os.environ.get("BOARD_CUSTOMERS", "5000"))
FEW = 200
VISITS = 9
MOST_QUERIES = 12
MOST_OF_FEW = 3
"""Up to LIVE_TO expectations the numbers are those of this moment, counted for each visit; a larger vendor's are stored."""
COUNT = """
SELECT CASE WHEN s.status = 'ACCEPTED' THEN 'ACCEPTED' WHEN s.status = 'DELIVERED' THEN 'DELIVERED'
        WHEN s.status = 'REJECTED' THEN 'REJECTED' WHEN a.id IS NULL THEN 'NO_ACCESS'
        WHEN s.status = 'DRAFT' THEN 'DRAFT' ELSE 'NO_REPORT' END, count(*)
FROM submissions_expectation e
JOIN accounts_customer c ON c.id = e.customer_id AND c.end_asked_at IS NULL
LEFT JOIN systemusers_access a ON a.customer_id = c.id AND a.status IN ('IN_USE', 'APPROVED')
LEFT JOIN submissions_submission s ON s.customer_id = c.id AND s.service = e.service AND s.period_start = %s
    AND s.status <> 'CANCELLED'
WHERE e.service = %s AND e.is_expected AND e.first_period <= %s
GROUP BY 1
"""
"""In a vendor of `scale_rows` a customer has one report for each service and period, and one access, which covers all."""


@pytest.fixture
def sizes(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[tuple[Size, Size]]:
    with django_db_blocker.unblock():
        made = make("few", FEW), make("many", MANY)
        yield made
        for size in made:
            drop(size)


@pytest.mark.django_db
def test_the_boards_numbers_are_those_of_plain_sql_and_its_page_keeps_its_pace(sizes: tuple[Size, Size]) -> None:
    figures = Figures("deadline board")
    few, many = sizes
    with many.used():
        rows = _rows(Role.ADMINISTRATOR)
        assert {row.item.service.id for row in rows} == set(SERVICES)
        for row in rows:
            assert {state: n for state, n in row.numbers.items() if n} == _counted(row)
        _lead_to_their_customers(many.client(Role.ADMINISTRATOR), rows)
        figures.fact("rows of the board", len(rows))
    taken = {size: [9.0, 9.0] for size in sizes}
    for _ in range(3):
        for size in (few, many):
            with size.used():
                taken[size] = [min(pair) for pair in zip(taken[size], _visits(size), strict=True)]
    warm, cold = (taken[many][n] / taken[few][n] for n in (0, 1))
    about = f"{taken[many][0] * 1000:.0f} ms, {taken[many][1] * 1000:.0f} ms with an empty cache"
    figures.at_most(f"{MANY} customers, of {FEW}", warm, MOST_OF_FEW, about=about)
    figures.at_most(f"{MANY} customers, of {FEW}, with an empty cache", cold, MOST_OF_FEW)
    with many.used():
        client = many.client(Role.ADMINISTRATOR)
        client.get("/sandbox/due/")
        with CaptureQueriesContext(connection) as queries:
            client.get("/sandbox/due/")
        figures.at_most("queries", len(queries), MOST_QUERIES, unit="queries")
    figures.settle()


def _rows(role: Role) -> list[Row]:
    at, user = timezone.now(), who(role)
    span = due_board.span_of(_query(), today=timezone.localdate(at))
    return board.board(user=user, environment=Environment.SANDBOX, span=span, at=at).rows


def _query() -> QueryDict:
    """A year, in which every service has a deadline."""
    today = timezone.localdate()
    return QueryDict(f"first={today.year - 1}-{today.month:02}&last={today:%Y-%m}")


def _counted(row: Row) -> dict[DueState, int]:
    day: date = row.item.period.start
    with connection.cursor() as cursor:
        cursor.execute(COUNT, [day, row.item.service.id, day])
        return {DueState(state): n for state, n in cursor.fetchall()}


def _lead_to_their_customers(client: Client, rows: list[Row]) -> None:
    """Each number is that of the list it leads to."""
    for row in rows:
        for state, number in row.numbers.items():
            if number > 0:
                page = client.get(due_board.list_url(row.item, Environment.SANDBOX, state))
                shown = re.search(r"([\d\s\u00a0]+)\s+rad", page.content.decode())
                assert page.status_code == 200
                assert shown, f"{row.item} {state}"
                assert int(re.sub(r"\D", "", shown[1])) == number, f"{row.item} {state}"


def _visits(size: Size) -> tuple[float, float]:
    """Seconds of the page with a warm cache, and with an empty one."""
    client = size.client(Role.ADMINISTRATOR)
    client.get("/sandbox/due/")
    warm, cold = [], []
    for _ in range(VISITS):
        began = time.perf_counter()
        client.get("/sandbox/due/")
        warm.append(time.perf_counter() - began)
        valkey().flushdb()
        began = time.perf_counter()
        client.get("/sandbox/due/")
        cold.append(time.perf_counter() - began)
    return min(warm), min(cold)
