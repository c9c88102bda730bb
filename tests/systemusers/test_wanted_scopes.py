"""The portal knows which scopes it uses: they are offered, ticked, when a client is added."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from portal.core.environments import Environment
from submissions.services.catalogue import services
from systemusers.forms import ClientForm
from systemusers.models import MaskinportenClient
from systemusers.services.wanted_scopes import Owner, owner_of, wanted
from tests.systemusers.staff import page, post
from tests.systemusers.world import World

CALLS = {
    "altinn:authentication/systemregister.write", "altinn:authentication/systemuser.request.read",
    "altinn:authentication/systemuser.request.write", "altinn:accessmanagement/authorizedparties",
    "altinn:events.subscribe", "digdir:dialogporten", "skatteetaten:skattdialogdokument",
}  # fmt: skip


def ticked(text: str) -> set[str]:
    boxes = re.findall(r'<input type="checkbox" name="scopes" value="([^"]+)"[^>]* checked', text)
    return set(boxes)


@pytest.mark.django_db
@pytest.mark.parametrize("environment", Environment)
def test_what_is_wanted_is_the_calls_and_the_open_services(environment: str) -> None:
    usable = [one for one in services() if one.is_enabled(environment) and one.has_address(environment)]
    opened = {scope for one in usable if one.openness(environment) != "closed" for scope in one.scopes}

    scopes = [one.scope for one in wanted(environment)]

    assert len(scopes) == len(set(scopes))
    assert set(scopes) == CALLS | opened
    assert all(one.purpose for one in wanted(environment))


def test_digdir_and_skatteetaten_grant_their_own() -> None:
    assert owner_of("digdir:dialogporten") == owner_of("altinn:events.subscribe") == Owner.DIGDIR
    assert owner_of("skatteetaten:skattdialogdokument") == Owner.SKATTEETATEN


def test_a_new_client_is_offered_all_of_them_ticked(staff: Client) -> None:
    for path in ("settings/clients/new/", "settings/digdir/new/"):
        assert ticked(page(staff, path)) == {one.scope for one in wanted("SANDBOX")}


def test_a_stored_client_shows_its_own_and_offers_the_rest(staff: Client, world: World) -> None:
    MaskinportenClient.objects.update(scopes=["digdir:dialogporten", "other:scope"])

    text = page(staff, f"settings/clients/{world.client.pk}/")

    assert ticked(text) == {"digdir:dialogporten"}
    assert "other:scope</textarea>" in text
    assert 'value="altinn:events.subscribe"' in text


def test_ticked_and_typed_ones_are_stored_together(staff: Client, world: World) -> None:
    data = {"name": "Ny", "client_id": "abc", "orgnr": "310123455", "scopes": ["digdir:dialogporten", "other:scope\n"]}

    post(staff, "settings/clients/new/", data)

    assert MaskinportenClient.objects.get(client_id="abc").scopes == ["digdir:dialogporten", "other:scope"]


def test_a_client_needs_a_scope(world: World) -> None:
    data = {"name": "Ny", "client_id": "abc", "orgnr": "310123455", "scopes": ""}

    assert "scopes" in ClientForm(data, environment="TEST").errors
