"""What a person must finish: the page that leads out of the portal, and submissions that need a person."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.test import Client

from accounts.models import Customer, Portfolio, Role, User
from submissions.models import ServiceSetting, Submission
from submissions.period import PeriodKind
from submissions.services import catalogue
from submissions.services.handing_over import for_a_person, hand_over, newest_ended
from submissions.services.local import CannotTurnOn, switch
from submissions.services.pages.next_step import next_step
from systemusers.models import Access
from tests.fixtures import AT, make_user
from tests.submissions.world import make_draft

S = Submission.Status
PERSONAL = [service.id for service in for_a_person()]


def address(service: str, customer: Customer | None = None) -> str:
    return f"/sandbox/services/{service}/hand-over/" + (f"?customer={customer.pk}" if customer else "")


def test_the_services_that_a_person_must_deliver_are_those_two() -> None:
    assert set(PERSONAL) == {"skattemelding", "mva-melding"}


@pytest.mark.parametrize("environment", ["TEST", "PRODUCTION"])
@pytest.mark.parametrize("service", PERSONAL)
def test_what_is_uncertain_is_off(db: None, service: str, environment: str) -> None:
    entry = catalogue.service(service)

    assert not catalogue.local(environment).is_on(entry)
    assert set(entry.doubts) == {"nb", "nn", "en"}


def test_what_only_a_person_can_do_cannot_be_turned_on(db: None) -> None:
    with pytest.raises(CannotTurnOn):
        switch(service=catalogue.service("mva-melding"), environment="TEST", on=True, by="user:x@vendor.example", at=AT)


def test_what_is_made_ready_is_turned_on_beside_what_is_uncertain(client: Client, administrator: User) -> None:
    entry = catalogue.service("skattemelding")
    assert catalogue.local("SANDBOX").is_on(entry)
    client.force_login(administrator)

    assert entry.doubt in client.get("/test/services/skattemelding/").content.decode()
    client.post("/test/services/skattemelding/turn/", {"on": "yes"})

    assert catalogue.local("TEST").is_on(entry)
    assert not catalogue.local("PRODUCTION").is_on(entry)


@pytest.mark.parametrize("role", Role.values)
@pytest.mark.parametrize("service", PERSONAL)
def test_every_role_sees_who_where_when_and_why(client: Client, customer: Customer, service: str, role: str) -> None:
    user, entry = make_user(role), catalogue.service(service)
    user.portfolios.add(customer.portfolio)
    client.force_login(user)

    text = client.get(address(service, customer)).content.decode()

    assert customer.name in text
    assert "Personen må logge inn selv" in text
    assert f'href="{entry.link}"' in text
    assert "Ukjent for portalen. Se fristen hos Skatteetaten." in text
    assert entry.reason in text
    assert entry.doubt in text


def test_a_deadline_that_the_vendor_has_written_is_shown(client: Client, reader: User) -> None:
    ServiceSetting.objects.create(
        environment="SANDBOX", service="skattemelding", is_on=False, deadline_day=31, deadline_month=5, changed_at=AT
    )
    client.force_login(reader)

    assert "31. mai" in client.get(address("skattemelding")).content.decode()


def test_a_deadline_that_has_passed_is_late() -> None:
    setting = ServiceSetting(service="skattemelding", deadline_day=31, deadline_month=5)
    settings = catalogue.Local("SANDBOX", {"skattemelding": setting})
    entry = catalogue.service("skattemelding")

    found = [hand_over(entry, settings=settings, today=today) for today in (date(2026, 5, 31), date(2026, 6, 1))]

    assert [(one.period, one.deadline, one.is_late) for one in found] == [
        ("2025", date(2026, 5, 31), False), ("2025", date(2026, 5, 31), True),
    ]  # fmt: skip


def test_what_the_portal_makes_ready_begins_here(
    client: Client, access: Access, case_worker: User, reader: User
) -> None:
    begin = f"/sandbox/submissions/new/?customer={access.customer.pk}&amp;service="
    client.force_login(case_worker)
    pages = {service: client.get(address(service, access.customer)).text for service in PERSONAL}
    client.force_login(reader)
    read = client.get(address("skattemelding", access.customer)).text

    assert {service: f'href="{begin}{service}"' in page for service, page in pages.items()} == {
        "skattemelding": True, "mva-melding": False,
    }  # fmt: skip
    assert ("Dette gjør portalen først" in read, begin in read) == (True, False)


@pytest.mark.parametrize(
    ("kind", "text"),
    [(PeriodKind.YEAR, "2025"), (PeriodKind.MONTH, "2025-12"), (PeriodKind.TERM, "2025-T6")],
)
def test_the_newest_period_that_has_ended(kind: PeriodKind, text: str) -> None:
    assert str(newest_ended(kind, date(2026, 1, 15))) == text


def test_customers_of_others_and_services_that_can_be_sent_have_no_such_page(
    client: Client, customer: Customer
) -> None:
    stranger = make_user(Role.CASE_WORKER)
    stranger.portfolios.add(Portfolio.objects.create(name="Andre"))
    client.force_login(stranger)

    assert client.get(address("skattemelding", customer)).status_code == 404
    assert client.get(address("skattemelding") + "?customer=x").status_code == 404
    assert client.get(address("innrapportering-bsu")).status_code == 404
    assert client.get(address("finnes-ikke")).status_code == 404


def test_the_page_is_reached_from_a_new_submission_and_from_the_services(
    client: Client, access: Access, administrator: User
) -> None:
    client.force_login(administrator)

    new = client.get(f"/sandbox/submissions/new/?customer={access.customer.pk}").content.decode()
    listed = client.get("/sandbox/services/").content.decode()
    one = client.get("/sandbox/services/mva-melding/").content.decode()

    for service in PERSONAL:
        assert f'href="{address(service, access.customer)}"' in new
        assert f'href="{address(service)}"' in listed
    assert f'href="{address("mva-melding")}"' in one


@pytest.mark.parametrize(
    ("code", "what"),
    [("", "En person må logge inn og gjøre det ferdig"), ("HTTP-403", "Skatteetaten")],
)
def test_a_submission_that_needs_a_person_says_who_what_and_where(
    client: Client, access: Access, reader: User, code: str, what: str
) -> None:
    submission = make_draft(access, status=S.NEEDS_PERSON, problem_code=code, delivered_at=AT)
    client.force_login(reader)

    text = client.get(f"/sandbox/submissions/{submission.pk}/").content.decode()
    step: Any = next_step(submission, at=AT, working=True)

    assert (step.text in text, f"<strong>{step.who}</strong>" in text) == (True, True)
    assert what in text
    assert "Gå til Skatteetaten" in text or "Hos Skatteetaten eller i Altinn" in text
    listed = client.get("/sandbox/submissions/?state=person").content.decode()
    assert step.who in listed
    assert step.text in listed
