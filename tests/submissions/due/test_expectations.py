"""From whom reports are expected: one by one, in bulk after a page that names the number, and as suggestions."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Customer, Portfolio, User
from portal.core import counting
from portal.core.audit import AuditEvent
from portal.local.demo import orgnrs
from submissions.models import Expectation, Submission
from submissions.period import Period
from submissions.services import catalogue
from submissions.services.due import expectations
from submissions.services.due.expectations import Decision
from systemusers.models import Access
from tests.submissions.due.rows import AT, SALARY, SALARY_FILES, SHARES
from tests.submissions.world import make_draft

ENTRY = catalogue.service(SHARES)
TODAY = date(2026, 11, 28)
BULK = f"/sandbox/due/expected/{SHARES}/"
CHOICE = {"who": "everybody", "portfolio": "", "is_expected": "yes", "first": "2025", "last": ""}
ONCE = Decision(ENTRY, True, Period.year(2025))


def decide(*customers: Customer, decision: Decision = ONCE) -> int:
    keys = [one.pk for one in customers]
    return expectations.decide(customers=keys, decision=decision, environment="SANDBOX", by="user:ida@x", at=AT)


def suggested() -> list[tuple[Any, Any]]:
    found = expectations.suggested(Customer.objects.all(), ENTRY, today=TODAY)
    return [(one.pk, one.newest) for one in found]  # type: ignore[attr-defined] # annotated


def delivered(access: Access, period: Period, **fields: Any) -> None:
    make_draft(access, status="ACCEPTED", period=period, delivered_at=AT, decided_at=AT, **fields)


def test_a_decision_is_stored_with_its_periods_and_told_in_the_history(customer: Customer) -> None:
    decide(customer, decision=Decision(ENTRY, True, Period.year(2025), Period.year(2027)))
    row, event = Expectation.objects.get(), AuditEvent.objects.get(what="expected")

    assert (row.is_expected, row.first_period, row.last_period) == (True, date(2025, 1, 1), date(2027, 1, 1))
    assert event.customer_id_ref == customer.pk
    assert event.detail == {"service": SHARES, "period": "2025–2027"}


def test_the_same_decision_again_changes_and_records_nothing(customer: Customer) -> None:
    decide(customer)

    assert decide(customer) == 0
    assert AuditEvent.objects.filter(what="expected").count() == 1


def test_another_decision_takes_the_place_of_the_first(customer: Customer) -> None:
    decide(customer)
    decide(customer, decision=Decision(ENTRY, False, Period.year(2025)))

    assert not Expectation.objects.get().is_expected
    assert AuditEvent.objects.filter(what="not-expected").count() == 1


def test_ten_thousand_customers_take_few_statements(db: None) -> None:
    rows = Customer.objects.bulk_create(
        Customer(environment="SANDBOX", orgnr=orgnr, name=orgnr) for orgnr in orgnrs(10_000, start=313_000_000)
    )

    with CaptureQueriesContext(connection) as queries:
        number = decide(*rows)

    assert number == Expectation.objects.count() == AuditEvent.objects.filter(what="expected").count() == 10_000
    assert len(queries) <= 16


def test_those_who_delivered_for_one_of_the_last_years_are_suggested(access: Access) -> None:
    delivered(access, Period.year(2024))

    assert suggested() == [(access.customer.pk, date(2024, 1, 1))]


@pytest.mark.parametrize("status", ["DRAFT", "REJECTED"])
def test_who_has_delivered_nothing_is_not_suggested(access: Access, status: str) -> None:
    sent = {"delivered_at": AT, "decided_at": AT} if status == "REJECTED" else {}
    make_draft(access, status=status, period=Period.year(2025), **sent)

    assert suggested() == []


def test_what_is_long_ago_is_no_suggestion(access: Access) -> None:
    delivered(access, Period.year(2022))

    assert suggested() == []


def test_nobody_is_suggested_twice_whatever_was_decided(access: Access) -> None:
    delivered(access, Period.year(2025))
    decide(access.customer, decision=Decision(ENTRY, False, Period.year(2025)))

    assert suggested() == []


def test_the_page_tells_why_somebody_is_suggested_and_stores_nothing(
    client: Client, access: Access, administrator: User
) -> None:
    delivered(access, Period.year(2025))
    client.force_login(administrator)

    page = client.get("/sandbox/due/expected/")

    (row,) = [row for row in page.context["rows"] if row.suggested]
    assert (row.service.id, row.reasons) == (SHARES, ["1 foreslått fordi kunden leverte for 2025"])
    assert not Expectation.objects.exists()


def test_suggestions_are_taken_after_a_page_that_names_the_number(
    client: Client, access: Access, administrator: User
) -> None:
    delivered(access, Period.year(2025))
    client.force_login(administrator)

    asked = client.get(BULK, {**CHOICE, "who": "suggested"}, follow=True)
    address = asked.redirect_chain[-1][0]
    assert "fra 1 kunde?" in asked.content.decode()
    assert not Expectation.objects.exists()
    client.post(address)

    row = Expectation.objects.get()
    assert (row.customer, row.origin, row.first_period) == (access.customer, "SUGGESTED", date(2025, 1, 1))


def reasons(client: Client) -> dict[str, tuple[int, list[str]]]:
    """By service: from how many it is expected, and why others are suggested."""
    rows = client.get("/sandbox/due/expected/").context["rows"]
    return {row.service.id: (row.expected, row.reasons) for row in rows if row.expected or row.suggested}


def delivered_salary(access: Access) -> None:
    """By file, for two months."""
    for month in (8, 9):
        Submission.objects.create(
            environment="SANDBOX", customer=access.customer, service=SALARY_FILES, status="DELIVERED", status_at=AT,
            delivered_at=AT, created_at=AT, created_by="user:ida@x", **Period.month(2026, month).columns(),
        )  # fmt: skip


def test_each_customer_is_suggested_once_for_its_newest_period_of_each_service(
    access: Access,
) -> None:
    for year in (2024, 2025):
        delivered(access, Period.year(year))
    delivered_salary(access)

    found = {one.service.id: one for one in suggestions()}

    assert {name: (one.newest, one.customers) for name, one in found.items()} == {
        SHARES: (Period.year(2025), 1),
        SALARY: (Period.month(2026, 9), 1),
    }


def suggestions() -> list[expectations.Suggestion]:
    offered = [catalogue.service(name) for name in (SHARES, SALARY)]
    return expectations.suggestions(Customer.objects.all(), offered, today=TODAY, mark="", is_large=False)


def test_the_numbers_of_each_service_are_of_those_of_whom_nobody_has_decided_about_it(access: Access) -> None:
    delivered(access, Period.year(2025))
    delivered_salary(access)
    decide(access.customer)

    assert [(one.service.id, one.customers) for one in suggestions()] == [(SALARY, 1)]


def test_large_numbers_are_kept_until_somebody_decides(
    client: Client,
    access: Access,
    administrator: User,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: Any,
) -> None:
    monkeypatch.setattr(counting, "LARGE", 0)
    delivered(access, Period.year(2025))
    first, second = (Customer.objects.create(environment="SANDBOX", orgnr=f"31300000{n}", name=f"{n}") for n in (5, 6))
    decide(first)
    client.force_login(administrator)
    suggested_one = (1, ["1 foreslått fordi kunden leverte for 2025"])
    assert reasons(client) == {SHARES: suggested_one}
    decide(second)  # in a transaction that goes on
    assert reasons(client) == {SHARES: suggested_one}, "kept"

    with django_capture_on_commit_callbacks(execute=True):
        decide(access.customer)

    assert reasons(client) == {SHARES: (3, [])}


def test_a_filter_chooses_the_customers_of_a_portfolio_with_access(
    client: Client, access: Access, portfolio: Portfolio, administrator: User
) -> None:
    for number, place in (("313000005", portfolio), ("313000013", None)):
        Customer.objects.create(environment="SANDBOX", orgnr=number, name=number, portfolio=place)
    client.force_login(administrator)

    for who, portfolio_code, found in (("everybody", "", 3), ("reachable", "", 1), ("everybody", str(portfolio.pk), 2)):
        client.post(f"{BULK}confirm/?who={who}&portfolio={portfolio_code}&is_expected=yes&first=2025&last=")

        assert Expectation.objects.count() == found
        Expectation.objects.all().delete()


def test_a_case_worker_decides_only_for_their_own_customers(
    client: Client, customer: Customer, case_worker: User
) -> None:
    Customer.objects.create(environment="SANDBOX", orgnr="313000005", name="En annen")
    client.force_login(case_worker)

    client.post(f"{BULK}confirm/?who=everybody&portfolio=&is_expected=yes&first=2025&last=")

    assert [row.customer for row in Expectation.objects.all()] == [customer]


def test_a_period_that_ends_before_it_begins_is_refused(
    client: Client, customer: Customer, administrator: User
) -> None:
    client.force_login(administrator)

    reply = client.get(BULK, {**CHOICE, "first": "2026", "last": "2025"})

    assert reply.status_code == 422
    assert "før den første" in reply.content.decode()


def test_one_customer_is_decided_on_its_own_page(client: Client, customer: Customer, case_worker: User) -> None:
    client.force_login(case_worker)
    address = f"/sandbox/customers/{customer.pk}/expected/{SALARY}/"

    client.post(address, {"is_expected": "yes", "first": "2026-09", "last": "2026-10"})
    page = client.get(f"/sandbox/customers/{customer.pk}/").content.decode()
    again = client.get(address)

    assert "Fra og med september 2026 til og med oktober 2026" in page
    assert (again.context["form"]["first"].value(), again.context["form"]["last"].value()) == ("2026-09", "2026-10")


@pytest.mark.parametrize("address", [BULK, f"{BULK}confirm/", f"/sandbox/customers/1/expected/{SHARES}/"])
def test_a_reader_decides_nothing(client: Client, customer: Customer, reader: User, address: str) -> None:
    client.force_login(reader)

    assert client.get(address).status_code == client.post(address).status_code == 403
