"""Keys of Maskinporten that a key service holds: taken in, tried, used and retired as others, with no private half here."""

from __future__ import annotations

from io import StringIO
from typing import Any

import httpx
import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from portal.core.audit import AuditEvent
from portal.core.env import BadSetting, Env
from portal.core.key_services import KeyServices, read
from portal.gateways import http
from portal.gateways.errors import Unavailable
from portal.gateways.key_services import fits
from portal.gateways.key_services.aws_kms import AwsKms
from portal.gateways.key_services.azure_keys import AzureKeys
from portal.gateways.key_services.gcp_kms import GcpKms
from portal.gateways.key_services.vault import Vault
from portal.gateways.maskinporten import Grant, as_jwk
from systemusers.models import MaskinportenClient, SigningKey
from systemusers.services import keys
from systemusers.services.keys import NoKey, importing
from systemusers.services.keys.held import service_of
from tests.gateways.key_services.services import ARN, AZURE, GCP, TOKEN, VAULT, Services, rsa_key

pytestmark = pytest.mark.django_db
KID = "held-1"


@pytest.fixture
def services(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> Services:
    made = Services()
    monkeypatch.setattr(http, "TRANSPORT", made)
    settings.KEY_SERVICES = KeyServices({KID: "vault:transit/maskinporten#1"}, VAULT, TOKEN)
    return made


@pytest.fixture
def client_of_ours() -> MaskinportenClient:
    return MaskinportenClient.objects.create(
        environment="SANDBOX", client_id="c-1", name="Fjordtall", orgnr="310123455", scopes=["a:read"]
    )


def sign(grant: Grant) -> bytes:
    assert grant.sign is not None
    return grant.sign(b"m")


def take_in(client: MaskinportenClient, kid: str = KID) -> SigningKey:
    return importing.take_in(client=client, kid=kid, by="user:ida@vendor.example", at=timezone.now())


def test_a_held_key_has_its_public_half_here_and_no_private_one(
    services: Services, client_of_ours: MaskinportenClient
) -> None:
    key = take_in(client_of_ours)

    key.refresh_from_db()
    assert (key.status, key.is_held, key.private_pem) == ("NEW", True, None)
    assert key.public_jwk == as_jwk(rsa_key(1).public_key(), KID)
    assert AuditEvent.objects.filter(what="key-imported", detail={"kid": KID}).exists()
    assert not keys.can_rename(key)


def test_a_grant_is_signed_by_the_service(services: Services, client_of_ours: MaskinportenClient) -> None:
    grant = keys.grant_for(take_in(client_of_ours), scopes=("a:read",))

    assert (grant.private_pem, grant.kid) == (b"", KID)
    assert fits(rsa_key(1).public_key(), message=b"m", signature=sign(grant))


def test_it_goes_through_its_life_as_others(services: Services, client_of_ours: MaskinportenClient) -> None:
    key, at = take_in(client_of_ours), timezone.now()

    key.move_to("ACTIVE", by="user:ida@vendor.example", at=at)
    keys.retire_key(key=key, by="user:ida@vendor.example", at=at)

    key.refresh_from_db()
    assert (key.status, key.private_pem) == ("RETIRED", None)


def test_a_key_that_is_neither_here_nor_held_cannot_be_stored(client_of_ours: MaskinportenClient) -> None:
    with pytest.raises(IntegrityError, match="key_is_here_or_held_or_retired"), transaction.atomic():
        SigningKey.objects.create(client=client_of_ours, kid="k", public_jwk={"n": "1"}, created_at=timezone.now())


def test_a_key_that_no_setting_names_signs_nothing(
    services: Services, client_of_ours: MaskinportenClient, settings: Settings
) -> None:
    key = take_in(client_of_ours)
    settings.KEY_SERVICES = KeyServices()

    with pytest.raises(NoKey, match="SIGNING_KEYS names no key held-1"):
        keys.grant_for(key, scopes=("a:read",))


@pytest.mark.parametrize("status", [403, 404, 500, 503])
def test_whatever_the_service_says_the_work_waits(
    status: int, services: Services, client_of_ours: MaskinportenClient
) -> None:
    """A refusal of the key service must not look like a refusal of Maskinporten, which would end a report."""
    grant = keys.grant_for(take_in(client_of_ours), scopes=("a:read",))
    services.answer = lambda request: httpx.Response(status, json={"errors": ["no"]})

    with pytest.raises(Unavailable) as caught:
        sign(grant)

    assert caught.value.code == "KEY_SERVICE"


def test_a_signature_of_another_key_is_not_used(services: Services, client_of_ours: MaskinportenClient) -> None:
    grant = keys.grant_for(take_in(client_of_ours), scopes=("a:read",))
    services.signing = {1: rsa_key(2), 2: rsa_key(1)}

    with pytest.raises(Unavailable, match="signed with another key"):
        sign(grant)


def test_the_token_of_vault_is_read_anew_from_its_file(
    services: Services, client_of_ours: MaskinportenClient, settings: Settings, tmp_path: Any
) -> None:
    file = tmp_path / "token"
    file.write_text("hvs.first\n")
    settings.KEY_SERVICES = KeyServices({KID: "vault:transit/maskinporten#1"}, VAULT, "hvs.first", str(file))
    services.token = "hvs.first"
    grant = keys.grant_for(take_in(client_of_ours), scopes=("a:read",))
    services.token = "hvs.second"
    file.write_text("hvs.second\n")

    assert sign(grant)
    file.unlink()
    with pytest.raises(Unavailable, match="VAULT_TOKEN_FILE cannot be read"):
        sign(grant)


class TestCommand:
    def test_it_takes_the_key_in_and_prints_the_public_half(
        self, services: Services, client_of_ours: MaskinportenClient
    ) -> None:
        call_command("hold_key", "c-1", KID, stdout=(said := StringIO()))

        assert f'"kid": "{KID}"' in said.getvalue()
        assert client_of_ours.keys.get().is_held

    @pytest.mark.parametrize(
        ("client", "kid", "said"),
        [("nobody", KID, "No client has this id"), ("c-1", "other", "SIGNING_KEYS names no key other")],
    )
    def test_what_is_wrong_is_said(
        self, client: str, kid: str, said: str, services: Services, client_of_ours: MaskinportenClient
    ) -> None:
        with pytest.raises(CommandError, match=said):
            call_command("hold_key", client, kid)

    def test_a_service_that_refuses_and_a_key_that_is_here_are_told(
        self, services: Services, client_of_ours: MaskinportenClient
    ) -> None:
        take_in(client_of_ours)
        with pytest.raises(CommandError, match="The key is not taken in"):
            call_command("hold_key", "c-1", KID)

        services.token = "another"
        with pytest.raises(CommandError, match="did not give the public half"):
            call_command("hold_key", "c-1", KID)


def test_the_page_says_where_the_key_is(
    client: Client, vendor: Any, administrator: User, services: Services, client_of_ours: MaskinportenClient
) -> None:
    take_in(client_of_ours)
    client.force_login(administrator)

    assert "I en nøkkeltjeneste" in client.get("/sandbox/settings/").text


class TestSetting:
    GOOD = {"VAULT_ADDR": "https://vault.example.no:8200", "VAULT_TOKEN": "hvs.x"}

    def test_both_services_are_read(self) -> None:
        given = f"a=vault:transit/maskinporten#1, b=aws-kms:{ARN}"

        found = read(Env({"SIGNING_KEYS": given, **self.GOOD}), is_local=False)

        assert found.keys == {"a": "vault:transit/maskinporten#1", "b": f"aws-kms:{ARN}"}
        assert "hvs.x" not in repr(found)

    @pytest.mark.parametrize(
        ("values", "problem"),
        [
            ({"SIGNING_KEYS": "a=gcp:x"}, "SIGNING_KEYS has 'a=gcp:x'"),
            ({"SIGNING_KEYS": "a"}, "SIGNING_KEYS has 'a'"),
            ({"SIGNING_KEYS": "a=vault:/m#1"}, "SIGNING_KEYS has 'a=vault:/m#1'"),
            ({"SIGNING_KEYS": "a=aws-kms:arn:aws:kms:here:1:key/x"}, "SIGNING_KEYS has 'a=aws-kms"),
            ({"SIGNING_KEYS": "a=vault:transit/m#1", "VAULT_ADDR": ""}, "VAULT_ADDR is not set"),
            ({"SIGNING_KEYS": "a=vault:transit/m#1", "VAULT_TOKEN": ""}, "VAULT_TOKEN_FILE is not set"),
            ({"VAULT_ADDR": "http://vault.example.no:8200"}, "VAULT_ADDR must begin with https://"),
        ],
    )
    def test_what_cannot_be_used_stops_the_start(self, values: dict[str, str], problem: str) -> None:
        with pytest.raises(BadSetting, match=problem):
            read(Env({**self.GOOD, **values}), is_local=False)

    def test_nothing_is_the_usual(self) -> None:
        assert read(Env({}), is_local=False) == KeyServices()


@pytest.mark.parametrize(
    ("reference", "kind"),
    [("vault:transit/maskinporten#1", Vault), (f"aws-kms:{ARN}", AwsKms), (f"gcp-kms:{GCP}", GcpKms), (f"azure:{AZURE}", AzureKeys)],
)  # fmt: skip
def test_each_service_is_reached_by_its_reference(reference: str, kind: type, settings: Settings) -> None:
    given = {"SIGNING_KEYS": f"k={reference}", "VAULT_ADDR": VAULT, "VAULT_TOKEN": TOKEN}

    settings.KEY_SERVICES = read(Env(given), is_local=False)

    assert type(service_of("k")) is kind
