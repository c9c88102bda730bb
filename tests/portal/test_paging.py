"""Keyset paging walks every row once, whatever page it is on."""

from __future__ import annotations

import pytest
from django.http import QueryDict

from accounts.models import Customer
from portal.demo import orgnrs
from portal.models import Environment
from portal.paging import paginate


def make(count: int) -> None:
    for i, orgnr in enumerate(orgnrs(count)):
        Customer.objects.create(environment=Environment.SANDBOX, orgnr=orgnr, name=f"Same {i % 3}")


@pytest.mark.django_db
@pytest.mark.parametrize("order", [("name", "pk"), ("-created_at", "-pk")])
def test_all_rows_come_once_in_order(order: tuple[str, ...]) -> None:
    make(25)
    query, seen = QueryDict("q=same"), []

    while True:
        page = paginate(Customer.objects.all(), query=query, order=order, size=4)
        seen += [row.pk for row in page]
        if not page.next_query:
            break
        query = QueryDict(page.next_query)

    assert seen == list(Customer.objects.order_by(*order).values_list("pk", flat=True))
    assert query["q"] == "same"


@pytest.mark.django_db
@pytest.mark.parametrize("place", ["nonsense", "W10", "eyJ4IjoxfQ", "WyJhIl0", "Wzk5OTksICJub3QgYSBudW1iZXIiXQ"])
def test_a_damaged_place_shows_a_page_and_no_error(place: str) -> None:
    make(3)

    page = paginate(Customer.objects.all(), query=QueryDict(f"after={place}"), order=("name", "pk"), size=2)

    assert len(page) <= 2
