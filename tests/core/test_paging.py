"""Keyset paging walks every row once, whatever page it is on."""

from __future__ import annotations

import base64

import pytest
from django.http import QueryDict
from django.template.loader import render_to_string

from accounts.models import Customer
from portal.core.environments import Environment
from portal.core.forms import ConfirmForm
from portal.core.paging import paginate
from portal.local.demo import orgnrs


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
def test_a_page_of_other_rows_keeps_its_cursor() -> None:
    make(5)
    page = paginate(Customer.objects.all(), query=QueryDict("q=same"), order=("name", "pk"), size=3)
    second = paginate(Customer.objects.all(), query=QueryDict(page.next_query), order=("name", "pk"), size=3)

    shown = [each.of(lambda row: row.orgnr) for each in (page, second)]

    assert [each.rows for each in shown] == [[row.orgnr for row in each] for each in (page, second)]
    assert [(each.next_query, each.first_query, each.is_later) for each in shown] == [
        (each.next_query, each.first_query, each.is_later) for each in (page, second)
    ]


@pytest.mark.django_db
@pytest.mark.parametrize("order", [("name", "pk"), ("-created_at", "-pk")])
@pytest.mark.parametrize(
    "said",
    [
        "nonsense", "[]", '{"x":1}', '["a"]', '[9999, "not a number"]', "[1, 2]", '[{}, 1]', "[[], 1]", "[null, 1]", "[NaN, 1]",
        "[true, 1]", '["a\\u0000", 1]', '["9999-99-99", 1]',
        '["2026-01-01T00:00:00+00:00", 1e400]', f'["2026-01-01T00:00:00+00:00", {10**30}]',
        "[" * 40_000, f'["2026-01-01T00:00:00+00:00", {"9" * 5_000}]',
    ],
)  # fmt: skip
def test_a_damaged_place_shows_a_page_and_no_error(said: str, order: tuple[str, ...]) -> None:
    make(3)
    place = base64.urlsafe_b64encode(said.encode()).decode()

    page = paginate(Customer.objects.all(), query=QueryDict(f"after={place}"), order=order, size=2)

    assert len(page) <= 2


@pytest.mark.django_db
def test_the_links_to_other_pages_take_nothing_from_the_page_but_its_list() -> None:
    """A page may have a form, a label and a query of its own."""
    make(9)
    first = paginate(Customer.objects.all(), query=QueryDict(), order=("name", "pk"), size=3)
    page = paginate(Customer.objects.all(), query=QueryDict(first.next_query), order=("name", "pk"), size=3)
    of_page = {"form": ConfirmForm(None, word="slett"), "label": "of the page", "query": "q=1", "rel": "nofollow"}

    alone, among_others = (
        render_to_string("components/pager.html", {"page": page, **context}) for context in ({}, of_page)
    )

    assert alone == among_others
    assert alone.count("<a ") == 3
