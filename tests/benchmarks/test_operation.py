"""The operator's page and the metrics of a large vendor, beside those of a small one; and what measuring all cursors costs."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Customer, Portfolio, Role, Vendor
from portal.core.environments import Environment
from portal.desk.operation import metrics
from submissions.models import Dialog, PollCursor
from submissions.services.inbox import cursors, pace
from systemusers.models import Access
from tests.benchmarks.test_lists import ACCESS_ROWS, CUSTOMER_ROWS, DIALOG_ROWS, PORTFOLIOS
from tests.fixtures import make_user, vendor
from tests.world import RESOURCE, make_client, make_profile, make_system

SMALL, LARGE, DIALOGS_EACH = 200, 200_000, 5
VISITS = 15
MOST_QUERIES = 20
MOST_TIMES = 3
"""The page of a thousand times as many rows may take so many times as long: planning and the frame are the most of it."""
CURSOR_ROWS = """
INSERT INTO submissions_pollcursor (access_id, tokens, since, polled_at, changed_at, overlap_tokens, next_attempt_at, attempts,
    failures, problem_code)
SELECT id, '[]', now(), asked, now() - h %% 100 * interval '1 day', '[]', asked + CASE WHEN h %% 10 = 0 THEN interval '1 minute'
    WHEN h %% 10 < 4 THEN interval '15 minutes' ELSE interval '2 hours' END, 1, 0, ''
FROM systemusers_access, LATERAL (SELECT hashint4(id::int) & 65535 AS h) mixed,
    LATERAL (SELECT now() - h %% 14 * interval '1 minute' AS asked) moment
"""
DUE_DIALOGS = "UPDATE submissions_dialog SET next_attempt_at = now() - interval '1 minute' WHERE id %% 50 = 0"
UNFOLLOWED = "UPDATE systemusers_access SET status = 'REMOVED' WHERE id %% 20 = 0"
ALL_CURSORS = "SELECT count(*), max(c.next_attempt_at) FROM submissions_pollcursor c JOIN systemusers_access a ON a.id = c.access_id"


def fill(customers: int) -> None:
    profile = make_profile(make_system(make_client(), packages=[]))
    portfolios = [Portfolio.objects.create(name=f"Portefølje {n}") for n in range(PORTFOLIOS)]
    with connection.cursor() as cursor:
        cursor.execute(CUSTOMER_ROWS, [portfolios[0].pk, PORTFOLIOS, customers])
        cursor.execute(ACCESS_ROWS, [profile.pk])
        cursor.execute(DIALOG_ROWS, [f"urn:altinn:resource:{RESOURCE}", DIALOGS_EACH])
        cursor.execute(CURSOR_ROWS, [])
        cursor.execute(DUE_DIALOGS, [])
        cursor.execute(UNFOLLOWED, [])
        for table in (Customer, Access, Dialog, PollCursor):
            cursor.execute(f"VACUUM ANALYZE {table._meta.db_table}")


def seconds(act: Callable[[], object]) -> float:
    act()
    taken = []
    for _ in range(VISITS):
        began = time.perf_counter()
        act()
        taken.append(time.perf_counter() - began)
    return statistics.median(taken)


def empty() -> None:
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE accounts_customer, accounts_portfolio, systemusers_maskinportenclient CASCADE")


@pytest.mark.benchmark
@pytest.mark.django_db(transaction=True)
def test_the_operators_page_costs_the_same_at_any_size(vendor: Vendor) -> None:
    client = Client()
    client.force_login(make_user(Role.ADMINISTRATOR))
    acts: dict[str, Callable[[], object]] = {
        "Drift": lambda: client.get("/sandbox/operation/"),
        "/metrics": lambda: metrics.exposition(at=timezone.now()),
    }
    taken: dict[str, list[float]] = {name: [] for name in acts}
    for size in (SMALL, LARGE):
        fill(size)
        pace.measure(environment=Environment.SANDBOX, at=timezone.now())
        for name, act in acts.items():
            taken[name].append(seconds(act))
        with CaptureQueriesContext(connection) as queries:
            assert client.get("/sandbox/operation/").status_code == 200
        assert len(queries) <= MOST_QUERIES
        if size == SMALL:
            empty()

    for name, (small, large) in taken.items():
        print(
            f"{name}: {small * 1000:.0f} ms with {SMALL} customers, {large * 1000:.0f} ms with {LARGE}: {large / small:.1f} times"
        )
    with connection.cursor() as cursor:
        scan = seconds(lambda: cursor.execute(ALL_CURSORS))
    whole = seconds(lambda: pace.measure(environment=Environment.SANDBOX, at=timezone.now()))
    claim = seconds(lambda: list(cursors.usable().order_by("next_attempt_at")[:50]))
    print(
        f"measuring all cursors: {whole * 1000:.0f} ms, a plain scan {scan * 1000:.0f} ms; the next 50: {claim * 1000:.0f} ms"
    )
    assert all(large / small <= MOST_TIMES for small, large in taken.values())
    assert whole <= 15 * scan


__all__ = ["vendor"]
