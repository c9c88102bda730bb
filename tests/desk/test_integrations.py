"""The pages of integrations: made by administrators alone, a secret is shown once, nobody gives more than they see."""

from __future__ import annotations

import re
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Integration, Portfolio, Role, User, Vendor
from accounts.services.staff import Rights
from portal.core.audit import AuditEvent
from tests.api.erp import make_integration
from tests.fixtures import give, make_user

FORM = {
    "name": "erp", "purpose": "Lønn", "scopes": ["customers:read", "customers:write"], "sight": "all", "networks": "192.0.2.0/24",
    "calls_a_minute": "100",
}  # fmt: skip
LIST = "/sandbox/integrations/"


@pytest.fixture
def browser(client: Client, administrator: User, vendor: Vendor) -> Client:
    client.force_login(administrator)
    return client


def make(browser: Client, **changes: Any) -> Integration:
    reply = browser.post(f"{LIST}new/", {**FORM, **changes})
    assert reply.status_code == 302, reply.text
    return Integration.objects.get(name={**FORM, **changes}["name"])


def test_one_is_made_shown_and_changed(browser: Client) -> None:
    row = make(browser)
    page = browser.get(f"{LIST}{row.pk}/").text
    browser.post(f"{LIST}{row.pk}/edit/", {**FORM, "scopes": ["customers:read"], "networks": ""})

    row.refresh_from_db()
    assert (row.environment, row.scopes, row.networks, row.made_by) == (
        "SANDBOX", ["customers:read"], [], "user:administrator@vendor.example",
    )  # fmt: skip
    assert all(text in page for text in (row.client_id, "Alle kunder", "192.0.2.0/24", "Trenger en hemmelighet"))
    assert "erp" in browser.get(LIST).text
    assert list(AuditEvent.objects.filter(target=f"accounts.Integration:{row.pk}").values_list("what", flat=True)) == [
        "edited", "added",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("field", "value", "text"),
    [
        ("name", "ERP 1", "Bruk små bokstaver"), ("scopes", [], "Du må fylle ut"), ("networks", "tull", "tull er ingen IP-adresse."),
        ("sight", "own", "Velg minst én portefølje"), ("calls_a_minute", "0", ""),
    ],
)  # fmt: skip
def test_a_field_that_is_wrong_says_so(browser: Client, field: str, value: Any, text: str) -> None:
    reply = browser.post(f"{LIST}new/", {**FORM, field: value})

    assert reply.status_code == 422
    assert reply.context["form"].errors
    assert not Integration.objects.exists()
    assert text.split(" ", maxsplit=1)[0] in reply.text


def test_a_name_is_taken_for_ever(browser: Client) -> None:
    make(browser)

    assert "name" in browser.post(f"{LIST}new/", FORM).context["form"].errors


def test_a_secret_is_shown_once_and_the_next_one_takes_over(browser: Client) -> None:
    row = make(browser)
    page = browser.post(f"{LIST}{row.pk}/secret/")
    secret = re.search(r'value="(sbp_[^"]+)"', page.text)
    assert secret

    second = browser.post(f"{LIST}{row.pk}/secret/", {"overlap": "7"})

    assert "no-store" in page["Cache-Control"]
    assert secret[1] not in browser.get(f"{LIST}{row.pk}/").text + second.text
    assert [proof.ends_at is None for proof in row.proofs.order_by("pk")] == [False, True]
    assert "slutter" in browser.get(f"{LIST}{row.pk}/").text


def test_a_public_key_is_added_and_a_private_one_refused(browser: Client) -> None:
    row, key = make(browser), ed25519.Ed25519PrivateKey.generate()
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    ).decode()  # fmt: skip
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()

    refused = browser.post(f"{LIST}{row.pk}/key/", {"key": private})
    taken = browser.post(f"{LIST}{row.pk}/key/", {"key": public})

    assert (refused.status_code, "privat nøkkel" in refused.text, taken.status_code) == (422, True, 302)
    assert row.proofs.get().public_jwk["kty"] == "OKP"


def test_a_secret_is_ended_and_the_integration_stopped_after_a_question(browser: Client) -> None:
    row = make(browser)
    browser.post(f"{LIST}{row.pk}/secret/")
    proof = row.proofs.get()
    addresses = [f"{LIST}{row.pk}/proofs/{proof.pk}/end/", f"{LIST}{row.pk}/stop/"]

    asked = [browser.get(address).status_code for address in addresses]
    done = [browser.post(address, {"confirm": "1"}).status_code for address in addresses]
    row.refresh_from_db()
    stopped = row.stopped_at
    browser.post(f"{LIST}{row.pk}/start/")

    row.refresh_from_db()
    assert (asked, done, stopped is not None, row.stopped_at) == ([200, 200], [302, 302], True, None)
    assert row.proofs.get().ends_at is not None


def test_nobody_gives_customers_that_they_do_not_see(client: Client, portfolio: Portfolio, vendor: Vendor) -> None:
    limited = make_user(Role.ADMINISTRATOR)
    give(limited, Rights({"SANDBOX": Role.ADMINISTRATOR}))
    limited.portfolios.add(portfolio)
    nord = Portfolio.objects.create(name="Nord")
    client.force_login(limited)

    replies = [
        client.post(f"{LIST}new/", {**FORM, **sight}).status_code
        for sight in (
            {"sight": "all"},
            {"sight": "own", "portfolios": [nord.pk]},
            {"sight": "own", "portfolios": [portfolio.pk]},
        )
    ]

    assert replies == [422, 422, 302]


@pytest.mark.parametrize("role", [Role.CASE_WORKER, Role.DEVELOPER, Role.READER])
def test_others_do_not_come_in(client: Client, vendor: Vendor, role: str) -> None:
    client.force_login(make_user(role))

    assert client.get(LIST).status_code == 403


def test_one_of_another_environment_is_not_there(browser: Client) -> None:
    row = make(browser)

    assert browser.get(f"/test/integrations/{row.pk}/").status_code == 404


@pytest.mark.parametrize("address", ["/sandbox/integrations/", "/sandbox/incident/"])
def test_many_integrations_take_no_more_questions_than_one(
    client: Client, administrator: User, vendor: Any, address: str
) -> None:
    client.force_login(administrator)
    make_integration(administrator, "one")
    client.get(address)
    with CaptureQueriesContext(connection) as few:
        client.get(address)
    for number in range(4):
        make_integration(make_user(Role.ADMINISTRATOR, f"admin-{number}@vendor.example"), f"more-{number}")

    with CaptureQueriesContext(connection) as many:
        text = client.get(address).content.decode()

    assert "more-3" in text
    assert len(many) == len(few)
