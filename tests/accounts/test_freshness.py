"""What the business register says of customers is asked for again, and shown wherever one asks for access or sends."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from accounts.models import Customer, RegisterRound, Vendor
from accounts.services import freshness
from accounts.services.business_register import look_up, warnings_of
from accounts.services.customers import Details, add_customer
from portal.core.audit import AuditEvent
from portal.sandbox import Sandbox
from portal.sandbox.faults import Fault
from tests.accounts.world import organisation
from tests.fixtures import AT, CUSTOMER_ORGNR

BY = "user:ida@vendor.example"
DAY = timedelta(days=1)


@pytest.fixture
def customer(vendor: Vendor, sandbox: Sandbox) -> Customer:
    organisation(sandbox)
    return add_customer(
        environment="SANDBOX", orgnr=CUSTOMER_ORGNR, details=Details(name="Nordlys Eiendom AS"), by=BY, at=AT,
        lookup=look_up(environment="SANDBOX", orgnr=CUSTOMER_ORGNR),
    )  # fmt: skip


def refreshed(customer: Customer, *, at: Any = AT + DAY) -> list[str]:
    freshness.refresh_due(at=at, environments=["SANDBOX"])
    customer.refresh_from_db()
    return warnings_of(customer)


@pytest.mark.parametrize(
    ("registry", "warning"),
    [
        ({"slettedato": "2026-11-01"}, "Virksomheten er slettet i Enhetsregisteret."),
        ({"konkurs": True}, "Virksomheten er konkurs. Bostyreren må godkjenne."),
        ({"underAvvikling": True}, "Virksomheten er under avvikling."),
        ({"underRekonstruksjonsforhandling": True}, "Virksomheten er under rekonstruksjon."),
        (
            {"fjernet": True},
            "Enhetsregisteret viser ikke denne virksomheten. Den er fjernet av rettslige grunner.",
        ),
    ],
)
def test_a_change_in_the_register_is_a_warning_within_a_day(
    customer: Customer, sandbox: Sandbox, registry: dict[str, Any], warning: str
) -> None:
    assert warnings_of(customer) == []
    organisation(sandbox, registry=registry)

    assert refreshed(customer) == [warning]
    assert customer.business_register_at is not None
    assert customer.business_register_at >= AT + DAY
    assert AuditEvent.objects.filter(what="looked-up", by="task:refresh_customers").count() == 1


def test_a_new_name_is_a_warning_until_the_customer_has_it(customer: Customer, sandbox: Sandbox) -> None:
    organisation(sandbox, name="Sørlys Eiendom AS")

    assert refreshed(customer) == ["Virksomheten har skiftet navn i Enhetsregisteret til SØRLYS EIENDOM AS."]
    customer.name = "Sørlys Eiendom AS"
    assert warnings_of(customer) == []


def test_an_organisasjonsledd_has_no_warning(customer: Customer, sandbox: Sandbox) -> None:
    organisation(sandbox, form="ORGL", registry={"overordnetEnhet": "310200009"})

    assert refreshed(customer) == []
    assert customer.business_register["form"] == "ORGL"


def test_what_did_not_change_leaves_no_trace_and_is_not_asked_again_the_same_day(
    customer: Customer, sandbox: Sandbox
) -> None:
    refreshed(customer)
    asked = len(sandbox.calls)

    refreshed(customer, at=AT + DAY + timedelta(hours=1))

    assert asked > 0
    assert len(sandbox.calls) == asked
    assert not AuditEvent.objects.filter(by="task:refresh_customers").exists()


def test_a_register_that_is_away_changes_nothing_and_is_tried_again(customer: Customer, sandbox: Sandbox) -> None:
    sandbox.faults.order(Fault(service="brreg"))

    refreshed(customer)

    row = RegisterRound.objects.get()
    assert customer.business_register_at == AT
    assert (row.failures, row.lease_until) == (1, None)
    assert row.next_attempt_at is not None
    assert row.next_attempt_at < AT + DAY + timedelta(minutes=1)


def test_a_number_that_the_register_gives_no_answer_for_keeps_no_other_waiting(
    customer: Customer, sandbox: Sandbox
) -> None:
    broken, unknown = (
        Customer.objects.create(environment="SANDBOX", orgnr=orgnr, name=orgnr) for orgnr in ("923609016", "974760673")
    )
    path = f"/brreg/enhetsregisteret/api/enheter/{broken.orgnr}"
    sandbox.faults.order(Fault(service="brreg", path=path, kind="status", status=400, seconds=0.0, times=10))
    organisation(sandbox, registry={"konkurs": True})

    warnings = refreshed(customer)

    broken.refresh_from_db()
    unknown.refresh_from_db()
    row = RegisterRound.objects.get()
    assert warnings == ["Virksomheten er konkurs. Bostyreren må godkjenne."]
    assert (broken.business_register_at, unknown.business_register_at is None) == (None, False)
    assert (row.failures, row.problem_code) == (1, "UNAVAILABLE")
