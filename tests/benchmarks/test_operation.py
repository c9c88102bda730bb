"""The operator's page and the metrics of a large vendor, beside those of a small one; and what measuring all cursors costs."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Role
from portal.core.environments import Environment
from portal.desk.operation import metrics
from submissions.services.inbox import cursors, pace
from tests.benchmarks.figures import Figures
from tests.benchmarks.scale import Scale, Size, scale

pytestmark = pytest.mark.benchmark
__all__ = ["scale"]
PAGE = "/sandbox/operation/"
ROUNDS, VISITS = 3, 5
MOST_OF_SMALL, MOST_QUERIES, MOST_SCANS = 1.5, 20, 15
ALL_CURSORS = "SELECT count(*), max(c.next_attempt_at) FROM submissions_pollcursor c JOIN systemusers_access a ON a.id = c.access_id"


def best(act: Callable[[], object]) -> float:
    act()
    taken = []
    for _ in range(VISITS):
        began = time.perf_counter()
        act()
        taken.append(time.perf_counter() - began)
    return min(taken)


def acts(size: Size) -> dict[str, Callable[[], object]]:
    client = size.client(Role.ADMINISTRATOR)
    return {"Drift": lambda: client.get(PAGE), "/metrics": lambda: metrics.exposition(at=timezone.now())}


@pytest.mark.django_db
def test_the_operators_page_costs_the_same_at_any_size(scale: Scale) -> None:
    figures = Figures("operation")
    taken = {size.name: dict.fromkeys(("Drift", "/metrics"), 9.0) for size in scale.both}
    for _ in range(ROUNDS):
        for size in scale.both:
            with size.used():
                pace.measure(environment=Environment.SANDBOX, at=timezone.now())
                mine = taken[size.name]
                for name, act in acts(size).items():
                    mine[name] = min(mine[name], best(act))
    for name, large in taken["large"].items():
        small = taken["small"][name]
        about = f"{large * 1000:.0f} ms with {scale.large.customers} customers, {small * 1000:.0f} ms with {scale.small.customers}"
        figures.at_most(f"{name}: of a thousandth", large / small, MOST_OF_SMALL, about=about)
    with scale.large.used():
        client = scale.large.client(Role.ADMINISTRATOR)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(PAGE).status_code == 200
        figures.at_most("Drift: queries", len(queries), MOST_QUERIES, unit="queries")
        with connection.cursor() as cursor:
            scan = best(lambda: cursor.execute(ALL_CURSORS))
        whole = best(lambda: pace.measure(environment=Environment.SANDBOX, at=timezone.now()))
        claim = best(lambda: list(cursors.usable().order_by("next_attempt_at")[:50]))
        about = f"{whole * 1000:.0f} ms, and the next 50 cursors in {claim * 1000:.0f} ms"
        figures.at_most("measuring all cursors, of a plain scan", whole / scan, MOST_SCANS, about=about)
    figures.settle()
