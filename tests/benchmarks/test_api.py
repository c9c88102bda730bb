"""What the API spends beside plain Django: a list beside a bare view that answers the same bytes, and 10 000 customers beside one insert.

The times are this process's own CPU: the database and other processes on the machine do not count.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpResponse
from django.test import Client, override_settings
from django.urls import path

from accounts.models import Customer, Integration, User
from tests.api.erp import Erp, make_integration
from tests.api.test_customers import valid_numbers
from tests.benchmarks.bare import MIDDLEWARE
from tests.fixtures import administrator, vendor

__all__ = ["administrator", "vendor"]
pytestmark = [pytest.mark.benchmark, pytest.mark.django_db]
ROWS, AT_ONCE, CALLS = 10_000, 1_000, 60
MOST, LEAST = 5.0, 0.5
answer = b""


@login_required
def bare_list(request: Any) -> HttpResponse:
    """The log-in, the rows that the user sees, and the bytes."""
    list(
        Customer.objects.visible_to(request.user)
        .filter(environment="SANDBOX")
        .select_related("portfolio")
        .order_by("pk")[:51]
    )
    return HttpResponse(answer, content_type="application/json")


urlpatterns = [path("bare/", bare_list)]


def spent(work: Callable[[], Any]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


@pytest.fixture
def fast(administrator: User, vendor: object) -> Erp:
    erp = Erp(make_integration(administrator))
    Integration.objects.update(calls_a_minute=100_000)
    return erp


def rows(count: int) -> list[dict[str, str]]:
    return [
        {"orgnr": number, "name": f"Kunde {number}", "contact_email": f"k{number}@kunde.example"}
        for number in valid_numbers(count)
    ]


def test_customers_by_the_api_cost_at_most_five_plain_inserts(fast: Erp) -> None:
    given = rows(ROWS)

    def insert(some: list[dict[str, str]]) -> None:
        with transaction.atomic():
            Customer.objects.bulk_create(Customer(environment="SANDBOX", **row) for row in some)
            transaction.set_rollback(True)

    insert(given[:100])
    bare = spent(lambda: insert(given))

    def send() -> None:
        for start in range(0, ROWS, AT_ONCE):
            reply = fast.post("/customers/bulk", {"rows": given[start : start + AT_ONCE]})
            assert reply.json()["created"] == AT_ONCE

    ours = spent(send)

    print(f"{ROWS} customers: plain insert {bare:.2f} s, by the API {ours:.2f} s: {ours / bare:.2f} (goal {MOST})")
    assert ours <= MOST * bare


def test_a_list_keeps_half_the_pace_of_a_bare_view_that_answers_the_same(fast: Erp, administrator: User) -> None:
    fast.post("/customers/bulk", {"rows": rows(200)})
    global answer  # noqa: PLW0603 - the bare view's
    answer = fast.get("/customers").content
    assert len(json.loads(answer)["items"]) == 50

    def best(act: Callable[[], Any]) -> float:
        act()
        return min(spent(act) for _ in range(CALLS))

    ours = best(lambda: fast.get("/customers"))
    with override_settings(ROOT_URLCONF=__name__, MIDDLEWARE=MIDDLEWARE):
        client = Client()
        client.force_login(administrator)
        bare = best(lambda: client.get("/bare/"))

    print(
        f"a list of customers {ours * 1000:.1f} ms, a bare view {bare * 1000:.1f} ms: {bare / ours:.2f} of its pace (goal {LEAST})"
    )
    assert bare / ours >= LEAST
