"""Customers are added once, edited with a trace, and looked up in a register that may be away."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Customer, Portfolio, User, Vendor
from accounts.services import business_register, customers
from accounts.services.business_register import Outcome, approvers, look_up
from accounts.services.customers import AlreadyCustomer, Details, add_customer, edit_customer, keep_look_up
from accounts.services.orgnr import BadOrgnr
from portal.core.audit import AuditEvent
from portal.sandbox import Sandbox
from portal.sandbox.faults import Fault
from tests.accounts.world import organisation
from tests.fixtures import AT, CUSTOMER_ORGNR, VENDOR_ORGNR

BY = "user:ida@vendor.example"
DETAILS = Details(name="Nordlys Eiendom AS")


def add(orgnr: str = CUSTOMER_ORGNR, **fields: Any) -> Customer:
    return add_customer(environment="SANDBOX", orgnr=orgnr, details=DETAILS, by=BY, at=AT, **fields)


def test_a_customer_is_added_with_a_trace(vendor: Vendor) -> None:
    customer = add("310 987 654")

    event = AuditEvent.objects.get(what="added")
    assert (customer.orgnr, event.by, event.customer_id_ref) == (CUSTOMER_ORGNR, BY, customer.pk)


def test_the_same_customer_twice_points_to_the_first(vendor: Vendor) -> None:
    first = add()

    with pytest.raises(AlreadyCustomer) as caught:
        add("NO 310987654 MVA")

    assert caught.value.customer == first


def test_the_same_number_may_be_a_customer_in_another_environment(vendor: Vendor) -> None:
    add()

    other = add_customer(environment="TEST", orgnr=CUSTOMER_ORGNR, details=DETAILS, by=BY, at=AT)

    assert Customer.objects.count() == 2
    assert other.environment == "TEST"


def test_customers_stand_in_the_order_of_the_norwegian_alphabet(vendor: Vendor) -> None:
    names = ["Ålesund Bygg AS", "eide AS", "Østfold Lys AS", "Zoo AS", "Ærlig AS", "Édith AS", "aker AS", "Aasen AS"]
    rows = [Customer(environment="TEST", orgnr=f"31098{number:04}", name=name) for number, name in enumerate(names)]
    Customer.objects.bulk_create(rows)

    names = [customer.name.split()[0] for customer in Customer.objects.all()]

    assert names == ["Aasen", "aker", "Édith", "eide", "Zoo", "Ærlig", "Østfold", "Ålesund"]


def test_many_are_found_alike_however_they_are_looked_for(vendor: Vendor) -> None:
    names = ["Fjordbakeri AS", "Bakeri Fjord AS", "Baker i fjord AS", "Fjord AS", "310 Bakeri Fjord AS", "Å AS"]
    rows = [
        Customer(environment="SANDBOX", orgnr=f"31098{n:04}", name=name, reference="bakeri" if n == 5 else "")
        for n, name in enumerate(names)
    ]
    Customer.objects.bulk_create(rows)

    for text in (
        "bakeri",
        "fjord bakeri",
        "akeri",
        "å",
        "a",
        "310",
        "31098 0002",
        "310980002999",
        "bak eri",
        "bake akeri",
        "%",
        "_",
    ):
        found = set(Customer.objects.matching(text).values_list("name", flat=True))
        assert found == set(Customer.objects.matching_each(text).values_list("name", flat=True)), text
    assert {row.name for row in Customer.objects.matching("bakeri")} == {names[0], names[1], names[4], names[5]}
    assert {row.name for row in Customer.objects.matching("akeri fjord")} == {names[0], names[1], names[4]}
    assert {row.name for row in Customer.objects.matching("31098 0002")} == {names[2]}


def test_a_part_of_a_name_is_looked_up_and_not_read_for(vendor: Vendor) -> None:
    """Whatever a table of this size makes cheaper: a condition that no index answers would be read for all the same."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")

    plan = Customer.objects.matching("lysfj").explain()

    assert "customer_by_piece_of_name" in plan
    assert "Seq Scan" not in plan


@pytest.mark.parametrize(
    ("text", "is_found"),
    [("bjorkelund", True), ("Bjørk", True), ("eiend bjørke", True), ("EIENDOM", True), ("bjørk skog", False), ("100 %", False),
     ("310 987", True), ("NO310987654MVA", True), ("k-17", True), ("", True)],
)  # fmt: skip
def test_a_search_forgives_order_parts_and_letters(vendor: Vendor, text: str, is_found: bool) -> None:
    Customer.objects.create(environment="SANDBOX", orgnr=CUSTOMER_ORGNR, name="Bjørkelund Eiendom AS", reference="K-17")

    assert Customer.objects.matching(text).exists() == is_found


def test_a_number_of_the_wrong_world_is_not_added(vendor: Vendor) -> None:
    with pytest.raises(BadOrgnr):
        add_customer(environment="PRODUCTION", orgnr=CUSTOMER_ORGNR, details=DETAILS, by=BY, at=AT)

    assert not Customer.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_of_two_who_add_the_same_at_once_one_is_told_of_the_other(vendor: Vendor) -> None:
    barrier, results = threading.Barrier(2), []

    def act() -> None:
        barrier.wait(timeout=60)
        try:
            results.append(add())
        except AlreadyCustomer as error:
            results.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=act) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)

    assert sorted(type(result).__name__ for result in results) == ["AlreadyCustomer", "Customer"]


def test_an_edit_tells_old_and_new_with_contact_data_masked(vendor: Vendor) -> None:
    customer = add()

    changed = edit_customer(
        customer=customer, details=Details(name=customer.name, contact_email="kari@kunde.example"), by=BY, at=AT
    )

    assert changed == ["contact_email"]
    assert AuditEvent.objects.get(what="edited").detail == {"changes": {"contact_email": ["", "k…@kunde.example"]}}


def test_an_edit_that_changes_nothing_leaves_no_trace(vendor: Vendor) -> None:
    assert edit_customer(customer=add(), details=DETAILS, by=BY, at=AT) == []
    assert not AuditEvent.objects.filter(what="edited").exists()


def test_a_known_organisation_is_found_with_its_facts(sandbox: Sandbox) -> None:
    organisation(sandbox, registry={"maalform": "Nynorsk"})

    lookup = look_up(environment="SANDBOX", orgnr=CUSTOMER_ORGNR)

    assert lookup.outcome == Outcome.FOUND
    assert (lookup.as_json()["name"], lookup.as_json()["language"]) == ("NORDLYS EIENDOM AS", "nn")


@pytest.mark.parametrize(
    ("fields", "warning"),
    [
        ({"registry": {"konkurs": True}}, "konkurs"),
        ({"registry": {"underAvvikling": True}}, "avvikling"),
        ({"registry": {"slettedato": "2026-01-01"}}, "slettet"),
        ({"main_unit": VENDOR_ORGNR}, "underenhet"),
    ],
)
def test_what_one_should_know_first_is_a_warning(sandbox: Sandbox, fields: dict[str, Any], warning: str) -> None:
    organisation(sandbox, **fields)

    lookup = look_up(environment="SANDBOX", orgnr=CUSTOMER_ORGNR)

    assert warning in lookup.warnings[0]


def test_a_synthetic_number_is_not_looked_up_in_test(sandbox: Sandbox) -> None:
    lookup = look_up(environment="TEST", orgnr=CUSTOMER_ORGNR)

    assert (lookup.outcome, lookup.text, len(sandbox.calls)) == (Outcome.SYNTHETIC, "Syntetisk, ikke slått opp.", 0)


def test_an_unknown_real_number_is_missing(sandbox: Sandbox) -> None:
    assert look_up(environment="SANDBOX", orgnr="974760673").outcome == Outcome.MISSING


@pytest.mark.parametrize("kind", ["status", "reset", "truncated"])
def test_a_register_that_is_away_stops_nobody(sandbox: Sandbox, kind: str) -> None:
    organisation(sandbox)
    sandbox.faults.order(Fault(service="brreg", kind=kind))

    assert look_up(environment="SANDBOX", orgnr=CUSTOMER_ORGNR).outcome == Outcome.UNAVAILABLE


def test_what_was_found_is_kept_on_the_customer(vendor: Vendor, sandbox: Sandbox) -> None:
    organisation(sandbox)
    customer = add(lookup=look_up(environment="SANDBOX", orgnr=CUSTOMER_ORGNR))
    organisation(sandbox, registry={"konkurs": True})

    keep_look_up(customer=customer, lookup=look_up(environment="SANDBOX", orgnr=CUSTOMER_ORGNR), by=BY, at=AT)

    assert (customer.business_register["is_bankrupt"], Customer.objects.get().business_register["is_bankrupt"]) == (
        False,
        True,
    )


def test_those_who_may_approve_are_named_without_birth_dates(sandbox: Sandbox) -> None:
    organisation(
        sandbox, persons=[{"name": "Per Styre", "roles": ["LEDE"]}, {"name": "Kari Nordmann", "roles": ["DAGL"]}]
    )

    named = approvers(environment="SANDBOX", orgnr=CUSTOMER_ORGNR)

    assert [(person.title, person.name) for person in named] == [
        ("daglig leder", "Kari Nordmann"),
        ("styreleder", "Per Styre"),
    ]
    kept = str(cache.get(f"approvers:SANDBOX:{CUSTOMER_ORGNR}"))
    assert "19" not in kept


def test_names_are_asked_for_once_in_ten_minutes(sandbox: Sandbox) -> None:
    organisation(sandbox, persons=[{"name": "Kari Nordmann", "roles": ["DAGL"]}])

    first = approvers(environment="SANDBOX", orgnr=CUSTOMER_ORGNR)
    sandbox.faults.order(Fault(service="brreg"))

    assert approvers(environment="SANDBOX", orgnr=CUSTOMER_ORGNR) == first
    assert business_register.ROLES_KEPT == 600


def test_nobody_is_named_when_the_register_is_away(sandbox: Sandbox) -> None:
    organisation(sandbox)
    sandbox.faults.order(Fault(service="brreg"))

    assert approvers(environment="SANDBOX", orgnr=CUSTOMER_ORGNR) == []


def test_that_many_customers_match_is_known_for_a_minute_and_finds_the_same(
    vendor: Vendor, administrator: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(customers, "FEW", 1)
    rows = [Customer.objects.create(environment="SANDBOX", orgnr=f"31300000{n}", name=f"Nord {n}") for n in (5, 6)]
    administrator = User.objects.get(pk=administrator.pk)

    found = [customers.customers_found("nord", user=administrator, environment="SANDBOX") for _again in range(2)]
    with CaptureQueriesContext(connection) as queries:
        assert customers.found_ids("nord", user=administrator, environment="SANDBOX") is None
    rows += [Customer.objects.create(environment="SANDBOX", orgnr="313000013", name="Nord tre")]

    assert not [one for one in queries.captured_queries if "accounts_customer" in one["sql"]]
    assert all(set(Customer.objects.filter(pk__in=each)) == set(rows) for each in found)
    assert customers.found_ids("nord tre", user=administrator, environment="SANDBOX") == [rows[-1].pk]


def test_a_search_finds_the_customers_that_the_user_sees(
    vendor: Vendor, case_worker: User, portfolio: Portfolio
) -> None:
    places = {"313000005": portfolio, "313000006": None}
    own, _other = (
        Customer.objects.create(environment="SANDBOX", orgnr=orgnr, name="Nord", portfolio=place)
        for orgnr, place in places.items()
    )

    assert customers.found_ids("nord", user=case_worker, environment="SANDBOX") == [own.pk]
    case_worker.portfolios.clear()
    alone = User.objects.get(pk=case_worker.pk)
    assert customers.found_ids("nord", user=alone, environment="SANDBOX") == []
