"""Lists of Django admin cost the same however many rows there are: counts and pages end somewhere, filters look at the newest."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Customer, User
from portal.core import admin as base
from submissions.models import Document
from tests.fixtures import AT, make_operator

pytestmark = pytest.mark.django_db


@pytest.fixture
def operator(client: Client, administrator: User) -> Client:
    client.force_login(make_operator(administrator))
    return client


def make_customers(number: int) -> None:
    Customer.objects.bulk_create(
        Customer(environment="SANDBOX", orgnr=str(310_000_000 + n), name=f"Kunde {n}") for n in range(number)
    )


def test_a_list_is_counted_and_paged_so_far_only(operator: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    make_customers(260)
    monkeypatch.setattr(base, "MOST", 250)

    page = operator.get("/admin/accounts/customer/").text

    assert "250+ kunder" in page
    assert "?p=3" in page
    assert "?p=4" not in page
    assert operator.get("/admin/accounts/customer/?p=3").status_code == 200


def test_a_short_list_has_its_number(operator: Client) -> None:
    make_customers(3)

    assert "3 kunder" in operator.get("/admin/accounts/customer/").text


def test_no_list_counts_or_reads_a_whole_table(operator: Client) -> None:
    make_customers(3)

    with CaptureQueriesContext(connection) as queries:
        operator.get("/admin/submissions/submission/")

    counting = [q["sql"] for q in queries if "COUNT(" in q["sql"] and "LIMIT" not in q["sql"]]
    distinct = [q["sql"] for q in queries if "DISTINCT" in q["sql"] and "LIMIT" not in q["sql"]]
    assert (counting, distinct) == ([], [])


def test_a_filter_offers_the_values_of_the_newest_rows(
    operator: Client, customer: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for media_type in ("text/old", "text/newer", "text/newest"):
        Document.objects.create(
            customer=customer, filename="a", media_type=media_type, size=1, sha256=media_type, stored_at=AT
        )
    monkeypatch.setattr(base, "MOST", 2)

    page = operator.get("/admin/submissions/document/").text

    assert [f"?media_type=text%2F{name}" in page for name in ("old", "newer", "newest")] == [False, True, True]
