"""System users, client delegation and the token exchange. Numbered behaviours, through HTTP."""

from __future__ import annotations

import base64
import uuid
from typing import Any

import jwt
import pytest

from .altinn_rig import (
    ACCOUNTANT,
    AGENT,
    ALL,
    FEES,
    NOW,
    ORIGIN,
    READ,
    REGISTER,
    REQUEST,
    SHARES,
    TAX,
    USERS,
    WRITE,
    WRITE_SYSTEMS,
    K,
    P,
    Rig,
    S,
    V,
    code,
    owner,
    packages,
    rar,
    ready,
    refusal,
    rig,
    rights,
    system,
)

__all__ = ["ready", "rig"]


def many(rig: Rig, number: int) -> list[str]:
    """System users of as many external references, approved in this order."""
    return [rig.approved(externalRef=f"ref-{count}") for count in range(number)]


def decoded(token: str) -> dict[str, Any]:
    claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return claims


def test_behaviour_25_the_51st_system_user_is_on_the_second_page(ready: Rig) -> None:
    ids = many(ready, 51)

    first = ready.call("GET", f"{USERS}/bysystem/{S}", scope=WRITE_SYSTEMS).json()
    second = ready.call("GET", first["links"]["next"].removeprefix(ORIGIN), scope=WRITE_SYSTEMS).json()

    token = first["links"]["next"].partition("?token=")[2]
    assert [row["id"] for row in first["data"]] == ids[:50]
    assert int(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))) > 0
    assert ([row["id"] for row in second["data"]], second["links"]) == (ids[50:], {})


def test_behaviour_25_the_list_of_system_users_takes_the_registers_scope_and_owner(ready: Rig) -> None:
    path = f"{USERS}/bysystem/{S}"

    assert ready.call("GET", path, scope=f"{READ} {WRITE}").status_code == 403
    assert code(ready.call("GET", path, by="W")) == (404, "AUTH-00011")
    assert ready.call("GET", f"{path}?token=x%22").status_code == 400


def test_behaviour_25_removed_system_users_are_not_listed(ready: Rig) -> None:
    ids = many(ready, 2)

    ready.control(f"system-users/{ids[0]}", method="DELETE")

    assert [row["id"] for row in ready.call("GET", f"{USERS}/bysystem/{S}").json()["data"]] == ids[1:]


def test_behaviour_25_the_exchange_gives_a_quoted_token_of_thirty_minutes_with_the_same_claims(ready: Rig) -> None:
    ready.approved()
    token = ready.token("skatteetaten:x", authorization_details=rar())

    response = ready.exchange(token)

    before, after = decoded(token), decoded(response.json())
    assert (response.status_code, response.text[0], response.text[-1]) == (200, '"', '"')
    assert after["exp"] - NOW.timestamp() == 1800
    assert after["iss"] == f"{ORIGIN}{P}/openid/"
    assert after["urn:altinn:orgNumber"] == V
    assert [after[name] for name in ("scope", "consumer", "authorization_details")] == [
        before[name] for name in ("scope", "consumer", "authorization_details")
    ]


def test_behaviour_25_the_exchange_refuses_no_token_another_provider_and_enterprise_users(rig: Rig) -> None:
    token = rig.token()
    header = {"Authorization": f"Bearer {token}"}
    enterprise = {**header, "X-Altinn-EnterpriseUser-Authentication": "dTpw"}
    path = f"{P}/exchange/maskinporten"

    assert rig.http.get(path).status_code == 401
    assert rig.http.get(f"{P}/exchange/foo", headers=header).status_code == 400
    assert rig.http.get(path, headers=enterprise).status_code == 410
    assert rig.http.get(path, headers={"Authorization": "Bearer x.y.z"}).status_code == 401


def test_an_exchanged_token_works_on_vendor_endpoints_but_cannot_be_exchanged_again(ready: Rig) -> None:
    exchanged = ready.exchange(ready.token(ALL)).json()
    headers = {"Authorization": f"Bearer {exchanged}"}

    assert ready.http.get(f"{P}/systemregister/vendor/{S}", headers=headers).status_code == 200
    assert ready.exchange(exchanged).status_code == 401


def test_a_vendor_cannot_delete_a_system_user(ready: Rig) -> None:
    ident = ready.approved()

    assert ready.call("DELETE", f"{P}/systemuser/{K}/{ident}").status_code == 403
    assert ready.call("GET", f"{USERS}/byquery", params={"system-id": S, "orgno": K}).status_code == 200


def test_another_vendors_system_user_is_not_found(ready: Rig) -> None:
    ready.approved()

    response = ready.call("GET", f"{USERS}/byquery", by="W", params={"system-id": S, "orgno": K})

    assert (response.status_code, response.content) == (404, b"")


def test_maskinportens_own_look_up_gives_the_system_id_as_product(ready: Rig) -> None:
    ident = ready.approved()
    ready.add_client("W", scopes=["altinn:maskinporten/systemuser.read"])
    query = {"clientId": "client-v", "systemProviderOrgNo": V, "systemUserOwnerOrgNo": K}
    more: dict[str, Any] = {"by": "W", "scope": "altinn:maskinporten/systemuser.read"}

    response = ready.call("GET", f"{P}/systemuser/byExternalId", params=query, **more)

    assert (response.json()["id"], response.json()["productName"]) == (ident, S)
    missing = ready.call("GET", f"{P}/systemuser/byExternalId", params={**query, "clientId": ""}, **more)
    other = ready.call("GET", f"{P}/systemuser/byExternalId", params={**query, "clientId": "CLIENT-V"}, **more)
    assert (missing.status_code, other.status_code) == (400, 404)


def test_extra_a_reference_given_at_the_request_but_not_in_the_grant_is_mp303(ready: Rig) -> None:
    ready.approved(externalRef="kunde-42")

    without = ready.grant(authorization_details=rar())
    right = ready.grant(authorization_details=rar(externalRef="kunde-42"))

    assert refusal(without) == (400, "invalid_altinn_customer_configuration", "303")
    assert right.status_code == 200


def test_extra_the_owner_of_an_agent_is_the_accountant_never_the_client(ready: Rig) -> None:
    ident = ready.agent()
    ready.control(f"system-users/{ident}/clients", {"orgnrs": [K]})

    as_client = ready.grant(authorization_details=rar(K))
    as_accountant = ready.grant(authorization_details=rar(ACCOUNTANT))

    assert refusal(as_client)[2] == "303"
    assert as_accountant.status_code == 200


def test_extra_an_agent_request_needs_packages_that_clients_can_give(rig: Rig) -> None:
    manager = "urn:altinn:accesspackage:tilgangsstyrer"
    rig.register(accessPackages=packages(AGENT, manager))
    query: dict[str, Any] = {"kind": "/agent", "rights": None}

    assert code(rig.request(**query, accessPackages=[])) == (400, "AUTH-00058")
    assert code(rig.request(**query, accessPackages=packages(manager))) == (400, "AUTH-00065")
    assert code(rig.request(**query, accessPackages=packages(TAX))) == (400, "AUTH-00063")
    assert "accessPackages" in rig.request(**query, accessPackages=None).json()["errors"]


def test_extra_any_vendor_can_delete_a_request_unless_the_flaw_is_switched_off(ready: Rig) -> None:
    kept, lost = ready.requested(), ready.requested(externalRef="to")

    flawed = ready.call("DELETE", f"{REQUEST}/{lost}", by="W")
    ready.control("settings", {"unchecked_delete": False}, method="PATCH")
    checked = ready.call("DELETE", f"{REQUEST}/{kept}", by="W")

    assert (flawed.status_code, flawed.content) == (202, b"")
    assert code(checked) == (404, "AUTH-00011")


@pytest.mark.parametrize("has_flaw", [True, False])
def test_extra_request_lists_lose_one_at_each_page_boundary(ready: Rig, has_flaw: bool) -> None:
    ready.control("settings", {"page_size": 3, "list_page_boundary_bug": has_flaw}, method="PATCH")
    ids = {ready.requested(externalRef=f"ref-{number}") for number in range(7)}

    path, seen = f"{REQUEST}/bysystem/{S}", []
    while path:
        page = ready.call("GET", path).json()
        seen += [row["id"] for row in page["data"]]
        path = page["links"].get("next", "").removeprefix(ORIGIN)

    assert len(seen) == len(set(seen))
    assert len(ids) - len(seen) == (1 if has_flaw else 0)


@pytest.mark.parametrize("name", ["rights", "accessPackages"])
def test_extra_an_explicit_null_at_register_is_500_unless_the_flaw_is_switched_off(rig: Rig, name: str) -> None:
    flawed = rig.call("POST", REGISTER, system(**{name: None}))
    rig.control("settings", {"null_rights_crash": False}, method="PATCH")
    mended = rig.call("POST", REGISTER, system(**{name: None}))

    assert (flawed.status_code, mended.status_code) == (500, 200)


@pytest.mark.parametrize(("url", "status"), [("http://127.0.0.1:8000/return", 200), ("http://example.no/", 400)])
def test_extra_loopback_addresses_are_taken_only_when_a_tester_allows_them(rig: Rig, url: str, status: int) -> None:
    strict = rig.call("POST", REGISTER, system(allowedRedirectUrls=[url]))
    rig.control("settings", {"allow_loopback_http": True}, method="PATCH")
    lenient = rig.call("POST", REGISTER, system(allowedRedirectUrls=[url]))

    assert (strict.status_code, lenient.status_code) == (400, status)


class TestWhatASystemUserMayActFor:
    def ask(self, rig: Rig, orgnr: str, **query: Any) -> Any:
        scope = "altinn:accessmanagement/authorizedparties"
        exchanged = rig.exchange(rig.token(scope, authorization_details=rar(orgnr))).json()
        path = "/platform/accessmanagement/api/v1/enduser/authorizedparties"
        return rig.http.get(path, params=query, headers={"Authorization": f"Bearer {exchanged}"})

    def test_a_standard_one_acts_for_its_owner_with_what_it_was_given(self, ready: Rig) -> None:
        ready.approved(rights=rights(FEES), accessPackages=packages(TAX))

        bare = self.ask(ready, K).json()["data"]
        full = self.ask(ready, K, includeResources="true", includeAccessPackages="true").json()["data"]

        assert [(row["organizationNumber"], row["authorizedResources"]) for row in bare] == [(K, [])]
        assert full[0]["authorizedAccessPackages"] == ["skattegrunnlag"]
        assert {FEES, SHARES, "ske-innrapportering-oppdragsregisteret"} <= set(full[0]["authorizedResources"])

    def test_an_agent_acts_for_its_clients(self, ready: Rig) -> None:
        ready.control(f"system-users/{ready.agent()}/clients", {"orgnrs": [K]})

        result = self.ask(ready, ACCOUNTANT).json()["data"]

        assert [row["organizationNumber"] for row in result] == [K]
        assert self.ask(ready, ACCOUNTANT, anyOfResourceIds=SHARES).json()["data"] == []
        assert len(self.ask(ready, ACCOUNTANT, anyOfResourceIds="ske-innrapportering-amelding").json()["data"]) == 1

    def test_a_client_that_took_a_package_back_is_listed_with_what_is_left(self, ready: Rig) -> None:
        agent = ready.agent(accessPackages=packages(TAX, AGENT))
        ready.control(f"system-users/{agent}/clients", {"orgnrs": [K, V]})
        ready.control(f"system-users/{agent}/clients", {"orgnrs": [K], "packages": [TAX]})

        rows = self.ask(ready, ACCOUNTANT, includeAccessPackages="true", includeResources="true").json()["data"]
        held = {row["organizationNumber"]: row for row in rows}

        assert held[K]["authorizedAccessPackages"] == ["skattegrunnlag"]
        assert held[V]["authorizedAccessPackages"] == ["skattegrunnlag", "regnskapsforer-lonn"]
        assert "ske-innrapportering-amelding" not in held[K]["authorizedResources"]
        assert "ske-innrapportering-amelding" in held[V]["authorizedResources"]

    def test_clients_are_taken_away_by_control_and_foreign_packages_refused(self, ready: Rig) -> None:
        path = f"/control/system-users/{ready.agent()}/clients"
        ready.http.post(path, json={"orgnrs": [K]})
        foreign = ready.http.post(path, json={"orgnrs": [K], "packages": [TAX]})

        gone = ready.http.request("DELETE", path, json={"orgnrs": [K]})

        assert (foreign.status_code, foreign.json()["field"]) == (400, "packages")
        assert gone.json() == {"clients": []}
        assert self.ask(ready, ACCOUNTANT).json()["data"] == []

    def test_a_raw_token_is_401_and_a_lacking_scope_403(self, ready: Rig) -> None:
        ready.approved()
        path = "/platform/accessmanagement/api/v1/enduser/authorizedparties"
        lacking = ready.exchange(ready.token("skatteetaten:x", authorization_details=rar())).json()

        assert ready.call("GET", path).status_code == 401
        assert ready.http.get(path, headers={"Authorization": f"Bearer {lacking}"}).status_code == 403


class TestClientDelegation:
    """Attaching clients to an agent system user, as the accountant's own people do."""

    PLACE = f"{P}/enduser/systemuser"

    def ask(self, rig: Rig, method: str, path: str, *, person: str = "Kari Nordmann", **query: str) -> Any:
        scopes = ["altinn:clientdelegations.read", "altinn:clientdelegations.write"]
        payload = rig.control("person-tokens", {"orgnr": ACCOUNTANT, "person": person, "scopes": scopes})
        headers = {"Authorization": f"Bearer {payload['token']}"}
        return rig.http.request(method, f"{self.PLACE}/{path}", params=query, headers=headers)

    def client(self, rig: Rig, **fields: Any) -> str:
        return str(rig.add_organisation(K, "Rask Tiger AS", **{"accountant": ACCOUNTANT, **fields})["party_uuid"])

    def test_a_client_by_registered_role_is_available_attached_and_detached(self, ready: Rig) -> None:
        agent, client = ready.agent(), self.client(ready)
        free = self.ask(ready, "GET", "clients/available", agent=agent).json()

        attached = self.ask(ready, "POST", "clients", agent=agent, client=client)
        again = self.ask(ready, "POST", "clients", agent=agent, client=client)
        listed = self.ask(ready, "GET", "clients", agent=agent).json()["data"]
        self.ask(ready, "DELETE", "clients", agent=agent, client=client)

        row = {"clientId": client, "clientOrganizationNumber": K, "clientOrganizationName": "Rask Tiger AS"}
        assert (free["data"], free["systemUserInformation"]["systemUserOwnerOrg"]) == ([row], ACCOUNTANT)
        assert attached.json() == again.json() == {"agent": agent, "client": client}
        assert listed == [row]
        assert self.ask(ready, "GET", "clients", agent=agent).json()["data"] == []

    @pytest.mark.parametrize(
        ("given", "expected"),
        [(["skattegrunnlag"], 400), (["urn:altinn:accesspackage:skattegrunnlag", "regnskapsforer-lonn"], 200)],
    )
    def test_a_client_must_have_given_every_package(self, ready: Rig, given: list[str], expected: int) -> None:
        agent = ready.agent(accessPackages=packages(TAX, AGENT))
        client = self.client(ready, accountant="", delegations={ACCOUNTANT: given})

        response = self.ask(ready, "POST", "clients", agent=agent, client=client)

        assert response.status_code == expected
        assert response.json().get("code") == ("AUTH-00080" if expected == 400 else None)

    def test_faults_of_agent_and_client_have_their_codes(self, ready: Rig) -> None:
        agent, standard = ready.agent(), ready.approved()

        def first(**query: str) -> str:
            payload = self.ask(ready, "POST", "clients", **query).json()
            return str(payload["validationErrors"][0]["code"] if "validationErrors" in payload else payload["code"])

        assert first(agent="x", client="x") == first(agent=str(uuid.uuid4()), client="x") == "AUTH.VLD-00014"
        assert first(agent=standard, client="x") == "AUTH.VLD-00015"
        assert first(agent=agent, client="x") == first(agent=agent) == "AUTH.VLD-00016"
        assert first(agent=agent, client=str(uuid.uuid4())) == "AUTH-00079"

    def test_only_those_who_run_the_owner_are_let_in(self, ready: Rig) -> None:
        agent = ready.agent()
        vendor = ready.exchange(ready.token("altinn:clientdelegations.write")).json()
        headers = {"Authorization": f"Bearer {vendor}"}

        by_vendor = ready.http.post(f"{self.PLACE}/clients", params={"agent": agent}, headers=headers)
        by_employee = self.ask(ready, "GET", "clients", person="Per Hansen", agent=agent)

        assert (by_vendor.status_code, by_employee.status_code) == (403, 403)
        assert ready.http.get(f"{self.PLACE}/clients").status_code == 401

    def test_the_owners_agents_are_listed_with_their_packages(self, ready: Rig) -> None:
        agent = ready.agent()

        result = self.ask(ready, "GET", "agents", party=ACCOUNTANT).json()

        assert [(row["id"], row["userType"], row["accessPackages"]) for row in result] == [
            (agent, "agent", packages(AGENT))
        ]
        assert self.ask(ready, "GET", "agents", party="999999999").status_code == 404


def test_openid_configuration_of_altinn_leads_to_the_key_of_exchanged_tokens(rig: Rig) -> None:
    exchanged = rig.exchange(rig.token()).json()

    path = rig.http.get(f"{P}/openid/.well-known/openid-configuration").json()["jwks_uri"]
    key = jwt.PyJWK(rig.http.get(path).json()["keys"][0]).key
    assert jwt.decode(exchanged, key, ["RS256"], options={"verify_exp": False})["consumer"] == owner(V)
