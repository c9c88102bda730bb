"""Searches are bounded: the page tells the limit, and a long search costs no more than a short one."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Customer, User
from tests.fixtures import make_operator

pytestmark = pytest.mark.django_db
LISTS = ["customers", "access", "submissions", "dialogs", "access/new", "submissions/new"]
LONG = " ".join(f"ord{n}" for n in range(20_000))


@pytest.mark.parametrize("name", LISTS)
def test_a_long_search_is_cut_and_the_page_says_the_limit(client: Client, administrator: User, name: str) -> None:
    client.force_login(administrator)

    with CaptureQueriesContext(
        connection,
    ) as queries:
        page = client.get(f"/sandbox/{name}/", {"q": LONG})

    assert page.status_code == 200
    assert "høyst 8 ord og 100 tegn" in page.text
    assert max(len(query["sql"]) for query in queries) < 20_000


def test_a_search_within_the_limits_has_no_such_line(client: Client, administrator: User) -> None:
    Customer.objects.create(environment="SANDBOX", orgnr="310987654", name="Nordlys Eiendom AS")
    client.force_login(administrator)

    page = client.get("/sandbox/customers/", {"q": "nordlys  eiendom"})

    assert "høyst" not in page.text
    assert "Nordlys Eiendom AS" in page.text


def test_a_search_in_django_admin_is_bounded_too(client: Client, administrator: User) -> None:
    make_operator(administrator)
    client.force_login(administrator)

    with CaptureQueriesContext(connection) as queries:
        client.get("/admin/accounts/customer/", {"q": LONG})

    assert max(len(query["sql"]) for query in queries) < 20_000
