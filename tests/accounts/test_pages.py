"""Adding and editing customers through the real pages: what is wrong is said at the field, and nothing typed is lost."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from accounts.models import Customer, Portfolio, User, Vendor
from portal.sandbox import Sandbox
from portal.sandbox.faults import Fault
from tests.accounts.world import organisation
from tests.fixtures import CUSTOMER_ORGNR

FORM = {
    "orgnr": "310 987 654",
    "name": "Nordlys Eiendom AS",
    "language": "nb",
    "contact_name": "Ola",
    "notes": "Ring før ti",
}


@pytest.fixture
def staff(administrator: User, vendor: Vendor, sandbox: Sandbox) -> Client:
    organisation(sandbox)
    client = Client()
    client.force_login(administrator)
    return client


def post(client: Client, data: dict[str, Any], *, path: str = "customers/new/", status: int = 200) -> str:
    reply = client.post(f"/sandbox/{path}", data, follow=True)
    assert reply.status_code == status
    return reply.content.decode()


def test_a_customer_is_added_with_what_the_register_knows(staff: Client) -> None:
    text = post(staff, FORM)

    customer = Customer.objects.get()
    assert "Nordlys Eiendom AS er lagt til" in text
    assert (customer.orgnr, customer.environment, customer.business_register["name"]) == (
        CUSTOMER_ORGNR,
        "SANDBOX",
        "NORDLYS EIENDOM AS",
    )


@pytest.mark.parametrize(
    ("orgnr", "sentence"),
    [("310987655", "Kontrollsifferet"), ("31098765", "dette har 8"), ("974760673", "ekte virksomhet"), ("", "Skriv organisasjonsnummeret")],
)  # fmt: skip
def test_a_bad_number_is_told_at_its_field_and_the_rest_is_kept(staff: Client, orgnr: str, sentence: str) -> None:
    text = post(staff, {**FORM, "orgnr": orgnr}, status=422)

    assert 'id="id_orgnr-error"' in text
    assert sentence in text
    assert "Ring før ti" in text
    assert not Customer.objects.exists()


def test_a_synthetic_number_is_refused_in_production(staff: Client, settings: Any) -> None:
    settings.ENVIRONMENTS = ("SANDBOX", "PRODUCTION")

    reply = staff.post("/production/customers/new/", FORM)

    assert reply.status_code == 422
    assert "syntetisk" in reply.content.decode()


def test_looking_up_a_customer_leads_to_it(staff: Client) -> None:
    post(staff, FORM)
    first = Customer.objects.get()

    text = post(staff, {"orgnr": CUSTOMER_ORGNR, "look_up": "1", "notes": "Ring før ti"}, status=422)

    assert f'href="/sandbox/customers/{first.pk}/">Nordlys Eiendom AS</a>' in text
    assert "Skriv navnet" not in text
    assert "Ring før ti" in text


def test_a_phone_number_has_digits(staff: Client) -> None:
    assert "Skriv telefonnummeret med sifre" in post(staff, {**FORM, "contact_phone": "abc"}, status=422)
    assert "er lagt til" in post(staff, {**FORM, "contact_phone": "+47 22 07 70 00"})


def test_the_same_customer_twice_leads_to_the_first(staff: Client) -> None:
    post(staff, FORM)
    first = Customer.objects.get()

    text = post(staff, {**FORM, "orgnr": "NO 310987654 MVA"}, status=422)

    assert f'<a class="ds-link" href="/sandbox/customers/{first.pk}/">Nordlys Eiendom AS</a>' in text
    assert "Ring før ti" in text


def test_a_known_number_is_told_before_an_empty_name(staff: Client) -> None:
    post(staff, FORM)

    text = post(staff, {**FORM, "name": ""}, status=422)

    assert "Virksomheten er allerede kunde:" in text
    assert 'id="id_name-error"' not in text
    assert Customer.objects.count() == 1


def test_a_customer_in_a_foreign_portfolio_is_not_named(
    staff: Client, case_worker: User, vendor: Vendor, portfolio: Portfolio
) -> None:
    post(staff, FORM)
    client = Client()
    client.force_login(case_worker)

    text = post(client, {**FORM, "name": "Noe annet", "portfolio": portfolio.pk}, status=422)

    assert "en portefølje du ikke har" in text
    assert "Nordlys" not in text


def test_looking_up_fills_in_the_name_and_keeps_what_was_typed(staff: Client) -> None:
    text = post(staff, {**FORM, "name": "", "look_up": "1"})

    assert 'value="NORDLYS EIENDOM AS"' in text
    assert 'value="Ola"' in text
    assert "Hentet fra Enhetsregisteret" in text
    assert not Customer.objects.exists()


def test_looking_up_warns_of_a_bankruptcy(staff: Client, sandbox: Sandbox) -> None:
    organisation(sandbox, registry={"konkurs": True})

    assert "konkurs" in post(staff, {**FORM, "look_up": "1"})


def test_looking_up_a_bad_number_complains_of_nothing_else(staff: Client) -> None:
    text = post(staff, {"orgnr": "310987655", "look_up": "1"}, status=422)

    assert "Kontrollsifferet" in text
    assert "id_name-error" not in text


def test_a_register_that_is_away_stops_nobody(staff: Client, sandbox: Sandbox) -> None:
    sandbox.faults.order(Fault(service="brreg", times=9))

    looked = post(staff, {**FORM, "look_up": "1"})
    added = post(staff, FORM)

    assert "svarer ikke nå" in looked
    assert "er lagt til" in added


def test_looking_up_again_keeps_what_is_known_when_the_register_is_away(staff: Client, sandbox: Sandbox) -> None:
    post(staff, FORM)
    known = Customer.objects.get()
    sandbox.faults.order(Fault(service="brreg", times=9))

    text = post(staff, {}, path=f"customers/{known.pk}/look-up/")

    assert "svarer ikke nå" in text
    assert Customer.objects.get().business_register == known.business_register


def test_a_case_worker_adds_to_a_portfolio_of_their_own(
    case_worker: User, vendor: Vendor, sandbox: Sandbox, portfolio: Portfolio
) -> None:
    client = Client()
    client.force_login(case_worker)
    other = Portfolio.objects.create(name="Øst")

    without = post(client, FORM, status=422)
    foreign = post(client, {**FORM, "portfolio": other.pk}, status=422)
    post(client, {**FORM, "portfolio": portfolio.pk})

    assert "Velg en av porteføljene dine" in without
    assert "id_portfolio-error" in foreign
    assert Customer.objects.get().portfolio == portfolio


def test_editing_changes_the_details_and_never_the_number(staff: Client) -> None:
    post(staff, FORM)
    customer = Customer.objects.get()

    text = post(staff, {**FORM, "orgnr": "314004217", "name": "Nytt navn AS"}, path=f"customers/{customer.pk}/edit/")

    assert "Lagret" in text
    assert (Customer.objects.get().name, Customer.objects.get().orgnr) == ("Nytt navn AS", CUSTOMER_ORGNR)


def test_the_vendors_profile_is_edited(staff: Client) -> None:
    data = {"name": "Fjordtall Pluss", "orgnr": "310 123 455", "support_email": "", "support_phone": "22 00 00 00"}

    post(staff, data, path="settings/vendor/")
    wrong = post(staff, {**data, "orgnr": "310 123 456"}, path="settings/vendor/", status=422)

    assert Vendor.objects.get().name == "Fjordtall Pluss"
    assert "Kontrollsifferet" in wrong
