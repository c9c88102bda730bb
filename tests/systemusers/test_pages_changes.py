"""Changes in a browser's terms: on the page of the access, on the page of the profile, and on the customer's link."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.models import Customer, Vendor
from systemusers.models import Access, AccessProfile, Campaign, ChangeRequest
from systemusers.services import changes
from systemusers.views import changes as views
from tests.systemusers.staff import page, post
from tests.systemusers.test_changes import widen
from tests.systemusers.world import AGENT_PACKAGE, PACKAGE, World, fresh, make_profile


@pytest.fixture
def lacking(world: World, known_customer: Customer, profile: AccessProfile, vendor: Vendor) -> Access:
    row = world.new_access(known_customer, profile)
    widen(profile, world)
    return fresh(row)


def test_the_page_of_the_access_asks_for_what_is_lacking(staff: Client, world: World, lacking: Access) -> None:
    before = page(staff, f"access/{lacking.pk}/")
    post(staff, f"access/{lacking.pk}/change/")
    changes.send_due(at=ChangeRequest.objects.get().next_attempt_at)  # type: ignore[arg-type]
    after = page(staff, f"access/{lacking.pk}/")

    assert "Be kunden om endringen" in before
    assert "skattegrunnlag" in before
    assert "Kunden må godkjenne endringen i Altinn" in after
    assert "Trekk endringen tilbake" in after


def test_the_link_of_the_customer_shows_before_and_after_and_leads_to_altinn(world: World, lacking: Access) -> None:
    change = changes.ask_change(access=lacking, by="user:x", at=world.at)
    changes.send_due(at=world.at)
    address = f"/l/{lacking.link_token}/"
    text = Client().get(address).content.decode()
    reply = Client().post(f"{address}altinn/")

    assert "Dette har dere gitt" in text
    assert "Dette ber vi om nå" in text
    assert reply["Location"] == fresh(change).confirm_url


def test_all_customers_of_the_profile_are_asked_after_a_question(
    staff: Client, world: World, lacking: Access, profile: AccessProfile
) -> None:
    where = f"systems/{profile.system_id}/profiles/{profile.pk}/"
    form = page(staff, where)
    question = page(staff, f"{where}changes/")
    before = ChangeRequest.objects.count()
    text = post(staff, f"{where}changes/")

    assert "1 kunde mangler noe av profilen." in form
    assert "1 kunde bruker profilen." in form
    assert lacking.customer.name in question
    assert before == 0
    assert ChangeRequest.objects.get().access == lacking
    assert "1 kunde blir spurt om endringen." in text


def test_very_many_customers_of_the_profile_become_a_campaign(
    staff: Client, world: World, lacking: Access, profile: AccessProfile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "MOST", 0)

    text = post(staff, f"systems/{profile.system_id}/profiles/{profile.pk}/changes/")

    row = Campaign.objects.get()
    assert (row.purpose, row.status, row.rows.get().customer) == ("CHANGE", "DRAFT", lacking.customer)
    assert row.name in text
    assert not ChangeRequest.objects.exists()


def test_an_agent_access_is_told_what_must_be_done_again(
    staff: Client, world: World, known_customer: Customer, vendor: Vendor
) -> None:
    system = world.new_system(world.client, packages=[PACKAGE, AGENT_PACKAGE, OTHER])
    profile = make_profile(system, kind="AGENT", rights=[], packages=[AGENT_PACKAGE])
    row = world.new_access(known_customer, profile)
    widen(profile, world, packages=[AGENT_PACKAGE, OTHER])

    before = page(staff, f"access/{row.pk}/")
    post(staff, f"access/{row.pk}/beside/")
    after = page(staff, f"access/{row.pk}/")

    assert "Altinn kan ikke endre en tilgang for klienter" in before
    assert "Be om en ny tilgang" in before
    assert "Se den nye tilgangen" in after
    new = world.send_access(Access.objects.get(replaces=row))
    world.decide(new, "approve")
    approved = page(staff, f"access/{world.poll(new).pk}/")
    assert new.external_ref != row.external_ref
    assert "Se klientene til den gamle" in approved


OTHER = "urn:altinn:accesspackage:regnskapsforer-uten-signeringsrettighet"
