"""Frister in the browser: the board, the customers behind its numbers, their files, and who may see what."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from python_calamine import CalamineWorkbook

from accounts.models import Customer, Portfolio, User
from portal.core.audit import AuditEvent
from submissions.models import Expectation
from submissions.period import Period, PeriodKind
from submissions.services.handing_over import newest_ended
from systemusers.models import Access
from tests.submissions.due.rows import HOUSING, SALARY, SHARES
from tests.submissions.world import make_draft

SHARES_2025 = f"/sandbox/due/customers/{SHARES}/2025/"


def expect(customer: Customer, service: str = SHARES) -> None:
    Expectation.objects.create(
        environment="SANDBOX", customer=customer, service=service, first_period="2020-01-01", changed_by="user:x",
        changed_at=timezone.now(),
    )  # fmt: skip


def another(name: str, number: str = "313000005", portfolio: Portfolio | None = None) -> Customer:
    return Customer.objects.create(environment="SANDBOX", orgnr=number, name=name, portfolio=portfolio)


def steps(reply: Any) -> list[tuple[str, str, str]]:
    return [(row.customer.name, str(row.state), row.step.url) for row in reply.context["page"]]


def test_the_board_shows_what_is_expected_and_where_it_leads(
    client: Client, access: Access, administrator: User
) -> None:
    expect(access.customer, SALARY)
    last_month = newest_ended(PeriodKind.MONTH, timezone.localdate())
    client.force_login(administrator)

    page = client.get("/sandbox/due/")

    rows = [row for day in page.context["days"] for row in day.rows]
    assert {row.service for row in rows} == {"A-meldingen"}
    address = f"/sandbox/due/customers/{SALARY}/{last_month}/"
    assert address in [cell.url for row in rows for cell in row.cells]
    assert client.get(address).status_code == 200


def test_without_expectations_the_board_leads_to_who_shall_deliver_what(client: Client, administrator: User) -> None:
    client.force_login(administrator)

    page = client.get("/sandbox/due/").content.decode()

    assert "Ingen rapporter er forventet" in page
    assert 'href="/sandbox/due/expected/"' in page


def test_a_customer_without_access_has_one_next_act(client: Client, access: Access, administrator: User) -> None:
    stranger = another("Uten Tilgang AS")
    expect(access.customer)
    expect(stranger)
    client.force_login(administrator)

    page = client.get(SHARES_2025, {"state": "NO_ACCESS"})

    assert steps(page) == [("Uten Tilgang AS", "NO_ACCESS", f"/sandbox/access/new/?customer={stranger.pk}")]


def test_a_reader_is_told_the_act_and_not_led_to_a_form(client: Client, access: Access, reader: User) -> None:
    expect(access.customer)
    expect(another("Uten Tilgang AS"))
    client.force_login(reader)

    page = client.get(SHARES_2025)

    assert [(row.step.text, row.step.url) for row in page.context["page"]] == [
        ("Legg inn rapporten", ""), ("Be om tilgang", ""),
    ]  # fmt: skip


def test_a_question_that_is_open_or_ended_is_the_next_act_of_a_customer_without_access(
    client: Client, access: Access, administrator: User
) -> None:
    expect(access.customer)
    Access.objects.update(status="EXPIRED")
    client.force_login(administrator)

    ((_name, state, url),) = steps(client.get(SHARES_2025))

    assert (state, url) == ("NO_ACCESS", f"/sandbox/access/{access.pk}/")


def test_a_customer_with_access_and_no_report_is_led_to_the_new_report(
    client: Client, access: Access, administrator: User
) -> None:
    expect(access.customer)
    client.force_login(administrator)

    ((_name, state, url),) = steps(client.get(SHARES_2025))
    new = client.get(url)

    assert state == "NO_REPORT"
    assert new.context["form"]["period"].value() == "2025"
    assert new.context["form"]["offer"].value().endswith(SHARES)


def test_a_draft_leads_to_its_own_page(client: Client, access: Access, administrator: User) -> None:
    draft = make_draft(access, period=Period.year(2025))
    expect(access.customer)
    client.force_login(administrator)

    ((_name, state, url),) = steps(client.get(SHARES_2025))

    assert state == "DRAFT"
    assert url.startswith(f"/sandbox/submissions/{draft.pk}/")


def test_a_case_worker_sees_only_their_own_customers(client: Client, access: Access, case_worker: User) -> None:
    expect(access.customer)
    expect(another("I En Annen Portefølje AS", portfolio=Portfolio.objects.create(name="Øst")))
    client.force_login(case_worker)

    page = client.get(SHARES_2025)

    assert [row.customer for row in page.context["page"]] == [access.customer]
    assert page.context["row"].expected == 1


def test_the_file_has_the_customers_of_the_page(client: Client, access: Access, administrator: User) -> None:
    expect(access.customer)
    expect(another("=Uten Tilgang AS"))
    client.force_login(administrator)

    reply: Any = client.get(SHARES_2025, {"state": "NO_ACCESS", "file": "csv"})

    lines = reply.getvalue().decode("utf-8-sig").splitlines()
    assert len(lines) == 2
    assert lines[1].startswith("313000005;'=Uten Tilgang AS;")
    assert "Mangler tilgang;Be om tilgang;Dere" in lines[1]


def test_the_board_as_a_file_has_the_numbers_of_the_page(client: Client, access: Access, administrator: User) -> None:
    expect(access.customer, SALARY)
    client.force_login(administrator)
    rows = [row for day in client.get("/sandbox/due/").context["days"] for row in day.rows]

    reply: Any = client.get("/sandbox/due/?file=csv")
    book: Any = client.get("/sandbox/due/?file=xlsx")

    lines = reply.getvalue().decode("utf-8-sig").splitlines()
    assert [line.split(";")[3:] for line in lines[1:]] == [[str(cell.number) for cell in row.cells] for row in rows]
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(book.getvalue())).get_sheet_by_index(0).to_python()
    assert [line[3:] for line in sheet[1:]] == [[cell.number for cell in row.cells] for row in rows]
    told = AuditEvent.objects.filter(what="list-exported").values_list("detail__list", "detail__number")
    assert set(told) == {("frister", len(rows))}


@pytest.mark.parametrize(
    "address",
    [
        "/sandbox/due/customers/no-such/2025/",
        f"/sandbox/due/customers/{SHARES}/2025-03/",
        f"/sandbox/due/customers/{SALARY}-filopplasting/2025-03/",
        f"{SHARES_2025}?state=NOTHING",
    ],
)
def test_what_is_not_due_has_no_page(client: Client, administrator: User, address: str) -> None:
    client.force_login(administrator)

    assert client.get(address).status_code == 404


def test_everybody_may_read_the_board_and_the_calendar(client: Client, access: Access, reader: User) -> None:
    expect(access.customer, HOUSING)
    client.force_login(reader)

    for address in ("due/", "due/calendar/", "due/expected/", f"customers/{access.customer.pk}/expected/"):
        assert client.get(f"/sandbox/{address}").status_code == 200


def test_the_overview_leads_to_who_has_not_delivered(client: Client, access: Access, administrator: User) -> None:
    expect(access.customer, SALARY)
    client.force_login(administrator)

    page = client.get("/sandbox/").content.decode()
    lines = client.get("/sandbox/", headers={"HX-Request": "true", "HX-Target": "deadlines"}).context["deadlines"]

    assert 'href="/sandbox/due/?show=open"' in page
    assert lines
    assert all(line.count == 1 and client.get(line.url).context["row"].missing == 1 for line in lines)


def test_who_has_not_delivered_begins_with_the_customers_of_each_deadline(
    client: Client, access: Access, administrator: User
) -> None:
    expect(access.customer, SALARY)
    expect(another("Sørlys"), SALARY)
    client.force_login(administrator)

    page = client.get("/sandbox/due/?show=open")
    everything = client.get("/sandbox/due/")

    missing = page.context["missing"]
    assert missing
    assert [line.is_late for line in missing] == [True] * (len(missing) - 1) + [False]
    assert all(line.number == len(client.get(line.url).context["page"]) == 2 for line in missing)
    assert "Se hvem (2)" in page.content.decode()
    assert everything.context["missing"] == []


def test_the_overview_names_every_late_deadline_of_the_board(
    client: Client, access: Access, administrator: User
) -> None:
    expect(access.customer, SALARY)
    client.force_login(administrator)

    lines = client.get("/sandbox/", headers={"HX-Request": "true", "HX-Target": "deadlines"}).context["deadlines"]
    late = [line for line in client.get("/sandbox/due/?show=open").context["missing"] if line.is_late]

    assert late
    told = [(line.count, line.url.partition("?")[0]) for line in lines if line.is_urgent]
    assert told == [(line.number, line.url.partition("?")[0]) for line in late]
