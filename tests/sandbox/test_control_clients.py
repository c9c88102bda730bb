"""Registering public keys at the sandbox's Maskinporten, one by one, as a person does at Samarbeidsportalen."""

from __future__ import annotations

import json
from typing import Any

import pytest

from .altinn_rig import NOW, Rig, V, public_jwk, refusal, rig

__all__ = ["rig"]
PLACE = "/control/clients/client-v/keys"


def hand(rig: Rig, jwk: Any) -> Any:
    return rig.http.post(PLACE, json={"jwk": jwk})


def signed_with(rig: Rig, kid: str) -> int:
    """The status of a grant of V's client, signed with W's key under `kid`."""
    return rig.ask(rig.assertion(by="W", iss="client-v", header={"kid": kid})).status_code


@pytest.mark.parametrize("form", ["one", "list", "set", "text"])
def test_a_further_key_signs_beside_the_old_one_whatever_form_it_is_pasted_in(rig: Rig, form: str) -> None:
    jwk = public_jwk("key-w", kid="new")
    pasted = {"one": jwk, "list": [jwk], "set": {"keys": [jwk]}, "text": json.dumps([jwk])}[form]

    response = hand(rig, pasted)

    assert (response.status_code, response.json()["kids"]) == (201, ["key-v", "new"])
    assert (rig.grant().status_code, signed_with(rig, "new")) == (200, 200)


def test_a_key_without_a_kid_is_given_one(rig: Rig) -> None:
    jwk = {name: value for name, value in public_jwk("key-w").items() if name != "kid"}

    payload = hand(rig, jwk).json()

    assert payload["kids"] == ["key-v", payload["kid"]]
    assert signed_with(rig, payload["kid"]) == 200


def test_the_same_key_again_lives_a_year_more(rig: Rig) -> None:
    rig.control("clock/advance", {"seconds": 364 * 86_400})

    response = hand(rig, public_jwk("key-v"))
    rig.control("clock/advance", {"seconds": 2 * 86_400})

    assert (response.status_code, response.json()["expires"]) == (200, "2028-11-21T12:00:00Z")
    assert rig.grant().status_code == 200


def test_another_key_of_the_same_kid_is_409_and_the_old_one_stays(rig: Rig) -> None:
    response = hand(rig, public_jwk("key-w", kid="key-v"))

    assert (response.status_code, response.json()["field"]) == (409, "jwk")
    assert rig.grant().status_code == 200


@pytest.mark.parametrize(
    "jwk",
    [None, "", "{", 7, [], {}, {"keys": 7}, [public_jwk("key-v"), public_jwk("key-w")], public_jwk("key-w", d="x"),
     public_jwk("key-w", kid="a b"), public_jwk("key-w", kid=7), public_jwk("key-w", n="AQAB"), {"kty": "EC"}],
)  # fmt: skip
def test_what_is_no_public_key_is_400_with_a_sentence_and_changes_nothing(rig: Rig, jwk: Any) -> None:
    response = hand(rig, jwk)

    assert (response.status_code, response.json()["field"]) == (400, "jwk")
    assert response.json()["error"].startswith("jwk: ")
    assert [key["kid"] for key in rig.http.get("/control/clients").json()[0]["keys"]] == ["key-v"]


def test_the_sixth_key_is_refused_until_one_is_taken_away(rig: Rig) -> None:
    for number in range(4):
        assert hand(rig, public_jwk("key-w", kid=f"k{number}")).status_code == 201
    sixth = hand(rig, public_jwk("key-w", kid="k4"))

    taken = rig.http.delete(f"{PLACE}/k0")

    assert (sixth.status_code, taken.status_code, signed_with(rig, "k0")) == (400, 204, 400)
    assert hand(rig, public_jwk("key-w", kid="k4")).status_code == 201
    assert rig.http.delete(f"{PLACE}/k0").status_code == 404


def test_clients_are_listed_with_the_expiry_of_their_keys(rig: Rig) -> None:
    rig.control("clients/client-v/keys/key-v/expire")

    result = rig.http.get("/control/clients").json()

    assert [client["client_id"] for client in result] == ["client-v", "client-w"]
    assert (result[0]["orgnr"], result[0]["granted_scopes"]) == (V, None)
    assert result[0]["keys"] == [{"kid": "key-v", "expires": NOW.isoformat().replace("+00:00", "Z")}]
    assert refusal(rig.grant())[2] == "121"


@pytest.mark.parametrize("field", ["scopes", "granted_scopes"])
def test_two_scopes_in_one_text_are_refused(rig: Rig, field: str) -> None:
    body = {"client_id": "c", "orgnr": V, "scopes": ["a"], field: ["a b"]}

    assert rig.http.post("/control/clients", json=body).json()["field"] == field


def test_an_unknown_client_is_404_with_a_sentence(rig: Rig) -> None:
    response = rig.http.post("/control/clients/nobody/keys", json={"jwk": public_jwk("key-v")})

    assert (response.status_code, response.json()["error"]) == (404, "No client has the id nobody.")
