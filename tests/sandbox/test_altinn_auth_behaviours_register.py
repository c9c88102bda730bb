"""The system register for a vendor. Numbered behaviours first, through HTTP."""

from __future__ import annotations

import re
from typing import Any

import pytest

from .altinn_rig import (
    AGENT,
    REGISTER,
    SHARES,
    TAX,
    WRITE,
    Rig,
    S,
    V,
    W,
    codes,
    owner,
    packages,
    rar,
    ready,
    refusal,
    rig,
    right,
    rights,
    system,
)

__all__ = ["ready", "rig"]


def test_behaviour_07_no_token_is_401_and_a_lacking_scope_403_both_empty(rig: Rig) -> None:
    without, lacking = rig.http.get(REGISTER), rig.call("GET", REGISTER, scope=WRITE)

    assert (without.status_code, without.content) == (401, b"")
    assert (lacking.status_code, lacking.content) == (403, b"")


def test_behaviour_07_an_expired_or_forged_token_is_401(rig: Rig) -> None:
    token = rig.token()
    forged = token[:-8] + ("AAAAAAAA" if token[-8:] != "AAAAAAAA" else "BBBBBBBB")
    statuses = [rig.http.get(REGISTER, headers={"Authorization": f"Bearer {t}"}).status_code for t in (token, forged)]

    rig.control("clock/advance", {"seconds": 125})

    late = rig.http.get(REGISTER, headers={"Authorization": f"Bearer {token}"})
    assert (statuses, late.status_code) == ([200, 401], 401)


def test_behaviour_08_registering_gives_a_quoted_guid_and_again_is_vld_00002(rig: Rig) -> None:
    first = rig.call("POST", REGISTER, system())
    second = rig.call("POST", REGISTER, system(clientId=[]))

    assert first.status_code == 200
    assert re.fullmatch(r'"[0-9a-f-]{36}"', first.text)
    assert (second.status_code, second.json()["code"]) == (400, "STD-00000")
    error = second.json()["validationErrors"][0]
    assert (error["code"], error["paths"]) == ("AUTH.VLD-00002", ["/registersystemrequest/systemid"])


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"id": "999999999_x"}, ["00001"]),
        ({"id": "999999999_x y"}, ["00013", "00001"]),
        ({"id": V}, ["00001"]),
        ({"vendor": {"ID": V}, "id": "a b", "allowedRedirectUrls": ["http://x.no"]}, ["00000"]),
    ],
    ids=["other number", "a blank too", "no name", "no prefix, returned alone"],
)
def test_behaviour_09_a_malformed_id_is_refused(rig: Rig, changes: dict[str, Any], expected: list[str]) -> None:
    response = rig.call("POST", REGISTER, system(**changes))

    assert (response.status_code, codes(response)) == (400, expected)


def test_behaviour_09_another_vendors_number_is_403_empty_even_with_other_faults(rig: Rig) -> None:
    foreign = system(id=f"{W}_x", vendor=owner(W), allowedRedirectUrls=["http://x.no"])

    response = rig.call("POST", REGISTER, foreign)

    assert (response.status_code, response.content) == (403, b"")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"allowedRedirectUrls": ["http://portal.example.no/"]}, ["00005"]),
        ({"allowedRedirectUrls": ["/retur"]}, ["00005"]),
        ({"rights": rights("finnes-ikke")}, ["00003"]),
        ({"rights": rights("digdir-samtykke")}, ["00017"]),
        ({"rights": rights("digdir-maskinportenskjema")}, ["00017"]),
        ({"rights": rights(SHARES, SHARES)}, ["00006"]),
        ({"rights": [{"resource": [{"id": "urn:altinn:app", "value": SHARES}]}]}, ["00009"]),
        ({"accessPackages": packages("urn:altinn:accesspackage:finnes-ikke")}, ["00008"]),
        ({"accessPackages": packages("urn:altinn:accesspackage:eksplisitt")}, ["00008"]),
        ({"accessPackages": packages(TAX, TAX)}, ["00007"]),
        ({"accessPackages": packages(AGENT), "isVisible": True}, ["00018"]),
    ],
)
def test_behaviour_10_each_fault_of_a_system_has_its_code(
    rig: Rig, changes: dict[str, Any], expected: list[str]
) -> None:
    response = rig.call("POST", REGISTER, system(**changes))

    assert (response.status_code, codes(response)) == (400, expected)


def test_behaviour_10_a_client_id_of_another_system_is_vld_00004(ready: Rig) -> None:
    response = ready.call("POST", REGISTER, system(id=f"{V}_other"))

    assert codes(response) == ["00004"]


def test_behaviour_10_several_faults_come_in_one_answer_in_order(ready: Rig) -> None:
    faulty = system(
        allowedRedirectUrls=["http://x.no"], rights=rights("a", "b", "digdir-samtykke"),
        accessPackages=packages(AGENT, "urn:altinn:accesspackage:x"), isVisible=True, clientId=["client-v"],
        id=f"{V}_other",
    )  # fmt: skip

    response = ready.call("POST", REGISTER, faulty)

    assert codes(response) == ["00005", "00004", "00003", "00017", "00008", "00018"]
    assert response.json()["validationErrors"][2]["ResourceIds Not Found : "] == "a | b"
    assert response.headers["content-type"] == "application/problem+json"


def test_behaviour_11_an_update_replaces_all_and_comes_first_in_the_changelog(ready: Rig) -> None:
    response = ready.call("PUT", f"{REGISTER}/{S}", system(rights=rights(SHARES), clientId=["client-v", "client-2"]))

    log = ready.call("GET", f"{REGISTER}/{S}/changelog").json()
    stored = ready.call("GET", f"{REGISTER}/{S}").json()
    assert (response.status_code, response.json()) == (200, {"succeeded": True})
    assert [entry["changeType"] for entry in log] == ["update", "create"]
    assert (log[0]["changedByOrgNumber"], log[0]["clientId"]) == (V, "client-v")
    assert log[0]["changedData"]["Rights"] == rights(SHARES)
    assert (stored["clientId"], stored["vendor"]) == (["client-v", "client-2"], {"ID": f"0192:{V}"})


def test_behaviour_11_a_body_with_another_id_is_vld_00012(ready: Rig) -> None:
    response = ready.call("PUT", f"{REGISTER}/{S}", system(id=f"{V}_other", rights=rights("finnes-ikke")))

    assert codes(response) == ["00012"]


def test_behaviour_11_an_update_does_not_look_at_redirect_addresses(ready: Rig) -> None:
    response = ready.call("PUT", f"{REGISTER}/{S}", system(allowedRedirectUrls=["http://portal.example.no/"]))

    assert response.status_code == 200


def test_behaviour_11_an_update_refuses_a_client_id_given_twice(ready: Rig) -> None:
    response = ready.call("PUT", f"{REGISTER}/{S}", system(clientId=["a", "a"]))

    assert codes(response) == ["00011"]


def test_behaviour_11_rights_and_packages_can_be_replaced_alone(ready: Rig) -> None:
    first = ready.call("PUT", f"{REGISTER}/{S}/rights", rights(SHARES))
    second = ready.call("PUT", f"{REGISTER}/{S}/accesspackages", packages(TAX))
    unknown = ready.call("PUT", f"{REGISTER}/{V}_nothing/rights", rights(SHARES))

    log = ready.call("GET", f"{REGISTER}/{S}/changelog").json()
    stored = ready.call("GET", f"{REGISTER}/{S}").json()
    assert (first.json(), second.json(), unknown.status_code) == ({"succeeded": True}, {"succeeded": True}, 500)
    assert [entry["changeType"] for entry in log[:2]] == ["accesspackageupdate", "rightsupdate"]
    assert (stored["rights"], stored["accessPackages"]) == ([right(SHARES)], packages(TAX))


def test_behaviour_12_a_deleted_system_stays_visible_to_its_vendor_and_never_comes_back(ready: Rig) -> None:
    deleted = ready.call("DELETE", f"{REGISTER}/{S}")

    shown = ready.call("GET", f"{REGISTER}/{S}")
    updated = ready.call("PUT", f"{REGISTER}/{S}", system())
    again = ready.call("POST", REGISTER, system())
    assert (deleted.status_code, deleted.json()) == (200, {"succeeded": True})
    assert (shown.status_code, shown.json()["isDeleted"], shown.json()["clientId"]) == (200, True, [])
    assert (updated.status_code, updated.headers["content-type"]) == (400, "text/plain; charset=utf-8")
    assert codes(again) == ["00002"]
    assert ready.call("GET", REGISTER).json() == []


def test_behaviour_12_deleting_a_system_ends_its_system_users_tokens(ready: Rig) -> None:
    ready.approved()
    before = ready.grant(scope="skatteetaten:x", authorization_details=rar())

    ready.call("DELETE", f"{REGISTER}/{S}")

    after = ready.grant(scope="skatteetaten:x", authorization_details=rar())
    assert before.status_code == 200
    assert refusal(after) == (400, "invalid_altinn_customer_configuration", "303")


def test_behaviour_12_taking_a_client_id_off_ends_tokens_and_putting_it_back_revives_them(ready: Rig) -> None:
    ready.approved()

    statuses = []
    for client_ids in ([], ["client-v"], ["CLIENT-V"]):
        ready.call("PUT", f"{REGISTER}/{S}", system(clientId=client_ids))
        statuses.append(ready.grant(scope="skatteetaten:x", authorization_details=rar()).status_code)

    assert statuses == [400, 200, 400]


@pytest.mark.parametrize("path", ["", "/changelog"])
def test_another_vendor_sees_nothing_of_a_system(ready: Rig, path: str) -> None:
    foreign = ready.call("GET", f"{REGISTER}/{S}{path}", by="W")
    unknown = ready.call("GET", f"{REGISTER}/{V}_nothing{path}")

    assert (foreign.status_code, foreign.content) == (403, b"")
    assert unknown.status_code == 404


def test_deleting_an_unknown_system_is_a_validation_problem(rig: Rig) -> None:
    response = rig.call("DELETE", f"{REGISTER}/{V}_nothing")

    assert (response.status_code, list(response.json()["errors"])) == (400, ["return"])


def test_a_system_without_client_ids_answers_400_although_it_was_deleted(rig: Rig) -> None:
    rig.register(clientId=[])

    response = rig.call("DELETE", f"{REGISTER}/{S}")

    assert response.status_code == 400
    assert rig.call("GET", f"{REGISTER}/{S}").json()["isDeleted"] is True


@pytest.mark.parametrize("changes", [{"name": None}, {"isVisible": "yes"}, {"clientId": [7]}, {"id": 5}])
def test_a_missing_member_or_a_wrong_type_is_a_validation_problem(rig: Rig, changes: dict[str, Any]) -> None:
    response = rig.call("POST", REGISTER, system(**changes))

    assert response.status_code == 400
    assert "code" not in response.json()
    assert response.json()["errors"]


def test_member_names_are_read_in_any_case_and_strings_trimmed(rig: Rig) -> None:
    odd = {name.upper(): value for name, value in system(id=f" {S} ").items()}

    assert rig.call("POST", REGISTER, odd).status_code == 200
    assert rig.call("GET", f"{REGISTER}/{S}").json()["allowedRedirectUrls"] == system()["allowedRedirectUrls"]
