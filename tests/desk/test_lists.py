"""What all lists have in common: an empty answer is a page that says so, and people see what is theirs."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Role, User, Vendor
from tests.fixtures import make_user

LISTS = ["customers", "accesses", "submissions", "dialogs"]
ALL = [*LISTS, "orders", "letters", "following", "services", "offered"]


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


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("query", ["", "?q=finnes+ikke"])
def test_htmx_gets_the_results_and_their_number_as_they_are_on_the_page(
    client: Client, administrator: User, vendor: Vendor, name: str, query: str
) -> None:
    client.force_login(administrator)

    page = client.get(address(name) + query)
    part = client.get(address(name) + query, headers={"HX-Request": "true", "HX-Target": "results"})

    hits, section = part.text.split('<section id="results"')
    assert section.strip().endswith("</section>")
    assert lines('<section id="results"' + section) in lines(page.text)
    assert lines(hits).replace(' hx-swap-oob="innerHTML"', "") in lines(page.text)


def lines(html: str) -> str:
    """Without blank lines, and without the token that each answer has anew."""
    return "\n".join(line.strip() for line in html.splitlines() if line.strip() and "csrfmiddlewaretoken" not in line)
