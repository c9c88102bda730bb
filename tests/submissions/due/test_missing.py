"""Who is late, of all services and periods at once: the numbers of the board, page after page, and a file."""

from __future__ import annotations

import io
from datetime import date
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from python_calamine import CalamineWorkbook

from accounts.models import Customer, Portfolio, User
from accounts.services import customer_groups
from portal.core.audit import AuditEvent
from portal.core.environments import Environment
from submissions.models import DueCount
from submissions.services.due import counting
from submissions.services.due.board import Row, board
from submissions.services.due.counting import customers_of
from submissions.services.due.listing import ORDER, Found, find, find_all, sections
from submissions.services.due.states import MISSING, DueState
from systemusers.models import Access
from tests.submissions.due.rows import AT, SALARY, SHARES, many
from tests.submissions.due.test_board import SPAN
from tests.submissions.due.test_pages import another, expect
from tests.submissions.world import World

LIST = "/sandbox/due/customers/"
WHOLE = {"first": f"{timezone.localdate().year - 1}-{timezone.localdate().month:02}"}
"""A year of deadlines."""


@pytest.fixture
def rows(world: World, portfolio: Portfolio, administrator: User) -> list[Row]:
    """Of two hundred customers in every state."""
    many(200, profile=world.access.profile, portfolios=[portfolio, Portfolio.objects.create(name="Øst")])
    return board(user=administrator, environment=Environment.SANDBOX, span=SPAN, at=AT).rows


def pages(found_by: Any, *, order: tuple[str, ...], size: int) -> list[Found]:
    """All rows, page after page."""
    found: list[Found] = []
    cursor: list[str | int] = []
    while True:
        page = found_by(order=order, cursor=cursor, size=size)
        found += page[:size]
        if len(page) <= size:
            return found
        cursor = [getattr(page[size - 1], name.lstrip("-")) for name in order]


@pytest.mark.parametrize("code", ["late", "missing", *map(str, MISSING)])
def test_the_pages_have_the_rows_that_the_board_counts_in_order_both_ways(
    rows: list[Row], administrator: User, code: str
) -> None:
    customers = customers_of(user=administrator, environment="SANDBOX")
    numbers = {"late": sum(row.late for row in rows), "missing": sum(row.missing for row in rows)}
    expected = numbers.get(code, sum(row.numbers.get(code, 0) for row in rows))
    asked = sections(rows, code, at=AT)

    def by_pages(**how: Any) -> list[Found]:
        return find(customers, asked, **how)

    found = pages(by_pages, order=ORDER, size=7)
    turned = pages(by_pages, order=tuple(f"-{name}" for name in ORDER), size=7)
    whole = [one for some in find_all(customers, asked, batch=50) for one in some]

    assert expected
    assert len({(one.deadline, one.pk) for one in found}) == len(found) == expected
    assert [(one.deadline, one.pk) for one in turned] == [(one.deadline, one.pk) for one in reversed(found)]
    assert found == whole
    days = [one.item.day or date.max for one in found]
    assert days == sorted(days)
    wanted = set(MISSING) if code in numbers else {DueState(code)}
    assert {one.state for one in found} == wanted


def test_old_numbers_hide_no_row_of_a_deadline_that_they_know(rows: list[Row], administrator: User) -> None:
    """The numbers say which deadlines a page needs: where they are too large, the page asks the next ones too."""
    customers = customers_of(user=administrator, environment="SANDBOX")
    asked = sections(rows, "missing", at=AT)
    whole = find(customers, asked, order=ORDER, cursor=[], size=2_000)
    first = asked[0]
    wrong = [type(first)(one.item, one.states, 2_000 if one is first else one.number) for one in asked]

    found = find(customers, wrong, order=ORDER, cursor=[], size=len(whole) - 1)

    assert found == whole


def test_the_page_shows_all_that_are_late_with_their_next_act_and_the_boards_number(
    client: Client, access: Access, administrator: User
) -> None:
    expect(access.customer, SALARY)
    expect(access.customer, SHARES)
    stranger = another("Uten Tilgang AS")
    expect(stranger, SALARY)
    client.force_login(administrator)

    page = client.get(LIST, WHOLE)
    lines = [row for day in client.get("/sandbox/due/", WHOLE).context["days"] for row in day.rows]

    late = sum(line.cells[-1].number for line in lines)
    assert late == page.context["list"].number.value == len(page.context["page"]) > 10
    shown = list(page.context["page"])
    assert {row.item.service.id for row in shown} == {SALARY, SHARES}
    assert all(row.item.day < timezone.localdate() for row in shown)
    assert all(row.step.url for row in shown)
    assert {row.step.url for row in shown if row.customer == stranger} == {
        f"/sandbox/access/new/?customer={stranger.pk}"
    }


def test_each_choice_narrows_the_list_and_its_numbers(
    client: Client, access: Access, administrator: User, portfolio: Portfolio
) -> None:
    mine, other = access.customer, another("Østfold AS", portfolio=Portfolio.objects.create(name="Øst"))
    for customer in (mine, other):
        expect(customer, SALARY)
        expect(customer, SHARES)
    only = Customer.objects.filter(pk=mine.pk)
    customer_groups.assign(customers=only, to=administrator, by=administrator.actor, at=timezone.now())
    client.force_login(administrator)

    whole = client.get(LIST, WHOLE).context["list"].number.value
    for choice in ({"portfolio": str(portfolio.pk)}, {"assignee": "me"}, {"q": mine.name}):
        page = client.get(LIST, WHOLE | choice)
        assert {row.customer for row in page.context["page"]} == {mine}
        assert page.context["list"].number.value == len(page.context["page"]) == whole / 2
    one = client.get(LIST, WHOLE | {"service": SHARES})

    assert {row.item.service.id for row in one.context["page"]} == {SHARES}


def test_a_case_worker_is_told_of_their_own_customers_only(client: Client, access: Access, case_worker: User) -> None:
    expect(access.customer, SALARY)
    expect(another("I En Annen Portefølje AS", portfolio=Portfolio.objects.create(name="Øst")), SALARY)
    client.force_login(case_worker)

    page = client.get(LIST)
    file: Any = client.get(LIST, {"file": "csv"})

    assert {row.customer for row in page.context["page"]} == {access.customer}
    assert page.context["list"].number.value == len(page.context["page"])
    assert "Annen" not in file.getvalue().decode()


def test_the_files_have_one_line_for_each_missing_report(client: Client, access: Access, administrator: User) -> None:
    expect(access.customer, SALARY)
    expect(another("=Uten Tilgang AS"), SALARY)
    client.force_login(administrator)
    shown = list(client.get(LIST, {"state": "missing"}).context["page"])

    csv: Any = client.get(LIST, {"state": "missing", "file": "csv"})
    book: Any = client.get(LIST, {"state": "missing", "file": "xlsx"})

    lines = csv.getvalue().decode("utf-8-sig").splitlines()[1:]
    assert [line.split(";")[5] for line in lines] == [str(row.item.period) for row in shown]
    assert any(line.startswith("313000005;'=Uten Tilgang AS;") for line in lines)
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(book.getvalue())).get_sheet_by_index(0).to_python()
    assert [line[1] for line in sheet[1:]] == [row.customer.name for row in shown]
    told = AuditEvent.objects.filter(what="list-exported").values_list("detail__list", "detail__number")
    assert set(told) == {("ikke-levert", len(shown))}


def test_the_board_leads_there_with_its_own_choices(client: Client, access: Access, administrator: User) -> None:
    expect(access.customer, SALARY)
    expect(access.customer, SHARES)
    client.force_login(administrator)

    board_page = client.get("/sandbox/due/", {"show": "open", "service": SALARY})
    links = dict(board_page.context["everybody"])

    assert [text.partition(" (")[0] for text in links] == ["Alle som er for sent ute", "Alle som ikke har levert"]
    for text, url in links.items():
        assert f"({len(client.get(url).context['page'])})" in text
        assert url in board_page.content.decode().replace("&amp;", "&")


@pytest.mark.parametrize("state", ["ACCEPTED", "DELIVERED", "", "NOTHING"])
def test_only_what_is_missing_has_such_a_list(client: Client, administrator: User, state: str) -> None:
    client.force_login(administrator)

    assert client.get(LIST, {"state": state}).status_code == 404


def test_nobody_late_is_said_so(client: Client, administrator: User) -> None:
    client.force_login(administrator)

    assert "Ingen er for sent ute" in client.get(LIST).content.decode()


@pytest.mark.usefixtures("world")
def test_the_numbers_of_a_large_vendor_are_those_that_the_worker_stored(
    client: Client, access: Access, administrator: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("LIVE_TO", "FEW"):
        monkeypatch.setattr(counting, name, 0)
    expect(access.customer, SALARY)
    counting.count_due(at=timezone.now(), environments=["SANDBOX"])
    DueCount.objects.filter(service=SALARY, customers=1).update(customers=40)
    client.force_login(administrator)

    page = client.get(LIST)

    late = {row.item.period for row in page.context["page"]}
    assert page.context["list"].number.value == 40 * len(late)
    assert late
