"""Grants: what we sign, what comes back for them, and what of it can be seen by chance."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from urllib.parse import parse_qs

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from portal.gateways import maskinporten
from portal.gateways.errors import BrokenReply
from portal.gateways.maskinporten import Grant, Maskinporten, Token, generate_key, public_jwk
from tests.gateways.remote import Remote

AT = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
ISSUER = "https://test.maskinporten.no/"
CUSTOMER = "310987654"
GATEWAY = Maskinporten(base_url="https://test.maskinporten.no", issuer=ISSUER)


@cache
def key_pair() -> tuple[str, bytes, dict[str, Any]]:
    return generate_key()


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(maskinporten, "clock", lambda: AT)


@pytest.fixture
def grant() -> Grant:
    kid, pem, _jwk = key_pair()
    return Grant(client_id="client-1", kid=kid, private_pem=pem, scopes=("a:read", "b:write"))


def claims_of(assertion: str) -> dict[str, Any]:
    """Verified with the public half we would hand to Maskinporten."""
    public = jwt.PyJWK(key_pair()[2])
    claims: dict[str, Any] = jwt.decode(
        assertion, public, algorithms=["RS256"], audience=ISSUER, options={"verify_exp": False, "verify_iat": False}
    )
    return claims


def unsigned(claims: dict[str, Any]) -> str:
    return jwt.encode(claims, key_pair()[1], algorithm="RS256")


# what we sign


def test_a_grant_of_our_own_has_these_claims_and_no_others(grant: Grant) -> None:
    claims = claims_of(GATEWAY.assertion(grant, jti="j-1"))

    issued = int(AT.timestamp())
    assert claims == {
        "aud": ISSUER, "iss": "client-1", "scope": "a:read b:write", "iat": issued, "exp": issued + 119, "jti": "j-1",
    }  # fmt: skip


def test_a_grant_is_signed_with_the_named_key(grant: Grant) -> None:
    header = jwt.get_unverified_header(GATEWAY.assertion(grant, jti="j-1"))

    assert header == {"alg": "RS256", "typ": "JWT", "kid": grant.kid}


def test_a_grant_for_a_customer_names_the_owner_of_the_system_user(grant: Grant) -> None:
    wanted = replace(grant, owner_orgnr=CUSTOMER, external_ref="kunde-42")

    details = claims_of(GATEWAY.assertion(wanted, jti="j-1"))["authorization_details"]

    owner = {"authority": "iso6523-actorid-upis", "ID": f"0192:{CUSTOMER}"}
    assert details == [{"type": "urn:altinn:systemuser", "systemuser_org": owner, "externalRef": "kunde-42"}]


@pytest.mark.parametrize("external_ref", [None, ""])
def test_no_reference_is_left_out_rather_than_sent_empty(grant: Grant, external_ref: str | None) -> None:
    wanted = replace(grant, owner_orgnr=CUSTOMER, external_ref=external_ref)

    (details,) = claims_of(GATEWAY.assertion(wanted, jti="j-1"))["authorization_details"]

    assert "externalRef" not in details


def test_the_grant_goes_out_as_a_form_and_is_never_used_twice(remote: Remote, grant: Grant) -> None:
    remote.says({"access_token": "a.b.c", "expires_in": 120})

    for _ in range(2):
        GATEWAY.token(grant, at=AT)

    forms = [parse_qs(request.content.decode()) for request in remote.requests]
    assert [set(form) for form in forms] == [{"grant_type", "assertion"}] * 2
    assert forms[0]["grant_type"] == ["urn:ietf:params:oauth:grant-type:jwt-bearer"]
    assert len({claims_of(form["assertion"][0])["jti"] for form in forms}) == 2
    assert "authorization" not in remote.asked.headers


# what comes back


def test_a_token_lives_from_when_it_was_asked_for(remote: Remote, grant: Grant) -> None:
    remote.says({"access_token": "a.b.c", "token_type": "Bearer", "expires_in": 100, "scope": "a:read b:write"})

    token = GATEWAY.token(grant, at=AT)

    assert token == Token("a.b.c", AT + timedelta(seconds=100), ("a:read", "b:write"))


@pytest.mark.parametrize("ids", [["su-1"], "su-1"])
def test_the_system_user_is_read_from_its_token(remote: Remote, grant: Grant, ids: Any) -> None:
    value = unsigned({"authorization_details": [{"type": "urn:altinn:systemuser", "systemuser_id": ids}]})
    remote.says({"access_token": value, "expires_in": 100})

    assert GATEWAY.token(grant, at=AT).system_user_id == "su-1"


@pytest.mark.parametrize("details", [[], [{"systemuser_id": []}], [{}], "no", None, {"a": 1}])
def test_a_token_without_a_system_user_is_as_good(remote: Remote, grant: Grant, details: Any) -> None:
    remote.says({"access_token": unsigned({"authorization_details": details}), "expires_in": 100})

    assert GATEWAY.token(grant, at=AT).system_user_id == ""


@pytest.mark.parametrize(
    "payload",
    [
        {},
        [],
        {"access_token": "a.b.c"},
        {"access_token": "a.b.c", "expires_in": "soon"},
        {"access_token": "a.b.c", "expires_in": 1e300},
        {"access_token": "", "expires_in": 100},
        {"access_token": None, "expires_in": 100},
        {"access_token": "a.b.c\r\nX-Evil:1", "expires_in": 100},
        {"access_token": "a.bæ.c", "expires_in": 100},
    ],
)
def test_an_answer_without_a_usable_token_is_a_broken_reply(remote: Remote, grant: Grant, payload: Any) -> None:
    remote.says(payload)

    with pytest.raises(BrokenReply):
        GATEWAY.token(grant, at=AT)


def test_the_metadata_gives_issuer_and_key_address(remote: Remote) -> None:
    remote.says({"issuer": ISSUER, "jwks_uri": f"{ISSUER}jwk"})

    assert GATEWAY.metadata() == {"issuer": ISSUER, "jwks_uri": f"{ISSUER}jwk"}
    assert str(remote.asked.url) == f"{ISSUER}.well-known/oauth-authorization-server"


# keys and secrets


def test_a_new_key_is_rsa_2048_with_a_public_half_only_in_its_jwk() -> None:
    kid, pem, jwk = key_pair()

    modulus = base64.urlsafe_b64decode(jwk["n"] + "==")
    assert (len(modulus) * 8, jwk["e"]) == (2048, "AQAB")
    assert set(jwk) == {"kty", "n", "e", "kid", "use", "alg"}
    assert (jwk["kty"], jwk["kid"], jwk["use"], jwk["alg"]) == ("RSA", kid, "sig", "RS256")
    assert public_jwk(pem, kid) == jwk


def test_a_key_that_is_not_rsa_is_refused() -> None:
    private = ec.generate_private_key(ec.SECP256R1())
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )

    with pytest.raises(ValueError, match="RSA"):
        public_jwk(pem, "kid-1")


def test_neither_key_nor_token_is_seen_by_chance(grant: Grant) -> None:
    token = Token("a.secret.c", AT, ())

    assert "PRIVATE" not in repr(grant)
    assert "secret" not in repr(token)
    assert json.dumps([str(grant), str(token)]).count("secret") == 0
