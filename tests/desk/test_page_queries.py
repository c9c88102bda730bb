"""No page asks the database much, at a first visit with an empty cache, however large the vendor is."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Role
from accounts.services import customers
from portal.core import counting, filters
from portal.core.valkey import valkey
from tests.benchmarks.addresses import admin_lists, staff_pages, without_row
from tests.benchmarks.scale import drop, make

CUSTOMERS = 200
MOST_QUERIES = 12
NO_PAGES = {"factor-remove", "kept-postpone", "operation-release"}
"""The addresses whose rows the vendor has not: acts, which have no page."""
FEWEST_PAGES = 150
"""So many are found, for both roles together."""


@pytest.mark.django_db(transaction=True)
def test_every_page_asks_the_database_twelve_times_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    """Numbers are estimated and kept as those of a large vendor are."""
    limits: tuple[tuple[Any, str, int], ...] = (
        (counting, "MOST", 10), (counting, "LARGE", 5), (counting, "FEW", 5), (customers, "FEW", 3), (filters, "COUNT_TO", 10),
        (filters, "COUNT_FOUND_TO", 10),
    )  # fmt: skip
    for where, name, limit in limits:
        monkeypatch.setattr(where, name, limit)
    size = make("asked", CUSTOMERS)
    try:
        with size.used():
            asked, lacking = _of_all_pages(size), without_row()
    finally:
        drop(size)

    assert lacking == NO_PAGES, "make such a row in tests/benchmarks/scale_others.py"
    assert len(asked) >= FEWEST_PAGES
    assert {page: number for page, number in asked.items() if number > MOST_QUERIES} == {}


def _of_all_pages(size: Any) -> dict[str, int]:
    pages = {Role.ADMINISTRATOR: staff_pages() | admin_lists(), Role.CASE_WORKER: staff_pages()}
    asked = {}
    for role, addresses in pages.items():
        client = size.client(role)
        client.get("/sandbox/")  # the first visit of a person is noted
        for name, address in addresses.items():
            if (number := _queries_of(client, address)) is not None:
                asked[f"{name} for {role}"] = number
    return asked


def _queries_of(client: Client, address: str) -> int | None:
    """None for what is no page: a redirect, a download, or nothing for a GET.

    What opens for the first time may store that, and now and then a visit is noted: what asks too much is visited once more.
    """
    number = 0
    for _visit in range(2):
        valkey().flushdb()
        with CaptureQueriesContext(connection) as queries:
            response = client.get(address)
        response.close()
        if response.status_code != 200 or response.streaming:
            return None
        number = len(queries)
        if number <= MOST_QUERIES:
            break
    return number
