"""Digdir's self-service API: what is sent, and how its answers are read."""

from __future__ import annotations

import json
from typing import Any

import pytest

from portal.gateways.digdir import TERMS_UNSIGNED, RemoteClient, RemoteKey, SelfService
from portal.gateways.errors import BrokenReply, Refused
from portal.gateways.statuses import Kind, kind_of
from tests.gateways.remote import Remote

GATEWAY = SelfService(base_url="https://api.test.samarbeid.digdir.no")
KEY = {"kty": "RSA", "n": "AQ", "e": "AQAB", "kid": "k1", "x5t": "only Digdir knows why"}


def test_the_set_is_replaced_as_a_whole_and_keys_go_back_as_they_came(remote: Remote) -> None:
    remote.says({"keys": [KEY]})
    read = GATEWAY.keys(token="t", client_id="c/1")

    stored = GATEWAY.replace_keys(token="t", client_id="c/1", keys=[one.jwk for one in read])

    asked, sent = remote.requests
    assert (asked.method, sent.method) == ("GET", "PUT")
    assert sent.url.raw_path == asked.url.raw_path == b"/clients/c%2F1/jwks"
    assert sent.headers["authorization"] == "Bearer t"
    assert json.loads(sent.content) == {"keys": [KEY]}
    assert stored == [RemoteKey("k1", KEY)]


def test_a_client_is_made_as_digdir_wants_it(remote: Remote) -> None:
    remote.says({"client_id": "new", "client_name": "N"}, status=201)

    made = GATEWAY.create_client(token="t", name="N", description="D", scopes=("a:b",))

    assert made == RemoteClient("new", "N", "", (), "", is_active=True)
    assert json.loads(remote.requests[0].content) == {
        "client_name": "N",
        "description": "D",
        "integration_type": "maskinporten",
        "token_endpoint_auth_method": "private_key_jwt",
        "grant_types": ["urn:ietf:params:oauth:grant-type:jwt-bearer"],
        "scopes": ["a:b"],
    }


def test_a_client_is_read_whatever_is_left_out(remote: Remote) -> None:
    remote.says([{"client_id": "a", "scopes": None, "active": False}, {"client_id": "b", "client_orgno": "310123455"}])

    first, second = GATEWAY.clients(token="t")

    assert (first.is_active, first.scopes, second.is_active, second.orgnr) == (False, (), True, "310123455")


@pytest.mark.parametrize("body", [{}, [], {"keys": None}, {"keys": [1]}, "x"])
def test_a_set_in_another_shape_is_broken_and_never_an_empty_set(remote: Remote, body: Any) -> None:
    remote.says(json.dumps(body))

    with pytest.raises(BrokenReply):
        GATEWAY.keys(token="t", client_id="c")


@pytest.mark.parametrize("body", [{"error": TERMS_UNSIGNED, "error_description": "x"}, {"code": TERMS_UNSIGNED}])
def test_unsigned_terms_have_a_code_and_are_ours_to_mend(remote: Remote, body: Any) -> None:
    remote.says(body, status=428)

    with pytest.raises(Refused) as caught:
        GATEWAY.create_client(token="t", name="N", description="D", scopes=())

    assert (caught.value.code, kind_of(caught.value)) == (TERMS_UNSIGNED, Kind.OURS)


def test_the_same_key_is_known_by_its_numbers() -> None:
    key = RemoteKey("k1", KEY)

    assert key.has_modulus_of({**KEY, "kid": "other"})
    assert not key.has_modulus_of({**KEY, "n": "Ag"})
