"""What the business register says of customers is asked for again, and shown wherever one asks for access or sends."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from accounts.models import Customer, RegisterRound, Vendor
from accounts.services import freshness, register_feed
from accounts.services.business_register import look_up, warnings_of
from accounts.services.customers import Details, add_customer
from portal.core.audit import AuditEvent
from portal.core.lease import lasting_problems
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


def looked_up(sandbox: Sandbox) -> list[Any]:
    """The calls that asked for units, not for the update feed."""
    return [call for call in sandbox.calls if "oppdateringer" not in call["path"]]


@pytest.mark.parametrize(
    ("registry", "warning"),
    [
        (
            {"slettedato": "2026-11-01"},
            "Virksomheten er slettet i Enhetsregisteret. Kunngjøringene på brreg.no sier om den er slått sammen med en annen.",
        ),
        ({"konkurs": True}, "Virksomheten er konkurs. Bostyreren må godkjenne."),
        ({"underAvvikling": True}, "Virksomheten er under avvikling."),
        ({"underRekonstruksjonsforhandlingDato": "2026-11-01"}, "Virksomheten er under rekonstruksjon."),
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
    asked = len(looked_up(sandbox))

    refreshed(customer, at=AT + DAY + timedelta(hours=1))

    assert asked > 0
    assert len(looked_up(sandbox)) == asked
    assert not AuditEvent.objects.filter(by="task:refresh_customers").exists()


def test_a_register_that_is_away_changes_nothing_and_is_tried_again(customer: Customer, sandbox: Sandbox) -> None:
    sandbox.faults.order(Fault(service="brreg", times=99))

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


def test_the_feed_is_read_on_from_where_it_was(customer: Customer, sandbox: Sandbox) -> None:
    refreshed(customer, at=AT + timedelta(hours=1))
    first = RegisterRound.objects.get().read_main
    organisation(sandbox, registry={"konkurs": True})
    organisation(sandbox, registry={"konkurs": True, "konkursdato": "2026-11-22"})  # the same unit twice

    warnings = refreshed(customer, at=AT + timedelta(hours=2))
    RegisterRound.objects.update(next_attempt_at=AT)
    looked = len(looked_up(sandbox))
    refreshed(customer, at=AT + timedelta(hours=3))

    last = RegisterRound.objects.get().read_main
    assert first is not None
    assert last == sandbox.state.register_updates[-1].id
    assert warnings == ["Virksomheten er konkurs. Bostyreren må godkjenne."]
    assert len(looked_up(sandbox)) == looked


def test_a_feed_of_many_pages_is_read_to_its_end(
    customer: Customer, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(register_feed, "MOST_UPDATES", 2)
    monkeypatch.setattr(register_feed, "MOST_PAGES", 2)
    for number in range(7):
        organisation(sandbox, name=f"Navn {number} AS")
    organisation(sandbox, registry={"konkurs": True})
    freshness.refresh_due(at=AT + DAY, environments=["SANDBOX"])
    first = RegisterRound.objects.get()
    for minute in range(1, 5):
        freshness.refresh_due(at=AT + DAY + timedelta(minutes=minute), environments=["SANDBOX"])

    assert first.next_attempt_at is not None
    assert first.next_attempt_at < AT + DAY + timedelta(minutes=1)
    assert RegisterRound.objects.get().read_main == sandbox.state.register_updates[-1].id


def test_a_feed_that_fails_loses_no_place(customer: Customer, sandbox: Sandbox) -> None:
    refreshed(customer, at=AT + timedelta(hours=1))
    organisation(sandbox, registry={"konkurs": True})
    sandbox.faults.order(Fault(service="brreg", path="/brreg/enhetsregisteret/api/oppdateringer", times=5))

    before = refreshed(customer, at=AT + timedelta(hours=2))
    sandbox.faults.clear()
    after = refreshed(customer, at=AT + timedelta(hours=3))

    assert before == []
    assert after == ["Virksomheten er konkurs. Bostyreren må godkjenne."]


def test_all_are_looked_up_once_a_week_whatever_the_feed_says(customer: Customer, sandbox: Sandbox) -> None:
    refreshed(customer, at=AT + DAY)
    sandbox.state.organisations[CUSTOMER_ORGNR].registry = {"konkurs": True}  # the feed says nothing
    early = refreshed(customer, at=AT + timedelta(days=6))
    late = refreshed(customer, at=AT + timedelta(days=9))

    assert early == []
    assert late == ["Virksomheten er konkurs. Bostyreren må godkjenne."]


FEED = "/brreg/enhetsregisteret/api/oppdateringer"


def feed_row() -> RegisterRound:
    return RegisterRound.objects.get()


def test_the_same_unit_twice_is_looked_up_once_and_numbers_we_do_not_know_never(
    customer: Customer, sandbox: Sandbox
) -> None:
    refreshed(customer, at=AT + timedelta(hours=1))
    organisation(sandbox, orgnr="310123455", name="Ukjent AS")
    organisation(sandbox, registry={"konkurs": True})
    organisation(sandbox, registry={"konkurs": True, "underAvvikling": True})
    refreshed(customer, at=AT + timedelta(hours=2))

    searches = [call["query"] for call in looked_up(sandbox)]

    assert searches == [f"organisasjonsnummer={CUSTOMER_ORGNR}&size=1"] * 2  # among main units, and among sub-units


@pytest.mark.parametrize("size", [2, 3, 4, 5])
def test_no_update_is_lost_at_the_edge_of_a_page(
    customer: Customer, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    refreshed(customer, at=AT + timedelta(hours=1))
    monkeypatch.setattr(register_feed, "MOST_UPDATES", size)
    for number in range(3):
        organisation(sandbox, orgnr="310123455", name=f"Ukjent {number} AS")
    organisation(sandbox, registry={"konkurs": True})

    assert refreshed(customer, at=AT + timedelta(hours=2)) == ["Virksomheten er konkurs. Bostyreren må godkjenne."]
    assert feed_row().read_main == sandbox.state.register_updates[-1].id


@pytest.mark.parametrize("status", [400, 404, 410])
def test_a_place_that_the_register_refuses_is_left_and_the_feed_begun_anew(
    customer: Customer, sandbox: Sandbox, status: int
) -> None:
    refreshed(customer, at=AT + timedelta(hours=1))
    organisation(sandbox, registry={"konkurs": True})
    sandbox.faults.order(Fault(service="brreg", path=f"{FEED}/enheter", status=status))

    assert refreshed(customer, at=AT + timedelta(hours=2)) == ["Virksomheten er konkurs. Bostyreren må godkjenne."]
    assert feed_row().read_main == sandbox.state.register_updates[-1].id
    assert feed_row().failures == 0


def test_a_feed_that_is_behind_our_place_is_begun_anew(customer: Customer, sandbox: Sandbox) -> None:
    refreshed(customer, at=AT + timedelta(hours=1))
    RegisterRound.objects.update(read_main=10**12)
    organisation(sandbox, registry={"konkurs": True})

    assert refreshed(customer, at=AT + timedelta(hours=2)) == ["Virksomheten er konkurs. Bostyreren må godkjenne."]
    assert feed_row().read_main == sandbox.state.register_updates[-1].id


def test_a_feed_that_fails_for_days_leaves_a_daily_look_up_and_is_counted(customer: Customer, sandbox: Sandbox) -> None:
    refreshed(customer, at=AT + timedelta(hours=1))
    organisation(sandbox, registry={"konkurs": True})
    sandbox.faults.order(Fault(service="brreg", path=FEED, status=403, times=99))

    soon = refreshed(customer, at=AT + timedelta(hours=5))
    later = refreshed(customer, at=AT + timedelta(hours=22))
    refreshed(customer, at=AT + timedelta(hours=24))

    assert soon == []
    assert later == ["Virksomheten er konkurs. Bostyreren må godkjenne."]
    assert lasting_problems(RegisterRound.objects.all()).exists()


def test_a_worker_that_dies_before_the_look_up_loses_no_update(customer: Customer, sandbox: Sandbox) -> None:
    refreshed(customer, at=AT + timedelta(hours=1))
    organisation(sandbox, registry={"konkurs": True})
    sandbox.faults.order(Fault(service="brreg", path="/brreg/enhetsregisteret/api/enheter", kind="reset", times=99))
    refreshed(customer, at=AT + timedelta(hours=2))
    noted, looked_up_at = feed_row().read_main, customer.business_register_at
    sandbox.faults.clear()

    assert noted == sandbox.state.register_updates[-1].id
    assert looked_up_at is not None
    assert looked_up_at < AT + timedelta(hours=2)  # the page still shows when it was looked up last
    assert refreshed(customer, at=AT + timedelta(hours=3)) == ["Virksomheten er konkurs. Bostyreren må godkjenne."]


def test_a_sub_unit_is_followed_in_its_own_feed(vendor: Vendor, sandbox: Sandbox) -> None:
    organisation(sandbox, main_unit="310123455")
    row = Customer.objects.create(environment="SANDBOX", orgnr=CUSTOMER_ORGNR, name="Nordlys avd. Oslo")
    refreshed(row, at=AT + timedelta(hours=1))
    organisation(sandbox, main_unit="310123455", registry={"slettedato": "2026-11-22"})
    refreshed(row, at=AT + timedelta(hours=2))

    assert row.business_register["is_deleted"]
    assert feed_row().read_sub == sandbox.state.register_updates[-1].id
    assert feed_row().read_main != feed_row().read_sub
