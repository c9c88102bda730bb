"""Names and searches with characters that look alike, that nobody sees, or that no Norwegian keyboard has."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from accounts.models import Customer, User

pytestmark = pytest.mark.django_db
LISTS = ["/sandbox/customers/", "/sandbox/access/new/"]


def customer(name: str, number: int = 1) -> Customer:
    return Customer.objects.create(environment="SANDBOX", orgnr=f"31000{number:04}", name=name)


@pytest.mark.parametrize("stored", ["Brattvåg Fisk AS", "Brattva\u030ag Fisk AS"])
@pytest.mark.parametrize(
    "typed", ["Brattvåg", "Brattva\u030ag", "bratt\u00advåg", "\u200ebrattvag", "brattvåg\u00a0fisk"]
)
def test_a_name_is_found_however_its_letters_are_written(stored: str, typed: str) -> None:
    row = customer(stored)

    assert list(Customer.objects.matching(typed)) == [row]


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("Ýr AS", "yr"), ("Škoda Norge AS", "skoda"), ("Čapek AS", "capek"), ("Łódź AS", "lodz"), ("Groß AS", "gross"),
        ("Groß AS", "groß"), ("Đurić AS", "duric"), ("Skoda AS", "škoda"), ("Ñandú AS", "nandu"),
    ],
)  # fmt: skip
def test_letters_of_other_languages_are_found_by_their_plain_ones(name: str, typed: str) -> None:
    row = customer(name)

    assert list(Customer.objects.matching(typed)) == [row]


def test_a_name_of_combining_letters_is_sorted_as_the_others() -> None:
    rows = [customer(name, n) for n, name in enumerate(["A\u030aen AS", "Åby AS", "Zoo AS", "Šik AS", "Tre AS"])]

    assert [row.name for row in Customer.objects.all()] == [rows[n].name for n in (3, 4, 2, 1, 0)]


def test_a_new_customer_is_stored_without_what_nobody_sees(client: Client, administrator: User, vendor: Any) -> None:
    client.force_login(administrator)
    fields = {
        "orgnr": "\u202a310\u2011987\u2011654\u202c", "name": "Nordlys\u00ad Eiendo\u200em\u00a0A\u030aS", "language": "nb",
        "contact_email": "kari@nordlys\u200b.example", "reference": "\u200eK-1",
    }  # fmt: skip

    client.post("/sandbox/customers/new/", fields)

    row = Customer.objects.get()
    assert (row.orgnr, row.name) == ("310987654", "Nordlys Eiendom ÅS")
    assert (row.contact_email, row.reference) == ("kari@nordlys.example", "K-1")


@pytest.mark.parametrize("address", LISTS)
@pytest.mark.parametrize("typed", ["Brattva\u030ag", "\u200eBratt\u00advåg"])
def test_the_search_field_takes_what_is_pasted(client: Client, administrator: User, address: str, typed: str) -> None:
    customer("Brattvåg Fisk AS")
    client.force_login(administrator)

    assert "Brattvåg Fisk AS" in client.get(address, {"q": typed}).text
