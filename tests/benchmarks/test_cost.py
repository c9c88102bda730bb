"""What a customer costs in a month, for vendors of three sizes: computed from what the other measurements found.

The mix of customers is that of `scale_rows`: a quarter with something new this week, half of them this month or last, the rest
silent. Each delivers a monthly report and two yearly ones. Calls are ours; Altinn's events come on top and cost none.
"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from submissions.services.inbox import cursors
from tests.benchmarks.figures import FILE, Figures
from tests.benchmarks.scale import Scale, Size, scale

pytestmark = pytest.mark.benchmark
__all__ = ["scale"]
MONTH = timedelta(days=30)
MIX = {"HOT": 0.25, "NORMAL": 0.5, "QUIET": 0.25}
CALLS_OF_A_ROUND = 2
"""A token and a search: the time between two rounds is longer than a token lives."""
REPORTS = 1 + 2 / 12
CALLS_OF_A_REPORT = 12
"""Tokens, what the customer has already, three posts, transmissions and activities, and the documents of the answer."""
SIZES = (1_000, 20_000, 200_000)
MOST_GROWTH = 1.1
"""The cost of one customer among 200 000, of one among 1 000: nothing may grow faster than the number of customers."""


def rounds() -> float:
    """Of polling, for one customer in a month."""
    often = sum(share * (MONTH / cursors.INTERVALS[tier]) for tier, share in MIX.items())
    return often + MONTH / cursors.FULL_EVERY


def size_of(size: Size) -> tuple[int, int]:
    """Bytes and rows of the database."""
    with size.used(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_database_size(current_database()), (SELECT sum(n_live_tup) FROM pg_stat_user_tables)")
        number_of_bytes, rows = cursor.fetchone()
        return int(number_of_bytes), int(rows)  # a sum of PostgreSQL's is a Decimal


def measured(part: str, fact: str) -> float:
    kept: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8")) if FILE.exists() else {}
    try:
        return float(kept[part]["facts"][fact])
    except KeyError:
        pytest.skip(f"measure {part} first: it finds {fact}")


@pytest.mark.django_db
def test_a_customer_costs_the_same_among_few_and_many(scale: Scale) -> None:
    figures = Figures("cost of a customer")
    of_a_round = measured("polling", "milliseconds of own CPU for a quiet customer") / 1000
    sweeping = measured("sweeps with nothing due", "seconds a day of all sweeps") * 30
    (small_bytes, small_rows), (large_bytes, large_rows) = size_of(scale.small), size_of(scale.large)
    more = scale.large.customers - scale.small.customers
    each_bytes, each_rows = (large_bytes - small_bytes) / more, (large_rows - small_rows) / more
    calls = rounds() * CALLS_OF_A_ROUND + REPORTS * CALLS_OF_A_REPORT
    cpu = {number: rounds() * of_a_round + sweeping / number for number in SIZES}
    figures.fact("calls outside for each customer and month", round(calls))
    figures.fact("rows for each customer", round(each_rows, 1))
    figures.fact("kilobytes for each customer", round(each_bytes / 1000, 1))
    for number in SIZES:
        figures.fact(f"seconds of CPU for each of {number} customers and month", round(cpu[number], 2))
        figures.fact(f"calls a second, {number} customers", round(calls * number / MONTH.total_seconds(), 1))
        figures.fact(f"gigabytes of database, {number} customers", round(each_bytes * number / 1e9, 2))
        figures.fact(f"cores of workers, {number} customers", round(cpu[number] * number / MONTH.total_seconds(), 3))
    figures.at_most("one of 200 000, of one of 1 000", cpu[SIZES[-1]] / cpu[SIZES[0]], MOST_GROWTH)
    figures.settle()
