"""From an empty TEST environment to the first approved access, through the pages that the guide leads to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Customer, User
from portal.core import environments
from systemusers.models import Access, MaskinportenClient, SigningKey, System
from tests.fixtures import VENDOR_ORGNR
from tests.world import PACKAGE, RESOURCE, World

CUSTOMER = "310987654"
ORIGIN = "https://sandbox.altinn.no"
"""Of Altinn's own domain, as the portal leads customers to no other approval page."""
TEXTS = {f"{part}_{language}": "Fjordtall" for part in ("name", "description") for language in ("nb", "nn", "en")}
PURPOSES = {f"purpose_{language}": "levere" for language in ("nb", "nn", "en")}


@pytest.fixture
def outside(db: None, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """The outside of TEST: the sandbox, at the addresses of TEST. It knows the organisations and nothing else of ours."""
    world = World(ORIGIN)
    monkeypatch.setattr(environments, "_TEST", environments._sandbox(ORIGIN))
    monkeypatch.setattr(timezone, "now", lambda: world.at)
    settings.PORTAL_URL = "https://portal.example"
    world.introduce(CUSTOMER, "Fjelltopp")
    with world.behind():
        yield world


@pytest.fixture
def person(client: Client, administrator: User, vendor: Any) -> Client:
    client.force_login(administrator)
    return client


def read(person: Client, path: str) -> str:
    return person.get(path if path.startswith("/") else f"/test/{path}").text


def do(person: Client, path: str, data: dict[str, Any] | None = None) -> str:
    reply = person.post(path if path.startswith("/") else f"/test/{path}", data or {}, follow=True)
    assert reply.status_code == 200, reply.text
    return reply.text


def guide(person: Client) -> dict[str, tuple[str, str]]:
    """By step: the label of its state, and where its button leads."""
    items = re.split(r'<li class="card check" id="step-', read(person, "connection/guide/"))[1:]
    found = {}
    for item in items:
        label = re.search(r'<span class="ds-tag"[^>]*>([^<]+)<', item)
        button = re.search(r'<a class="ds-button"[^>]*href="([^"]+)"', item, re.DOTALL)
        found[item.partition('"')[0]] = (label[1].strip() if label else "", button[1] if button else "")
    return found


def following(person: Client) -> tuple[str, str]:
    """The step that is marked as the next, and where it leads."""
    ((key, (_label, url)),) = [entry for entry in guide(person).items() if entry[1][0] == "Neste"]
    return key, url


def add_client(person: Client, outside: World, url: str) -> MaskinportenClient:
    scopes = re.findall(r'name="scopes" value="([^"]+)"[^>]* checked', read(person, url))
    do(person, url, {"name": "Vår", "client_id": "c-1", "orgnr": VENDOR_ORGNR, "scopes": scopes})
    row = MaskinportenClient.objects.get()
    outside.introduce_client(row, granted_scopes=[])
    return row


def add_key(person: Client, outside: World, client: MaskinportenClient) -> None:
    do(person, f"settings/clients/{client.pk}/keys/")
    outside.introduce_client(client, granted_scopes=[])
    do(person, f"settings/keys/{SigningKey.objects.get().pk}/activate/")


def states(person: Client) -> dict[str, str]:
    return {key: label for key, (label, _url) in guide(person).items()}


def test_an_empty_test_environment_reaches_the_first_approved_access(person: Client, outside: World) -> None:
    assert following(person)[0] == "terms"
    client = add_client(person, outside, guide(person)["client"][1])
    assert following(person) == ("key", "/test/settings/")
    add_key(person, outside, client)

    key, doctor = following(person)
    do(person, doctor)
    assert (key, states(person)["digdir"], states(person)["skatteetaten"]) == ("digdir", *["Venter på andre"] * 2)

    outside.introduce_client(client)
    outside.app.state.settings.vendor_unknown = True
    refused = do(person, doctor)
    assert "servicedesk@altinn.no" in refused
    assert [states(person)[key] for key in ("digdir", "skatteetaten", "number")] == [
        "Gjort",
        "Gjort",
        "Venter på andre",
    ]

    outside.app.state.settings.vendor_unknown = False
    do(person, doctor)
    key, url = following(person)
    assert (key, states(person)["number"]) == ("system", "Gjort")
    register(person, url, client)

    assert following(person)[0] == "profile"
    profile = {"name": "Oppgaver", "kind": "STANDARD", "rights": [RESOURCE], **PURPOSES}
    do(person, f"systems/{System.objects.get().pk}/profiles/new/", profile)
    ask_and_approve(person, outside)

    assert set(states(person).values()) == {"Gjort"}
    assert f"Token for {Customer.objects.get().name}" in do(person, doctor)


def register(person: Client, url: str, client: MaskinportenClient) -> None:
    given = {
        "client": client.pk,
        "client_ids": client.client_id,
        "system_id": "fjordtall",
        "rights": RESOURCE,
        "packages": PACKAGE,
    }
    do(person, url, {**TEXTS, **given, "redirect_urls": "https://portal.example/return"})
    do(person, f"systems/{System.objects.get().pk}/register/")


def ask_and_approve(person: Client, outside: World) -> None:
    key, url = following(person)
    assert key == "customers"
    do(person, url, {"orgnr": CUSTOMER, "name": "Fjelltopp", "language": "nb"})
    key, url = following(person)
    assert key == "ask"
    profile = System.objects.get().profiles.get()
    do(person, f"{url}?customer={Customer.objects.get().pk}", {"profile": profile.pk})
    outside.send_access(Access.objects.get())
    assert states(person)["approval"] == "Venter på andre"
    row = Access.objects.get()
    outside.decide(row, "approve")
    outside.poll(row)
