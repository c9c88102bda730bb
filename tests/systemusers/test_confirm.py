"""What is not easily taken back has a page before it, which names what follows; in production a word is typed too."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from systemusers.models import Access, MaskinportenClient, SigningKey, System
from tests.systemusers.staff import page, post
from tests.systemusers.world import fresh, give_key

S = Access.Status


@pytest.fixture
def production(settings: Any) -> None:
    settings.ENVIRONMENTS = ["SANDBOX", "PRODUCTION"]


def in_production(sent: Access) -> Access:
    Access.objects.filter(pk=sent.pk).update(environment="PRODUCTION")
    return fresh(sent)


@pytest.mark.parametrize(
    ("part", "consequence"),
    [("withdraw/", "Forespørselen slettes i Altinn"), ("link/close/", "Adressen virker aldri mer")],
)
def test_an_act_on_an_access_is_asked_about_first(staff: Client, sent: Access, part: str, consequence: str) -> None:
    before = page(staff, f"access/{sent.pk}/")
    asked = page(staff, f"access/{sent.pk}/{part}")

    assert f'href="/sandbox/access/{sent.pk}/{part}"' in before
    assert f'action="/sandbox/access/{sent.pk}/{part}"' not in before
    assert consequence in asked
    assert (fresh(sent).status, fresh(sent).link_revoked_at) == (S.SENT, None)


def test_the_page_warns_of_a_customer_who_may_be_approving(staff: Client, sent: Access) -> None:
    Access.objects.filter(pk=sent.pk).update(status=S.OPENED)

    assert "i gang med å godkjenne" in page(staff, f"access/{sent.pk}/withdraw/")


@pytest.mark.parametrize("part", ["withdraw/", "link/close/"])
def test_what_means_nothing_any_more_leads_back(staff: Client, sent: Access, part: str, world: Any) -> None:
    Access.objects.filter(pk=sent.pk).update(status=S.WITHDRAWN, link_revoked_at=world.at)

    reply = staff.get(f"/sandbox/access/{sent.pk}/{part}")

    assert reply["Location"] == f"/sandbox/access/{sent.pk}/"


@pytest.mark.usefixtures("production")
@pytest.mark.parametrize("part", ["withdraw/", "link/close/"])
def test_in_production_a_word_is_typed(staff: Client, sent: Access, part: str) -> None:
    row = in_production(sent)
    address = f"/production/access/{row.pk}/{part}"

    asked, bare = staff.get(address).content.decode(), staff.post(address, {"typed": "ja"})

    assert "Skriv PRODUKSJON for å bekrefte" in asked
    assert bare.status_code == 422
    assert (fresh(sent).status, fresh(sent).link_revoked_at) == (S.SENT, None)


@pytest.mark.usefixtures("production")
def test_with_the_word_it_is_done(staff: Client, sent: Access) -> None:
    row = in_production(sent)

    staff.post(f"/production/access/{row.pk}/link/close/", {"typed": "PRODUKSJON"})

    assert fresh(sent).link_revoked_at is not None


def test_the_only_key_says_that_everything_stops_and_offers_a_new_one(
    staff: Client, client_row: MaskinportenClient
) -> None:
    key = SigningKey.objects.get()

    asked = page(staff, f"settings/keys/{key.pk}/retire/")
    status = fresh(key).status
    post(staff, f"settings/keys/{key.pk}/retire/")

    assert "stopper alle kall" in asked
    assert f'action="/sandbox/settings/clients/{client_row.pk}/keys/"' in asked
    assert (status, fresh(key).status) == ("ACTIVE", "RETIRED")


def test_a_key_that_waits_is_offered_in_its_place(staff: Client, client_row: MaskinportenClient) -> None:
    key, new = SigningKey.objects.get(), give_key(client_row, number=1, status="NEW")

    in_use = page(staff, f"settings/keys/{key.pk}/retire/")
    unused = page(staff, f"settings/keys/{new.pk}/retire/")

    assert f'action="/sandbox/settings/keys/{new.pk}/activate/"' in in_use
    assert "stopper alle kall" not in unused


def test_a_key_out_of_use_is_not_asked_about_again(staff: Client, client_row: MaskinportenClient) -> None:
    SigningKey.objects.update(status="RETIRED", private_pem=None)

    reply = staff.get(f"/sandbox/settings/keys/{SigningKey.objects.get().pk}/retire/")

    assert reply["Location"] == "/sandbox/settings/"


def test_a_system_that_is_not_registered_is_not_asked_about(staff: Client, system: System) -> None:
    System.objects.update(status=System.Status.DRAFT)

    reply = staff.get(f"/sandbox/systems/{system.pk}/delete/")

    assert reply["Location"] == f"/sandbox/systems/{system.pk}/"
