"""The control calls for Altinn and Maskinporten, and their answers to wrong input."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from portal.sandbox.altinn import rights as granted

from .altinn_rig import (
    FEES,
    GRANT,
    NOW,
    SHARES,
    TAX,
    K,
    Rig,
    V,
    packages,
    public_jwk,
    rar,
    ready,
    rig,
)

__all__ = ["ready", "rig"]
PERSON = {"name": "Ola", "roles": ["DAGL"]}
CLIENT = {"client_id": "c", "orgnr": V, "scopes": ["a"]}


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("clients", {}, "client_id"),
        ("clients", {**CLIENT, "client_id": " "}, "client_id"),
        ("clients", {**CLIENT, "orgnr": "310123456"}, "orgnr"),
        ("clients", {**CLIENT, "scopes": "a"}, "scopes"),
        ("clients", {**CLIENT, "token_lifetime": 0}, "token_lifetime"),
        ("clients", {**CLIENT, "scope": []}, "scope"),
        ("clients", {**CLIENT, "jwks": {"keys": [{}]}}, "keys"),
        ("clients", {**CLIENT, "jwks": {"keys": None}}, "keys"),
        ("organisations", {"orgnr": K}, "name"),
        ("organisations", {"orgnr": "123", "name": "x"}, "orgnr"),
        ("organisations", {"orgnr": K, "name": "x", "accountant": "1"}, "accountant"),
        ("organisations", {"orgnr": K, "name": "x", "delegations": {"1": []}}, "delegations"),
        ("organisations", {"orgnr": K, "name": "x", "delegations": {V: ["x"]}}, "delegations"),
        ("organisations", {"orgnr": K, "name": "x", "persons": [PERSON, PERSON]}, "persons"),
        ("organisations", {"orgnr": K, "name": "x", "persons": [{"name": "", "roles": []}]}, "persons"),
        ("organisations", {"orgnr": K, "name": "x", "persons": [{**PERSON, "roles": ["sjef"]}]}, "persons"),
        ("organisations", {"orgnr": K, "name": "x", "persons": [{**PERSON, "packages": ["x"]}]}, "persons"),
        ("person-tokens", {"orgnr": K}, "scopes"),
        ("person-tokens", {"orgnr": K, "scopes": [], "person": "Nobody"}, "person"),
    ],
)
def test_wrong_input_is_400_with_a_sentence_that_names_the_field(
    rig: Rig, path: str, body: dict[str, Any], field: str
) -> None:
    response = rig.http.post(f"/control/{path}", json=body)

    payload = response.json()
    assert response.status_code == 400
    assert payload["error"].endswith(".")
    assert payload["field"].startswith(field)


@pytest.mark.parametrize("days", [-1, 1e300, "x", None])
def test_a_request_ages_by_a_sensible_number_of_days(ready: Rig, days: Any) -> None:
    response = ready.http.post(f"/control/requests/{ready.requested()}/age", json={"days": days})

    assert (response.status_code, response.json()["field"]) == (400, "days")


def test_ageing_again_and_again_never_leaves_the_calendar(ready: Rig) -> None:
    ident = ready.requested()

    for _ in range(40):
        ready.control(f"requests/{ident}/age", {"days": 36_500})

    assert ready.app.state.requests[ident].created.year == 1926


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "requests/nothing/approve"),
        ("POST", "change-requests/nothing/reject"),
        ("DELETE", "system-users/nothing"),
        ("POST", "system-users/nothing/clients"),
        ("POST", "clients/nothing/keys/k/expire"),
        ("POST", "clients/client-v/keys/nothing/expire"),
    ],
)
def test_an_unknown_id_is_404_with_a_sentence(rig: Rig, method: str, path: str) -> None:
    response = rig.http.request(method, f"/control/{path}", json={"orgnrs": []})

    assert response.status_code == 404
    assert response.json()["error"].startswith("No ")


def test_an_unknown_person_or_act_is_refused_with_the_known_ones(ready: Rig) -> None:
    ident = ready.requested()

    person = ready.http.post(f"/control/requests/{ident}/approve", json={"person": "Nobody"})
    act = ready.http.post(f"/control/requests/{ident}/dance", json={})

    assert (person.status_code, act.status_code) == (400, 404)
    assert "Kari Nordmann, Per Hansen, Ukjent Person" in person.json()["error"]
    assert "approved, rejected, escalated or aged" in act.json()["error"]


def test_a_client_posted_again_is_replaced_with_its_keys(rig: Rig) -> None:
    rig.add_client("V", jwks={"keys": [public_jwk("key-w", kid="new")]})

    assert rig.grant().status_code == 400
    assert rig.ask(rig.assertion(by="W", iss="client-v", header={"kid": "new"})).status_code == 200


def test_an_organisation_posted_again_keeps_its_party(rig: Rig) -> None:
    first = rig.add_organisation(K, "Rask Tiger AS")

    second = rig.add_organisation(K, "Modig Tiger AS")

    assert (first["party_id"], first["party_uuid"]) == (second["party_id"], second["party_uuid"])
    assert first["party_id"] >= 50_000_000


def test_an_organisation_that_is_not_known_to_altinn_can_be_made(ready: Rig) -> None:
    ready.add_organisation(K, "Rask Tiger AS", known=False)

    assert ready.request().json()["code"] == "AUTH-00000"


def test_the_lifetime_of_a_clients_tokens_can_be_set(rig: Rig) -> None:
    rig.add_client("V", token_lifetime=600)

    assert rig.grant().json()["expires_in"] == 599


def test_a_removed_system_user_cannot_be_removed_again(ready: Rig) -> None:
    ident = ready.approved()
    ready.control(f"system-users/{ident}", method="DELETE", status=204)

    assert ready.http.delete(f"/control/system-users/{ident}").status_code == 404


def test_clients_are_attached_once_and_must_be_known(ready: Rig) -> None:
    agent = ready.agent()
    path = f"system-users/{agent}/clients"

    assert ready.control(path, {"orgnrs": [K, K]}) == ready.control(path, {"orgnrs": [K]}) == {"clients": [K]}
    assert ready.http.post(f"/control/{path}", json={"orgnrs": ["999999999"]}).json()["field"] == "orgnrs"


def test_the_same_seed_and_clock_give_the_same_ids() -> None:
    def ids() -> list[str]:
        rig = Rig()
        rig.register()
        return [rig.requested(), rig.requested(externalRef="to")]

    assert ids() == ids()


def test_a_snapshot_brings_requests_and_system_users_back(ready: Rig) -> None:
    user, pending = ready.approved(), ready.requested(externalRef="to")
    saved = ready.http.get("/control/snapshot").content
    ready.control("reset")

    ready.http.put("/control/snapshot", content=saved)
    ready.control("clock", {"now": "2026-11-23T12:00:00Z", "frozen": True, "tokens_follow": True}, method="PUT")

    assert ready.request(externalRef="to").json()["id"] == pending
    assert ready.request().json()["code"] == "AUTH-00004"
    assert ready.grant(authorization_details=rar()).status_code == 200
    assert user in ready.app.state.system_users


def test_a_snapshot_without_the_index_of_requests_still_finds_them(ready: Rig) -> None:
    ident = ready.requested()
    saved = ready.http.get("/control/snapshot").json()
    del saved["state"]["request_index"]

    ready.http.put("/control/snapshot", json=saved)

    assert (ready.request().status_code, ready.request().json()["id"]) == (200, ident)


def test_a_thousand_questions_about_rights_take_well_under_a_second(ready: Rig) -> None:
    state = ready.app.state
    user = state.system_users[ready.approved(accessPackages=packages(TAX))]

    started = time.process_time()
    answers = {granted.may_use(state, user, resource_id=FEES, party_orgnr=K, now=NOW) for _ in range(1000)}

    assert answers == {True}
    assert time.process_time() - started < 0.25


def test_rights_reach_as_far_as_they_were_given(ready: Rig) -> None:
    state = ready.app.state
    user, agent = state.system_users[ready.approved()], state.system_users[ready.agent()]
    ready.control(f"system-users/{agent.id}/clients", {"orgnrs": [K]})

    def may(who: Any, resource: str, party: str) -> bool:
        return granted.may_use(state, who, resource_id=resource, party_orgnr=party, now=NOW)

    assert (may(user, SHARES, K), may(user, FEES, K), may(user, SHARES, V)) == (True, False, False)
    assert (may(agent, "ske-innrapportering-amelding", K), may(agent, SHARES, K)) == (True, False)
    assert granted.parties_of(state, agent) == [K]


def test_grants_of_many_threads_are_each_taken_once(rig: Rig) -> None:
    assertions = [rig.assertion() for _ in range(10)] * 2
    form = [{"grant_type": GRANT, "assertion": assertion} for assertion in assertions]
    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(lambda data: rig.http.post("/maskinporten/token", data=data).status_code, form))

    assert sorted(statuses) == [200] * 10 + [400] * 10
