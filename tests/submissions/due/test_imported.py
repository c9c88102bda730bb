"""A column of a file says from whom which reports are expected; the row of each says so, and an undo takes it back."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from accounts.models import Customer, CustomerImportRow, User, Vendor
from accounts.services.imports import undoing
from portal.core.audit import AuditEvent
from portal.core.environments import Environment
from submissions.models import Expectation
from submissions.period import Period
from submissions.services import catalogue
from submissions.services.due.expectations import Decision, decide
from submissions.services.due.imported import names_of_services, read_services
from tests.accounts.imports.rig import FIRST, SECOND, THIRD, imported, judged, undone, verdicts
from tests.fixtures import AT

WAGES, SHARES, HOUSING = (f"innrapportering-{name}" for name in ("amelding", "aksjonaerregisteroppgave", "boligsameie"))
DEPOSITS = "innrapportering-innskuddutlaanrenter"
V = CustomerImportRow.Verdict
BY = "user:x@vendor.example"
HEAD = "Orgnr;Forventede rapporter"


@pytest.fixture(autouse=True)
def environments(settings: Any, vendor: Vendor) -> None:
    settings.ENVIRONMENTS = ("SANDBOX", "TEST")


def known(orgnr: str, **said: bool) -> Customer:
    """A customer of whom something was said before."""
    customer = Customer.objects.create(environment="TEST", orgnr=orgnr, name="Kjent AS")
    for name, is_expected in said.items():
        service = catalogue.service(f"innrapportering-{name}")
        first = Period(service.period, date(2024, 1, 1))
        decision = Decision(service, is_expected, first)
        decide(customers=[customer.pk], decision=decision, environment="TEST", by=BY, at=AT)
    return customer


def said() -> list[tuple[str, str, bool]]:
    rows = Expectation.objects.order_by("customer__orgnr", "service")
    return list(rows.values_list("customer__orgnr", "service", "is_expected"))


def test_new_and_known_customers_get_what_the_file_says(administrator: User) -> None:
    known(SECOND, boligsameie=True)
    content = f'{HEAD}\n{FIRST};"A-meldingen, RF-1086"\n{SECOND};aksjonærregisteroppgåva | a-melding\n{THIRD};\n'

    row = imported(administrator, content)

    assert verdicts(row) == [V.NEW, V.CHANGED, V.NEW]
    assert said() == [
        (FIRST, SHARES, True), (FIRST, WAGES, True),
        (SECOND, SHARES, True), (SECOND, WAGES, True), (SECOND, HOUSING, True),
    ]  # fmt: skip
    wages = Expectation.objects.get(customer__orgnr=FIRST, service=WAGES)
    assert (wages.origin, wages.last_period, wages.changed_by) == ("IMPORTED", None, administrator.actor)
    told = AuditEvent.objects.filter(what="expected", by=administrator.actor)
    assert told.count() == 4
    assert not AuditEvent.objects.filter(what="edited").exists()


def test_a_name_with_commas_is_one_name() -> None:
    known = {"innskuddutlånogrenter": DEPOSITS, "amelding": WAGES, "innskudd": SHARES}

    assert read_services("Innskudd, utlån og renter, A-melding", known) == sorted([DEPOSITS, WAGES])
    assert read_services("Innskudd; A-melding", known) == sorted([SHARES, WAGES])
    assert read_services("utlån og renter", known) is None
    assert read_services(" , ", known) == []


def test_only_names_of_one_service_alone_are_known(administrator: User) -> None:
    names = names_of_services(Environment.TEST)
    row = judged(administrator, f"{HEAD}\n{FIRST};RF-1086\n{SECOND};RF-1301\n{THIRD};Skatt")

    assert row.rows.get(orgnr=FIRST).values["expected"] == [SHARES]
    assert verdicts(row) == [V.NEW, V.VALUE, V.VALUE]
    assert "rf1301" not in names


def test_what_was_said_before_is_as_it_was_after_an_undo(administrator: User) -> None:
    known(FIRST, aksjonaerregisteroppgave=False, boligsameie=True)
    before = said()
    row = imported(administrator, f'{HEAD}\n{FIRST};"Aksjonærregisteroppgaven, A-meldingen"\n{SECOND};A-meldingen')
    between = said()

    undone(row, administrator)

    assert between == [
        (FIRST, SHARES, True), (FIRST, WAGES, True), (FIRST, HOUSING, True), (SECOND, WAGES, True),
    ]  # fmt: skip
    assert said() == before
    assert not Customer.objects.filter(orgnr=SECOND).exists()
    assert AuditEvent.objects.filter(what="undecided").count() == 1


def test_a_decision_of_a_person_since_is_kept(administrator: User) -> None:
    row = imported(administrator, f"{HEAD}\n{FIRST};A-meldingen\n{SECOND};A-meldingen")
    service = catalogue.service(WAGES)
    later = Decision(service, True, Period(service.period, date(2026, 1, 1)))
    one = Customer.objects.get(orgnr=FIRST)
    decide(customers=[one.pk], decision=later, environment="TEST", by=BY, at=AT)

    assert undoing.used_of(row) == 1
    undone(row, administrator)

    assert said() == [(FIRST, WAGES, True)]


def test_the_same_file_again_changes_nothing(administrator: User) -> None:
    content = f"{HEAD}\n{FIRST};A-meldingen"
    imported(administrator, content)
    before = Expectation.objects.values().get()

    row = judged(administrator, content)

    assert verdicts(row) == [V.KNOWN]
    assert Expectation.objects.values().get() == before


def test_the_preview_says_what_changes_and_what_a_cell_may_be(client: Any, administrator: User) -> None:
    known(FIRST)
    row = judged(administrator, f"{HEAD}\n{FIRST};A-meldingen\n{SECOND};Skattekort")
    client.force_login(administrator)

    page = client.get(f"/test/customers/import/{row.pk}/").content.decode()

    assert "Forventede rapporter: – → A-meldingen" in page
    assert "Skriv navnene på tjenester som har frister" in page
