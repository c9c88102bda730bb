"""What all lists do alike: files with all rows, order, pages both ways, size, number, and what a search announces."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.db.models import Count, OuterRef, Q
from django.http import QueryDict
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from python_calamine import load_workbook

from accounts.models import Customer, Portfolio, User
from portal.core import counting, filters
from portal.core.audit import AuditEvent
from portal.core.counting import Number, number_of
from portal.core.database import has_row
from portal.core.environments import Environment
from portal.core.filters import Group
from portal.core.lists import ListPage
from portal.core.paging import paginate
from portal.local.demo import orgnrs
from tests.fixtures import administrator, case_worker, portfolio, vendor

__all__ = ["administrator", "case_worker", "portfolio", "vendor"]
URL = "/sandbox/customers/"
pytestmark = pytest.mark.django_db


@pytest.fixture
def staff(client: Client, administrator: User, vendor: Any) -> Client:
    client.force_login(administrator)
    return client


def make(count: int, **fields: Any) -> list[Customer]:
    rows = [
        Customer(**{"environment": Environment.SANDBOX, "orgnr": orgnr, "name": f"Kunde {i:03} AS"} | fields)
        for i, orgnr in enumerate(orgnrs(count))
    ]
    for row in rows:
        row.save()
    return rows


def lines(reply: Any) -> list[str]:
    return b"".join(reply.streaming_content).decode("utf-8-sig").splitlines()


def test_a_file_has_every_row_of_the_filter_and_the_trail_has_who_took_it(staff: Client, administrator: User) -> None:
    make(60)

    reply = staff.get(f"{URL}?q=Kunde&group=none&file=csv")

    assert reply["Content-Disposition"].startswith('attachment; filename="kunder-')
    assert len(lines(reply)) == 61
    event = AuditEvent.objects.get(what="list-exported")
    assert (event.by, event.environment) == (administrator.actor, "SANDBOX")
    assert event.detail.items() >= {"list": "kunder", "format": "csv", "number": 60}.items()


def test_a_file_leaves_out_what_the_search_leaves_out(staff: Client) -> None:
    make(12)

    assert [line.split(";")[1] for line in lines(staff.get(f"{URL}?q=Kunde 007&file=csv"))] == ["Kunde", "Kunde 007 AS"]


def test_a_file_has_only_what_the_user_may_see(
    client: Client, vendor: Any, case_worker: User, portfolio: Portfolio
) -> None:
    ours, _theirs = make(2)
    Customer.objects.filter(pk=ours.pk).update(portfolio=portfolio)
    client.force_login(case_worker)

    assert [line.split(";")[0] for line in lines(client.get(f"{URL}?file=csv"))[1:]] == [ours.orgnr]


@pytest.mark.parametrize("name", ['=HYPERLINK("https://evil.example")', "+47", "-1", "@SUM(A1)"])
def test_a_name_from_outside_is_no_formula(staff: Client, name: str) -> None:
    make(1, name=name)

    [_header, line] = lines(staff.get(f"{URL}?file=csv"))
    book = load_workbook(BytesIO(b"".join(staff.get(f"{URL}?file=xlsx").streaming_content)))  # type: ignore[attr-defined]

    assert line.split(";")[1].strip('"').startswith(f"'{name[0]}")
    assert book.get_sheet_by_index(0).to_python()[1][1] == name


def test_a_workbook_has_the_same_rows(staff: Client) -> None:
    rows = make(3)

    reply: Any = staff.get(f"{URL}?file=xlsx")

    sheet = load_workbook(BytesIO(b"".join(reply.streaming_content))).get_sheet_by_index(0).to_python()
    assert [line[0] for line in sheet[1:]] == [row.orgnr for row in rows]


def test_a_file_for_programs_has_the_same_rows(staff: Client) -> None:
    rows = make(2, name="Kunde «Ås», 12057012345")

    found = json.loads(b"".join(staff.get(f"{URL}?file=json").streaming_content))  # type: ignore[attr-defined]
    nothing = json.loads(b"".join(staff.get(f"{URL}?q=finnesikke&file=json").streaming_content))  # type: ignore[attr-defined]

    assert [one["Organisasjonsnummer"] for one in found] == [row.orgnr for row in rows]
    assert {one["Kunde"] for one in found} == {"Kunde «Ås», ***********"}
    assert nothing == []


@pytest.mark.parametrize("name", ["-1", "=1+1"])
def test_a_file_for_programs_has_names_as_they_are(staff: Client, name: str) -> None:
    make(1, name=name)

    [found] = json.loads(b"".join(staff.get(f"{URL}?file=json").streaming_content))  # type: ignore[attr-defined]

    assert found["Kunde"] == name


def test_an_unknown_format_is_the_page(staff: Client) -> None:
    make(1)

    assert b"<table" in staff.get(f"{URL}?file=exe").content


def test_a_heading_turns_the_order_around_and_every_page_keeps_it(staff: Client) -> None:
    make(30)

    first = staff.get(f"{URL}?sort=-name&size=25")
    second = staff.get(f"{URL}?{first.context['page'].next_query}")

    names = [row.customer.name for page in (first, second) for row in page.context["page"]]
    assert names == [f"Kunde {i:03} AS" for i in reversed(range(30))]
    assert b'aria-sort="descending"' in second.content


@pytest.mark.parametrize("asked", ["sort=nonsense", "sort=-", "size=0", "size=9999999999999999999", "size=x"])
def test_an_unknown_order_or_size_is_the_usual_one(staff: Client, asked: str) -> None:
    make(2)

    page = staff.get(f"{URL}?{asked}").context["page"]

    assert [row.customer.name for row in page] == ["Kunde 000 AS", "Kunde 001 AS"]


@pytest.mark.parametrize("order", [("name", "pk"), ("-created_at", "-pk")])
def test_the_way_back_shows_the_same_pages(order: tuple[str, ...]) -> None:
    make(25)
    query, there = QueryDict("q=x"), []
    while True:
        page = paginate(Customer.objects.all(), query=query, order=order, size=4)
        there.append([row.pk for row in page])
        if not page.next_query:
            break
        query = QueryDict(page.next_query)

    back = [[row.pk for row in page]]
    while page.previous_query:
        page = paginate(Customer.objects.all(), query=QueryDict(page.previous_query), order=order, size=4)
        back.insert(0, [row.pk for row in page])

    assert back == there
    assert not page.is_later


def test_the_number_of_rows_is_told(staff: Client) -> None:
    make(60)

    assert "60 rader" in staff.get(URL).content.decode()
    assert "1 rad<" in staff.get(f"{URL}?q=Kunde 001").content.decode()


def test_above_the_limit_the_number_is_an_estimate(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counting, "MOST", 5)
    make(8)

    number = number_of(Customer.objects.all(), known_by=["all"])

    assert number.is_estimate
    assert number.value >= 5
    assert number_of(Customer.objects.filter(name__startswith="Kunde 000"), known_by=["one"]) == Number(1)


def test_a_large_count_is_kept_and_a_small_one_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    cache.clear()
    monkeypatch.setattr(counting, "LARGE", 3)
    rows, few = Customer.objects.all(), Customer.objects.filter(name="Kunde 000 AS")
    make(4)
    before = number_of(rows, known_by=["all"]), number_of(few, known_by=["few"])
    Customer.objects.all().delete()

    assert before == (Number(4), Number(1))
    assert (number_of(rows, known_by=["all"]), number_of(few, known_by=["few"])) == (Number(4), Number(0))
    assert number_of(rows, known_by=["another"]) == Number(0)
    cache.clear()


def test_a_search_swaps_the_rows_and_not_the_field(staff: Client) -> None:
    make(3)

    page = staff.get(URL).content.decode()
    swapped = staff.get(f"{URL}?q=Kunde 001", headers={"HX-Request": "true", "HX-Target": "results"}).content.decode()

    assert page.index('id="q"') < page.index('id="hits"') < page.index('id="results"')
    assert 'id="q"' not in swapped
    assert '<p id="hits" class="hits" role="status" hx-swap-oob="innerHTML">1 rad</p>' in swapped


def test_customers_are_filtered_by_portfolio(staff: Client, portfolio: Portfolio) -> None:
    inside, outside = make(2)
    Customer.objects.filter(pk=inside.pk).update(portfolio=portfolio)

    shown = [
        [row.customer.pk for row in staff.get(f"{URL}?portfolio={value}").context["page"]]
        for value in (portfolio.pk, "none", "x")
    ]

    assert shown == [[inside.pk], [outside.pk], [inside.pk, outside.pk]]


def test_the_number_comes_with_those_of_the_groups(staff: Client) -> None:
    """One statement counts the chips and all rows; it says what a statement of its own would."""
    make(60)

    with CaptureQueriesContext(connection) as queries:
        page = staff.get(URL).content.decode()

    assert "60 rader" in page
    assert len([one for one in queries if "count(*)" in one["sql"].lower()]) == 1


def test_a_search_is_counted_less_far_and_says_so(staff: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filters, "COUNT_FOUND_TO", 55)
    make(60)

    page = staff.get(f"{URL}?q=Kunde").content.decode()

    assert "over 55 rader" in page
    assert "Omtrent" not in page
    assert "60 rader" in staff.get(URL).content.decode()


def test_a_moment_that_was_reckoned_from_now_is_the_same_question_later(monkeypatch: pytest.MonkeyPatch) -> None:
    cache.clear()
    monkeypatch.setattr(counting, "LARGE", 3)
    make(4)
    at, day = timezone.now(), timedelta(days=1)
    since = datetime(2026, 1, 1, tzinfo=UTC)

    def ask(at: datetime, since: datetime) -> int:
        rows = Customer.objects.filter(created_at__lt=at + day, created_at__gt=since)
        return number_of(rows, known_by=counting.by_sql(rows, at=at)).value

    before = ask(at, since)
    Customer.objects.all().delete()
    later = at + timedelta(seconds=7, microseconds=3)

    assert (before, ask(later, since)) == (4, 4)
    assert ask(later, since + timedelta(minutes=1)) == 0
    cache.clear()


def test_the_numbers_of_a_whole_vendor_are_kept_when_one_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    cache.clear()
    monkeypatch.setattr(counting, "LARGE", 3)
    make(4)
    rows = Customer.objects.order_by().values_list("name").annotate(n=Count("pk"))
    by_place = Customer.objects.order_by().values("environment").annotate(n=Count("pk"))
    small, large = counting.whole(rows, of=1), counting.whole(by_place)
    total = counting.total_of(Customer.objects.all())
    Customer.objects.all().delete()

    assert (len(small), large, total) == (4, [{"environment": "SANDBOX", "n": 4}], 4)
    assert counting.whole(rows.all(), of=1) == []
    assert (counting.whole(by_place.all()), counting.total_of(Customer.objects.all())) == (large, total)
    assert counting.whole(Customer.objects.none().values("name").annotate(n=Count("pk"))) == []
    cache.clear()


def test_a_group_that_people_change_is_counted_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    cache.clear()
    monkeypatch.setattr(counting, "LARGE", 3)
    make(4)
    first = Q(name="Kunde 000 AS")
    groups = [
        Group("all", "", Q()),
        Group("first", "", first, is_live=True),
        Group("rest", "", ~Q(name=""), is_live=True),
    ]
    before = filters.counts(Customer.objects.all(), groups, known_by=["all"])
    Customer.objects.all().delete()

    assert before == {"all": 4, "first": 1, "rest": 4}
    assert filters.counts(Customer.objects.all(), groups, known_by=["all"]) == {"all": 4, "first": 0, "rest": 0}
    cache.clear()


def test_a_group_stays_live_in_a_list_with_rows_apart() -> None:
    class Apart(ListPage[Any, Any]):
        def groups(self) -> list[Group]:
            return [Group("new", "", Q(name="A"), is_live=True), Group("old", "", Q(name="B"))]

        def apart(self) -> Group:
            return Group("ended", "", Q(name="C"))

    groups = Apart(RequestFactory().get("/"))._all_groups

    assert [(one.code, one.is_live) for one in groups] == [("new", True), ("old", False), ("ended", False)]


def test_a_row_is_looked_up_for_each_row_by_itself() -> None:
    kept, _other = make(2, portfolio=Portfolio.objects.create(name="Nord"))
    Customer.objects.exclude(pk=kept.pk).update(portfolio=None)
    nord = has_row(Portfolio.objects.filter(pk=OuterRef("portfolio"), name="Nord"))

    assert list(Customer.objects.filter(nord)) == [kept]
    assert list(Customer.objects.filter(~nord | Q(pk=kept.pk)).order_by("pk")) == [kept, _other]
