"""System user requests, from creation to the customer's decision. Numbered behaviours, through HTTP."""

from __future__ import annotations

import uuid
from typing import Any

import jwt
import pytest

from .altinn_rig import (
    AGENT,
    FEES,
    ORIGIN,
    READ,
    REQUEST,
    RETURN,
    SHARES,
    TAX,
    USERS,
    WRITE,
    K,
    P,
    Rig,
    S,
    V,
    W,
    code,
    packages,
    rar,
    ready,
    refusal,
    rig,
    rights,
    system,
    wanted,
)

__all__ = ["ready", "rig"]


def test_behaviour_13_a_valid_request_is_201_with_its_location_and_the_customers_link(ready: Rig) -> None:
    response = ready.request()

    payload = response.json()
    ident = payload.pop("id")
    link = f"{ORIGIN}/am-ui/accessmanagement/ui/systemuser/request?id={ident}&DONTCHOOSEREPORTEE=true"
    assert response.status_code == 201
    assert response.headers["Location"] == f"{ORIGIN}{P}/systemuser/request/{ident}"
    assert payload == {
        "integrationTitle": "Testsystem", "externalRef": K, "systemId": S, "partyOrgNo": K, "rights": rights(SHARES),
        "accessPackages": [], "status": "New", "confirmUrl": link, "escalated": False,
        "created": "2026-11-23T12:00:00Z", "timedOut": False,
    }  # fmt: skip


def test_behaviour_14_the_same_triple_again_is_200_with_what_was_stored(ready: Rig) -> None:
    first = ready.request()

    second = ready.request(rights=rights(FEES), redirectUrl="https://elsewhere.example.no/")

    assert second.status_code == 200
    assert second.json() == first.json()


def test_behaviour_14_another_reference_is_another_request(ready: Rig) -> None:
    first, second = ready.request(), ready.request(externalRef="to")

    assert (first.status_code, second.status_code) == (201, 201)
    assert second.json()["externalRef"] == "to"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"rights": rights("ske-innrapportering-boligsameie")}, "AUTH-00001"),
        ({"rights": rights(SHARES, FEES, SHARES)}, "AUTH-00001"),
        ({"rights": None, "accessPackages": None}, "AUTH-00001"),
        ({"rights": [], "accessPackages": []}, "AUTH-00059"),
        ({"accessPackages": packages("urn:altinn:accesspackage:lonn")}, "AUTH-00063"),
        ({"accessPackages": packages(AGENT)}, "AUTH-00064"),
    ],
    ids=["right not on system", "more rights", "both missing", "both empty", "package not on system", "agents only"],
)
def test_behaviour_15_what_the_system_may_not_ask_for_is_refused(
    ready: Rig, changes: dict[str, Any], expected: str
) -> None:
    assert code(ready.request(**changes)) == (400, expected)


def test_behaviour_15_refused_packages_are_named(ready: Rig) -> None:
    absent = ready.request(accessPackages=packages("urn:altinn:accesspackage:lonn")).json()
    for_agents = ready.request(accessPackages=packages(AGENT)).json()
    too_many = ready.request(accessPackages=packages(*(f"urn:altinn:accesspackage:{n}" for n in "abc"))).json()

    assert absent["NotFoundPackages"] == ["urn:altinn:accesspackage:lonn"]
    assert for_agents["NotDelegablePackages"] == [AGENT]
    assert (too_many["code"], "NotFoundPackages" in too_many) == ("AUTH-00063", False)


def test_behaviour_16_a_redirect_to_another_path_is_auth_00021(ready: Rig) -> None:
    for url in ("https://portal.example.no/annet", "https://portal.example.com/altinn/retur", RETURN.upper()):
        assert code(ready.request(redirectUrl=url)) == (400, "AUTH-00021")


def test_behaviour_16_a_redirect_for_a_system_without_any_is_auth_00026(rig: Rig) -> None:
    rig.register(allowedRedirectUrls=[])

    assert code(rig.request(redirectUrl=RETURN)) == (400, "AUTH-00026")


def test_behaviour_16_the_query_of_a_redirect_is_free(ready: Rig) -> None:
    response = ready.request(redirectUrl=f"{RETURN}?state=xyz")

    assert (response.status_code, response.json()["redirectUrl"]) == (201, f"{RETURN}?state=xyz")


def test_behaviour_16_a_malformed_redirect_is_500(ready: Rig) -> None:
    for url in ("retur", "http://[", "//portal.example.no/altinn/retur", f"{RETURN}?a\r\nb: c"):
        assert ready.request(redirectUrl=url).status_code == 500


def test_behaviour_17_an_unknown_or_foreign_system_is_404_auth_00011(ready: Rig) -> None:
    unknown = ready.request(systemId=f"{V}_nothing")
    foreign = ready.call("POST", REQUEST, wanted(), by="W")

    assert (code(unknown), code(foreign)) == ((404, "AUTH-00011"), (404, "AUTH-00011"))


def test_behaviour_17_an_unknown_customer_is_auth_00000(ready: Rig) -> None:
    assert code(ready.request(partyOrgNo=W)) == (400, "AUTH-00000")
    assert code(ready.request(partyOrgNo="12")) == (400, "AUTH-00000")


def test_behaviour_17_with_the_switch_a_right_synthetic_number_is_a_customer(ready: Rig) -> None:
    ready.app.start_with(knows_everybody=True)

    assert ready.request(partyOrgNo="313013049").status_code == 201
    for unknown in ("313013048", "987654325", "12"):  # a wrong check digit, not synthetic, no number at all
        assert code(ready.request(partyOrgNo=unknown)) == (400, "AUTH-00000"), unknown


def test_behaviour_18_reading_takes_the_read_scope_the_right_vendor_and_the_right_kind(ready: Rig) -> None:
    ident = ready.requested()
    path = f"{REQUEST}/{ident}"

    assert ready.call("GET", path, scope=WRITE).status_code == 403
    assert ready.call("GET", path, scope=READ).json()["id"] == ident
    assert code(ready.call("GET", path, by="W")) == (404, "AUTH-00011")
    assert code(ready.call("GET", f"{REQUEST}/{uuid.uuid4()}")) == (404, "AUTH-00010")
    assert code(ready.call("GET", f"{REQUEST}/agent/{ident}")) == (404, "AUTH-00010")
    assert ready.call("GET", f"{REQUEST}/no-guid").status_code == 400


def test_behaviour_19_an_approval_makes_a_system_user_of_the_same_id(ready: Rig) -> None:
    ident = ready.requested()

    answer = ready.decide(ident, "approve", "Kari Nordmann")

    response = ready.call("GET", f"{USERS}/byquery", params={"system-id": S, "orgno": K}, scope=WRITE)
    assert answer.status_code == 200
    assert ready.status(ident) == "Accepted"
    assert response.json() == {
        "id": ident, "integrationTitle": "Testsystem", "systemId": S, "productName": "", "reporteeOrgNo": K,
        "created": "2026-11-23T12:00:00Z", "isDeleted": False, "supplierName": "", "supplierOrgno": V,
        "externalRef": K, "userType": "standard",
    }  # fmt: skip


def test_behaviour_19_the_system_users_token_names_it_and_the_system(ready: Rig) -> None:
    ident = ready.approved()

    claims = jwt.decode(ready.token("skatteetaten:x", authorization_details=rar()), options={"verify_signature": False})

    owned = {"authority": "iso6523-actorid-upis", "ID": f"0192:{K}"}
    expected = {"type": "urn:altinn:systemuser", "systemuser_id": [ident], "systemuser_org": owned, "system_id": S}
    assert claims["authorization_details"] == [expected]
    assert claims["consumer"]["ID"] == f"0192:{V}"


def test_behaviour_19_the_browser_goes_to_the_redirect_address_unchanged(ready: Rig) -> None:
    address = f"{RETURN}?state=a%2Fb+c&tom=&x=1#del"
    ident = ready.requested(redirectUrl=address)

    answer = ready.decide(ident, "approve", "Kari Nordmann")

    assert (answer.status_code, answer.headers["Location"]) == (302, address)


def test_behaviour_20_a_request_after_the_approval_is_auth_00004(ready: Rig) -> None:
    ready.approved()

    assert code(ready.request()) == (400, "AUTH-00004")


def test_behaviour_20_when_the_customer_removes_the_system_user_all_begins_anew(ready: Rig) -> None:
    ident = ready.approved()

    ready.control(f"system-users/{ident}", method="DELETE")

    response = ready.call("GET", f"{USERS}/byquery", params={"system-id": S, "orgno": K})
    again = ready.request()
    assert (response.status_code, response.content) == (404, b"")
    assert refusal(ready.grant(authorization_details=rar()))[2] == "303"
    assert (again.status_code, again.json()["id"] != ident) == (201, True)
    assert code(ready.call("GET", f"{REQUEST}/{ident}")) == (404, "AUTH-00010")


def test_behaviour_21_a_rejected_request_goes_back_the_same_way_and_blocks_until_deleted(ready: Rig) -> None:
    ident = ready.requested(redirectUrl=f"{RETURN}?state=1")

    answer = ready.decide(ident, "reject", "Kari Nordmann")

    again = ready.request()
    assert (answer.status_code, answer.headers["Location"]) == (302, f"{RETURN}?state=1")
    assert ready.status(ident) == "Rejected"
    assert (again.status_code, again.json()["id"], again.json()["status"]) == (200, ident, "Rejected")
    assert ready.call("DELETE", f"{REQUEST}/{ident}").status_code == 202
    assert ready.request().status_code == 201
    assert code(ready.call("DELETE", f"{REQUEST}/{ident}")) == (404, "AUTH-00010")


def test_behaviour_22_a_second_approval_is_409_auth_00013(ready: Rig) -> None:
    ident = ready.approved()

    by_control = ready.http.post(f"/control/requests/{ident}/approve", json={})
    by_page = ready.decide(ident, "approve", "Kari Nordmann")

    assert code(by_control) == (409, "AUTH-00013")
    assert by_page.status_code == 409
    assert "allerede godkjent" in by_page.text


def test_behaviour_22_an_employee_may_send_on_which_only_lists_tell(ready: Rig) -> None:
    ident = ready.requested(redirectUrl=RETURN)

    answer = ready.decide(ident, "escalate", "Per Hansen")

    listed = ready.call("GET", f"{REQUEST}/bysystem/{S}").json()["data"]
    single = ready.call("GET", f"{REQUEST}/{ident}").json()
    assert (answer.status_code, answer.headers["Location"]) == (302, RETURN)
    assert [(row["escalated"], row["status"]) for row in listed] == [(True, "New")]
    assert "confirmUrl" not in listed[0]
    assert (single["escalated"], single["status"]) == (False, "New")


@pytest.mark.parametrize(
    ("query", "held", "expected"),
    [
        ({"accessPackages": packages(TAX), "rights": []}, ["lonn"], (400, "AUTH-00053")),
        ({}, ["lonn"], (403, "AUTH-00068")),
        ({"accessPackages": packages(TAX), "rights": rights(SHARES)}, ["ansvarlig-revisor"], (400, "AUTH-00053")),
    ],
    ids=["package", "single right", "one of two is not enough"],
)
def test_behaviour_22_who_lacks_a_power_cannot_approve_and_the_request_stays_new(
    ready: Rig, query: dict[str, Any], held: list[str], expected: tuple[int, str]
) -> None:
    ready.add_organisation(K, "Rask Tiger AS", persons=[{"name": "Ola", "roles": ["DAGL"], "packages": held}])
    ident = ready.requested(**query)

    answer = ready.http.post(f"/control/requests/{ident}/approve", json={"person": "Ola"})

    assert code(answer) == expected
    assert ready.status(ident) == "New"
    assert refusal(ready.grant(authorization_details=rar()))[2] == "303"


def test_behaviour_22_an_employee_or_a_person_without_relation_cannot_approve(ready: Rig) -> None:
    ident = ready.requested()
    path = f"/control/requests/{ident}/approve"

    assert code(ready.http.post(path, json={"person": "Per Hansen"})) == (403, "AUTH-00016")
    assert code(ready.http.post(path, json={"person": "Ukjent Person"})) == (403, "AUTH-00066")
    assert ready.status(ident) == "New"


def test_behaviour_23_after_180_days_a_request_is_timed_out_but_still_new_and_in_the_way(ready: Rig) -> None:
    ident = ready.requested()
    ready.control(f"requests/{ident}/age", {"days": 179.9})
    before = ready.call("GET", f"{REQUEST}/{ident}").json()["timedOut"]

    ready.control(f"requests/{ident}/age", {"days": 0.1})

    after, again = ready.call("GET", f"{REQUEST}/{ident}").json(), ready.request()
    assert (before, after["timedOut"], after["status"]) == (False, True, "New")
    assert (again.status_code, again.json()["id"], again.json()["timedOut"]) == (200, ident, True)


def test_an_agent_request_is_its_own_kind_with_its_own_page(ready: Rig) -> None:
    response = ready.request(kind="/agent", rights=None, accessPackages=packages(AGENT))

    ident = response.json()["id"]
    assert response.status_code == 201
    assert f"/ui/systemuser/agentrequest?id={ident}&DONTCHOOSEREPORTEE=true" in response.json()["confirmUrl"]
    assert ready.call("GET", f"{REQUEST}/agent/{ident}").json()["accessPackages"] == packages(AGENT)
    assert code(ready.call("GET", f"{REQUEST}/{ident}")) == (404, "AUTH-00010")
    assert ready.call("GET", f"{REQUEST}/agent/bysystem/{S}").json()["data"][0]["id"] == ident


def test_an_agent_request_after_a_standard_one_is_refused_with_the_status_of_that(ready: Rig) -> None:
    ident = ready.requested()
    query: dict[str, Any] = {"kind": "/agent", "rights": None, "accessPackages": packages(AGENT)}

    pending = ready.request(**query)
    ready.control(f"requests/{ident}/reject")
    rejected = ready.request(**query)

    assert code(pending) == (400, "AUTH-00007")
    assert code(rejected) == (400, "AUTH-00009")


def test_a_standard_request_does_not_see_a_pending_agent_request_and_the_second_approval_fails(ready: Rig) -> None:
    agent = ready.requested(kind="/agent", rights=None, accessPackages=packages(AGENT))
    ready.approved()

    answer = ready.http.post(f"/control/requests/{agent}/approve", json={})

    assert code(answer) == (400, "AUTH-00004")


def test_an_empty_reference_is_stored_as_the_customers_number_and_then_in_its_own_way(ready: Rig) -> None:
    first = ready.request(externalRef="")

    assert first.json()["externalRef"] == K
    assert code(ready.request(externalRef="")) == (400, "AUTH-00007")
    assert ready.request().json()["id"] == first.json()["id"]


def test_a_request_is_found_by_its_reference(ready: Rig) -> None:
    ident = ready.requested(externalRef="kunde/42 a")

    response = ready.call("GET", f"{REQUEST}/byexternalref/{S}/{K}/kunde%2F42%20a")

    assert (response.status_code, response.json()["id"]) == (200, ident)
    assert ready.call("GET", f"{REQUEST}/byexternalref/{S}/{K}/annen").status_code == 404


@pytest.mark.parametrize("body", [{"partyOrgNo": ""}, {"systemId": ""}, {"systemId": 7}, {"rights": "x"}])
def test_a_malformed_request_is_a_validation_problem_before_anything_else(ready: Rig, body: dict[str, Any]) -> None:
    ready.approved()

    response = ready.request(**body)

    assert (response.status_code, "code" in response.json()) == (400, False)
    assert list(response.json()["errors"])


def test_rights_on_the_system_do_not_reach_existing_system_users(ready: Rig) -> None:
    ident = ready.approved()

    ready.call("PUT", f"{P}/systemregister/vendor/{S}", system(rights=rights(FEES)))

    assert ready.app.state.system_users[ident].rights == [SHARES]


def test_a_system_without_a_name_in_bokmaal_can_ask_but_no_person_can_approve(rig: Rig) -> None:
    rig.register(name={"en": "Only English"})
    ident = rig.requested()

    answer = rig.http.post(f"/control/requests/{ident}/approve", json={})

    assert code(answer) == (404, "AUTH-00017")


def test_an_undelegable_right_can_be_requested_but_not_approved(rig: Rig) -> None:
    rig.register(rights=rights("skd-ikke-delegerbar"))
    ident = rig.requested(rights=rights("skd-ikke-delegerbar"))

    answer = rig.http.post(f"/control/requests/{ident}/approve", json={})

    assert code(answer) == (400, "AUTH-00001")
