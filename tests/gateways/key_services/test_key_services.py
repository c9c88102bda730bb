"""Signing with a key that never leaves its service: each as its documentation describes it."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest

from portal.gateways import http, maskinporten
from portal.gateways.errors import BrokenReply, Refused, Unavailable
from portal.gateways.key_services import KeyService, aws_kms, azure_keys, fits, gcp_kms
from portal.gateways.key_services.aws_kms import AwsKms
from portal.gateways.key_services.azure_keys import AzureKeys
from portal.gateways.key_services.gcp_kms import GcpKms
from portal.gateways.key_services.vault import Vault
from portal.gateways.maskinporten import Grant, Maskinporten, as_jwk
from tests.gateways.key_services.services import ARN, AZURE, GCP, TOKEN, VAULT, Services, rsa_key

MESSAGE = b"header.payload"
AT = datetime(2026, 11, 29, 12, 0, tzinfo=UTC)


@pytest.fixture
def services(monkeypatch: pytest.MonkeyPatch) -> Iterator[Services]:
    made = Services()
    monkeypatch.setattr(http, "TRANSPORT", made)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
    for name in ("GCE_METADATA_HOST", "AZURE_FEDERATED_TOKEN_FILE", "AZURE_CLIENT_ID", "AZURE_TENANT_ID"):
        monkeypatch.delenv(name, raising=False)
    kept = (aws_kms.session, gcp_kms.token, azure_keys.token)
    for each in kept:
        each.cache_clear()
    yield made
    for each in kept:
        each.cache_clear()


def vault(version: int = 1) -> Vault:
    return Vault(f"transit/maskinporten#{version}", address=VAULT, token=lambda: TOKEN)


CLOUDS: list[Any] = [lambda: GcpKms(GCP), lambda: AzureKeys(AZURE)]
"""Those that take a token of the machine."""
ALL: list[tuple[Any, int]] = [(vault, 1), (lambda: AwsKms(ARN), 3), *((make, 3) for make in CLOUDS)]


@pytest.mark.parametrize(("make", "number"), ALL)
def test_a_service_gives_its_public_half_and_signatures_that_fit(make: Any, number: int, services: Services) -> None:
    service: KeyService = make()

    public, signature = service.public_key(), service.sign(MESSAGE)

    assert public.public_numbers() == rsa_key(number).public_key().public_numbers()
    assert fits(public, message=MESSAGE, signature=signature)
    assert not fits(public, message=b"another", signature=signature)


@pytest.mark.parametrize(("make", "number"), ALL)
def test_a_grant_is_a_jws_that_maskinporten_verifies(make: Any, number: int, services: Services) -> None:
    grant = Grant(client_id="c", kid="k", sign=make().sign, scopes=("a:read",), owner_orgnr="310987654")

    assertion = Maskinporten(base_url="https://m", issuer="https://m/").assertion(grant, jti="1")

    jwk = jwt.PyJWK(as_jwk(rsa_key(number).public_key(), "k"))
    claims = jwt.decode(assertion, jwk, algorithms=["RS256"], audience="https://m/")
    assert jwt.get_unverified_header(assertion) == {"alg": "RS256", "kid": "k", "typ": "JWT"}
    assert (claims["iss"], claims["scope"]) == ("c", "a:read")
    assert claims["authorization_details"][0]["systemuser_org"]["ID"] == "0192:310987654"


def test_the_message_itself_does_not_leave_us(services: Services) -> None:
    vault().sign(MESSAGE)
    AwsKms(ARN).sign(MESSAGE)
    for make in CLOUDS:
        make().sign(MESSAGE)

    assert not any(base64.b64encode(MESSAGE) in request.content for request in services.requests)


def test_vault_signs_with_the_version_of_the_reference(services: Services) -> None:
    assert fits(rsa_key(2).public_key(), message=MESSAGE, signature=vault(2).sign(MESSAGE))
    services.signing = {1: rsa_key(1)}

    with pytest.raises(BrokenReply):
        vault(2).public_key()


def test_amazon_gets_a_request_that_is_signed_for_its_region(services: Services) -> None:
    AwsKms(ARN).sign(MESSAGE)

    request = services.requests[-1]
    assert str(request.url) == "https://kms.eu-north-1.amazonaws.com/"
    assert "/eu-north-1/kms/aws4_request" in request.headers["Authorization"]
    assert {"host", "x-amz-date", "x-amz-target"} <= set(
        request.headers["Authorization"].split("SignedHeaders=")[1].split(",")[0].split(";")
    )


def test_without_credentials_of_amazon_the_work_waits(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")
    aws_kms.session.cache_clear()

    with pytest.raises(Unavailable, match="no credentials"):
        AwsKms(ARN).sign(MESSAGE)


def test_a_wrong_token_is_a_refusal_and_stands_in_no_message(services: Services) -> None:
    with pytest.raises(Refused) as caught:
        Vault("transit/maskinporten#1", address=VAULT, token=lambda: "hvs.old").sign(MESSAGE)

    assert caught.value.status == 403
    assert "hvs.old" not in str(caught.value)


def test_a_key_for_other_uses_is_no_key(services: Services) -> None:
    services.usage = "ENCRYPT_DECRYPT"

    with pytest.raises(BrokenReply):
        AwsKms(ARN).public_key()


@pytest.mark.parametrize(
    "body", [b"", b"[]", b'{"data": {}}', b'{"data": {"signature": "vault:v2:AAAA"}}', b'{"Signature": 1}']
)
@pytest.mark.parametrize(("make", "number"), ALL)
def test_an_answer_that_cannot_be_read_is_a_broken_reply(
    make: Any, number: int, body: bytes, services: Services
) -> None:
    services.answer = lambda request: httpx.Response(200, content=body)

    with pytest.raises(BrokenReply):
        make().sign(MESSAGE)


@pytest.mark.parametrize("make", CLOUDS)
def test_a_token_of_the_machine_is_used_while_it_lives(make: Any, services: Services) -> None:
    for _ in range(3):
        make().sign(MESSAGE)
    assert services.given == 1

    services.seconds = 30  # it is not used in its last minute
    azure_keys.token.cache_clear()
    gcp_kms.token.cache_clear()
    for _ in range(2):
        make().sign(MESSAGE)
    assert services.given == 3


@pytest.mark.parametrize("make", CLOUDS)
def test_a_token_that_is_no_longer_taken_is_asked_for_anew(make: Any, services: Services) -> None:
    make().sign(MESSAGE)
    services.given += 1  # the cloud has taken the token back

    with pytest.raises(Refused):
        make().sign(MESSAGE)

    assert fits(rsa_key(3).public_key(), message=MESSAGE, signature=make().sign(MESSAGE))


def test_in_a_cluster_azure_takes_the_token_of_the_workload(
    services: Services, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "token").write_text("assertion-of-the-cluster\n")
    for name, value in (("FEDERATED_TOKEN_FILE", tmp_path / "token"), ("CLIENT_ID", "c"), ("TENANT_ID", "t")):
        monkeypatch.setenv(f"AZURE_{name}", str(value))

    AzureKeys(AZURE).sign(MESSAGE)

    assert str(services.requests[0].url) == "https://login.microsoftonline.com/t/oauth2/v2.0/token"
    (tmp_path / "token").unlink()
    azure_keys.token.cache_clear()
    with pytest.raises(Unavailable, match="AZURE_FEDERATED_TOKEN_FILE"):
        AzureKeys(AZURE).sign(MESSAGE)


def test_a_key_of_the_clouds_for_other_uses_is_no_key(services: Services) -> None:
    services.algorithm, services.is_enabled = "RSA_SIGN_PSS_2048_SHA256", False

    for make in CLOUDS:
        with pytest.raises(BrokenReply):
            make().public_key()


@pytest.mark.parametrize("reference", ["", GCP.rpartition("/")[0], f"{GCP}/x", GCP.replace("my-project", "../x")])
def test_a_reference_of_google_names_a_version(reference: str) -> None:
    with pytest.raises(ValueError, match="version of a key"):
        GcpKms(reference)


@pytest.mark.parametrize(
    "reference", ["", "v/k/1", AZURE.rpartition("/")[0], AZURE.replace("my-vault", "evil.example")]
)
def test_a_reference_of_azure_has_a_form(reference: str) -> None:
    with pytest.raises(ValueError, match="VAULT/NAME/VERSION"):
        AzureKeys(reference)


@pytest.mark.parametrize("reference", ["", "transit", "transit/key", "transit/key#0", "../sys/key#1", "a b/c#1"])
def test_a_reference_of_vault_has_a_form(reference: str) -> None:
    with pytest.raises(ValueError, match="MOUNT/NAME#VERSION"):
        Vault(reference, address=VAULT, token=lambda: TOKEN)


@pytest.mark.parametrize("reference", ["", "1234abcd", "arn:aws:s3:::bucket", "arn:aws:kms:eu-north-1:1:key/x"])
def test_a_reference_of_amazon_is_the_arn_of_a_key(reference: str) -> None:
    with pytest.raises(ValueError, match="ARN"):
        AwsKms(reference)


def test_the_clock_of_a_grant_is_that_of_signing(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(maskinporten, "clock", lambda: AT)

    assertion = Maskinporten(base_url="https://m", issuer="https://m/").assertion(
        Grant(client_id="c", kid="k", sign=vault().sign), jti="1"
    )

    assert jwt.decode(assertion, options={"verify_signature": False})["iat"] == int(AT.timestamp())
