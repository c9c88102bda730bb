"""The report of who acted for which customer: for administrators, by employee, customer, period and act, as a page and as files."""

from __future__ import annotations

import zipfile
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Customer, Role, User
from accounts.services.staff import save_user
from portal.core.audit import AuditEvent, record
from portal.core.audit_events import AuditType
from portal.core.environments import Environment
from portal.desk.oversight import acts as report
from portal.desk.oversight import kinds
from tests.api.erp import make_integration
from tests.fixtures import make_user

pytestmark = pytest.mark.django_db
ADDRESS, READ = "/sandbox/oversight/who/", "Dokument, svar eller dialog lest"
HERE = Environment.SANDBOX


def this_month() -> report.Period:
    today = timezone.localdate()
    return report.Period(today.replace(day=1), today)


@pytest.fixture
def acts(vendor: Any, customer: Customer, administrator: User, case_worker: User) -> None:
    """Two by a case worker for the customer, one by an administrator about no customer, one by the portal, one a year ago."""
    at, of_customer = timezone.now(), {"target": customer, "customer_id": customer.pk}
    record(by=case_worker.actor, at=at, what=AuditType.READ, **of_customer)
    record(by=case_worker.actor, at=at, what=AuditType.EDITED, **of_customer)
    record(by=administrator.actor, at=at, what=AuditType.KEY_MADE, target=customer, customer_id=None, kid="k")
    record(by="task:poll", at=at, what=AuditType.ARCHIVED, **of_customer)
    record(by=case_worker.actor, at=at - timedelta(days=400), what=AuditType.FETCHED, **of_customer)


def page(client: Client, user: User, query: str = "") -> str:
    client.force_login(user)
    reply = client.get(f"{ADDRESS}?{query}")
    assert reply.status_code == 200
    return reply.content.decode()


def rows_of(text: str) -> str:
    return text.split('id="results"')[1]


def test_it_is_for_administrators(client: Client, vendor: Any, case_worker: User, reader: User) -> None:
    for user in (case_worker, reader, make_user(role=Role.DEVELOPER)):
        client.force_login(user)
        assert client.get(ADDRESS).status_code == 403


def test_it_shows_who_did_what_for_whom_this_month(
    client: Client, administrator: User, case_worker: User, customer: Customer, acts: None
) -> None:
    text = page(client, administrator)

    assert case_worker.name in rows_of(text)
    assert customer.name in rows_of(text)
    assert READ in rows_of(text)
    assert "Portalen selv" in rows_of(text)
    assert "Dokument lastet ned" not in rows_of(text)


def test_the_table_counts_by_employee_and_leads_to_the_acts(
    client: Client, administrator: User, case_worker: User, acts: None
) -> None:
    text = page(client, administrator)

    table = text.split('id="people-title"')[1].split("</section>")[0]
    assert table.index(case_worker.name) < table.index(administrator.name)
    assert f"who={case_worker.email.replace('@', '%40')}&amp;act=read" in table
    assert "Portalen selv" not in table


@pytest.mark.parametrize(
    ("query", "there", "not_there"),
    [
        ("who=portal", "Kunden er arkivert", READ), ("act=read", READ, "Kunden er arkivert"),
        ("act=changed", "Kunden er arkivert", READ), ("act=keys", "Nøkkel laget", READ),
        ("who=nobody%40example.no", "Ingen treff", READ), ("q=finnes+ikke", "Ingen treff", READ),
    ],
)  # fmt: skip
@pytest.mark.usefixtures("acts")
def test_it_is_narrowed(client: Client, administrator: User, query: str, there: str, not_there: str) -> None:
    results = rows_of(page(client, administrator, query))

    assert there in results
    assert not_there not in results


def test_another_period_shows_what_was_done_then(client: Client, administrator: User, acts: None) -> None:
    then = timezone.localdate(timezone.now() - timedelta(days=400))

    results = rows_of(page(client, administrator, f"first={then}&last={then}"))

    assert "Dokument lastet ned" in results
    assert READ not in results


@pytest.mark.parametrize(
    ("query", "error"),
    [
        ("first=2026-02-01&last=2026-01-01", "Til-datoen er før fra-datoen."), ("first=2020-01-01&last=2026-01-01", "høyst ett år"),
        ("first=31.31.2026", "Oppgi en gyldig dato"), ("first=9999-01-01&last=9999-12-31", "mellom 2000 og 2100"),
        ("first=0001-01-01", "mellom 2000 og 2100"),
    ],
)  # fmt: skip
def test_a_period_that_is_wrong_is_told_at_its_field(
    client: Client, administrator: User, query: str, error: str
) -> None:
    assert error in page(client, administrator, query)


def test_another_environment_has_its_own(client: Client, administrator: User, acts: None) -> None:
    client.force_login(administrator)

    assert READ not in client.get("/test/oversight/who/").content.decode()


@pytest.mark.parametrize("format", ["csv", "xlsx"])
def test_the_file_has_all_rows_and_is_in_the_trail(
    client: Client, administrator: User, case_worker: User, acts: None, format: str
) -> None:
    client.force_login(administrator)

    content = b"".join(client.get(f"{ADDRESS}?act=read&file={format}").streaming_content)  # type: ignore[attr-defined]

    if format == "xlsx":
        content = zipfile.ZipFile(BytesIO(content)).read("xl/worksheets/sheet1.xml")
    text = content.decode()
    assert "Aktør i loggen" in text
    assert text.count(case_worker.actor) == 1
    event = AuditEvent.objects.get(what=AuditType.LIST_EXPORTED)
    assert event.detail.items() >= {"list": "hvem-har-handlet", "format": format, "number": 1}.items()


def test_acts_under_a_former_address_are_of_the_same_person(
    client: Client, administrator: User, case_worker: User, customer: Customer, acts: None
) -> None:
    """One line of the table, with one customer; and the filter by either address finds all."""
    before = case_worker.email
    case_worker.email = "nora.ny@vendor.example"
    save_user(user=case_worker, by=administrator.actor, at=timezone.now())
    record(by=case_worker.actor, at=timezone.now(), what=AuditType.READ, target=customer, customer_id=customer.pk)

    asked: dict[str, Any] = {"user": administrator, "environment": HERE, "period": this_month()}
    rows, staff = report.find_acts(**asked), list(User.objects.all())
    [line] = [one for one in report.summary(rows, staff=staff) if one.email == case_worker.email]
    found = [report.find_acts(**asked, who=address).count() for address in (before, case_worker.email)]

    assert (line.customers, dict(line.counts)["read"], found) == (1, 2, [3, 3])
    assert before not in {one.email for one in report.summary(rows, staff=staff)}


def test_every_type_of_event_is_of_one_kind() -> None:
    whats = [what for each in kinds.KINDS.values() for what in each]

    assert len(whats) == len(set(whats))
    assert {kinds.kind_of(what) for what in AuditType} == set(kinds.TITLES)


def test_it_costs_the_same_whatever_it_shows(
    client: Client, administrator: User, acts: None, django_assert_max_num_queries: Any
) -> None:
    client.force_login(administrator)
    client.get(ADDRESS)

    with django_assert_max_num_queries(16):
        client.get(ADDRESS)


def test_a_period_with_too_many_acts_has_no_table(
    client: Client, administrator: User, acts: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report, "MOST_SUMMED", 1)

    text = page(client, administrator)

    assert "Velg en kortere periode" in text
    assert "people-title" not in text


def test_acts_of_an_integration_are_found_by_its_name_and_by_the_employee_behind_them(
    client: Client, administrator: User, case_worker: User, customer: Customer, vendor: Any
) -> None:
    erp = make_integration(administrator)
    record(by=erp.actor, at=timezone.now(), what=AuditType.READ, target=customer, customer_id=customer.pk)
    by = f"{erp.actor} {case_worker.actor}"
    record(by=by, at=timezone.now(), what=AuditType.FETCHED, target=customer, customer_id=customer.pk)

    both = rows_of(page(client, administrator, f"who={erp.actor}"))
    theirs = rows_of(page(client, administrator, f"who={case_worker.email}"))

    assert all(text in both for text in ("Integrasjonen erp", f"{case_worker.name}, gjennom erp", READ))
    assert "Dokument lastet ned" in theirs
    assert READ not in theirs
