"""What the clock starts, for a vendor of full size with nothing due: each statement costs what the look-up of one row does."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.db import connection, reset_queries
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from accounts.models import Customer
from portal.celery import app
from portal.core.lease import Leased
from portal.core.schedule import DAY, EVERY
from tests.benchmarks.figures import Figures
from tests.benchmarks.scale import Scale, Size, scale

pytestmark = pytest.mark.benchmark
__all__ = ["scale"]
ROUNDS, RUNS = 4, 5
MOST_LOOKUPS = 3
MOST_OF_SMALL = 1.5
NOWHERE = "http://127.0.0.1:9"
OVER_ALL = {"portal.tasks.measure_pace"}
"""Measures all cursors: test_operation.py compares it with a plain scan."""


def sweeps() -> dict[str, Callable[[], Any]]:
    """By the name of their task. Those that run daily go through everything by design."""
    app.loader.import_default_modules()
    return {name: app.tasks[name].run for name, every in EVERY.items() if every < DAY and name not in OVER_ALL}


def leave_nothing_due(size: Size) -> None:
    """Each sweep has begun what it begins once, and what it found due waits for tomorrow."""
    with size.used():
        for _ in range(2):
            for run in sweeps().values():
                run()
            for model in apps.get_models():
                if issubclass(model, Leased):
                    now = timezone.now()
                    due = model._base_manager.filter(next_attempt_at__lte=now)
                    due.update(next_attempt_at=now + timedelta(days=1), lease_until=None)
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")


def best(act: Callable[[], Any]) -> float:
    taken = []
    for _ in range(RUNS):
        began = time.perf_counter()
        act()
        taken.append(time.perf_counter() - began)
    return min(taken)


def look_up() -> None:
    """Of one row by its key, RUNS times."""
    Customer.objects.filter(pk=1).values_list("pk", flat=True).first()


@pytest.mark.django_db
def test_a_sweep_with_nothing_due_costs_as_little_as_look_ups(scale: Scale, settings: Settings) -> None:
    settings.SANDBOX_URL = NOWHERE
    figures = Figures("sweeps with nothing due")
    for size in scale.both:
        leave_nothing_due(size)
    taken: dict[str, dict[str, float]] = {name: {"small": 9, "large": 9, "look-up": 9} for name in sweeps()}
    statements = {}
    for _ in range(ROUNDS):
        for size in scale.both:
            with size.used():
                for name, run in sweeps().items():
                    with CaptureQueriesContext(connection) as queries:
                        run()
                    statements[name] = len(queries)
                    reset_queries()
                    mine = taken[name]
                    mine[size.name] = min(mine[size.name], best(run))
                    mine["look-up"] = min(mine["look-up"], best(look_up))
    figures.fact("customers", scale.large.customers)
    figures.fact(
        "seconds a day of all sweeps", round(sum(mine["large"] * DAY / EVERY[name] for name, mine in taken.items()), 1)
    )
    for name, mine in sorted(taken.items(), key=lambda one: -one[1]["large"] / max(1, statements[one[0]])):
        number = max(1, statements[name])
        about = f"{mine['large'] * 1000:.1f} ms, {mine['small'] * 1000:.1f} small, {number} statements"
        each = mine["large"] / number / mine["look-up"]
        figures.at_most(f"{name.rpartition('.')[2]}: a statement, of a look-up", each, MOST_LOOKUPS, about=about)
        figures.at_most(f"{name.rpartition('.')[2]}: of a thousandth", mine["large"] / mine["small"], MOST_OF_SMALL)
    figures.settle()
