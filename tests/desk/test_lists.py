"""What all lists have in common: an empty answer is a page that says so, and people see what is theirs."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Role, User, Vendor
from tests.fixtures import make_user

LISTS = ["customers", "accesses", "submissions", "dialogs"]


def address(name: str) -> str:
    return reverse(name, kwargs={"environment": "sandbox"})


@pytest.mark.parametrize("name", LISTS)
def test_a_search_without_hits_says_so(client: Client, administrator: User, vendor: Vendor, name: str) -> None:
    client.force_login(administrator)

    page = client.get(address(name), {"q": "finnes ikke"})

    assert page.status_code == 200
    assert "Ingen treff" in page.text


@pytest.mark.parametrize("name", ["dashboard", *LISTS])
@pytest.mark.parametrize("query", ["", "q=finnes", "state=rejected", "state=due", "status=OPEN", "group=none"])
def test_who_has_no_portfolio_yet_sees_an_empty_list(client: Client, vendor: Vendor, name: str, query: str) -> None:
    client.force_login(make_user(Role.CASE_WORKER))

    assert client.get(f"{address(name)}?{query}").status_code == 200
