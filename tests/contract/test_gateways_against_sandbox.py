"""Maskinporten and Altinn through our gateways, from the first token to a changed system user."""

from __future__ import annotations

import uuid
from dataclasses import replace

import pytest

from portal.gateways.errors import Refused
from tests.contract.rig import FOLLOWING, READING, SYSTEM, World
from tests.sandbox.altinn_rig import ACCOUNTANT, AGENT, FEES, READ, RETURN, SHARES, TAX, WRITE_SYSTEMS, K, S, V


def refusal(call: object, *args: object, **kwargs: object) -> Refused:
    with pytest.raises(Refused) as caught:
        call(*args, **kwargs)
    return caught.value


# Maskinporten


def test_a_grant_of_ours_is_taken_and_gives_what_was_asked_for(world: World) -> None:
    token = world.ask(WRITE_SYSTEMS, READ)

    assert (set(token.scopes), token.system_user_id) == ({WRITE_SYSTEMS, READ}, "")
    assert 0 < (token.expires_at - world.at).total_seconds() <= 120


def test_the_issuers_description_agrees_with_what_we_sign_for(world: World) -> None:
    assert world.maskinporten.metadata()["issuer"] == world.maskinporten.issuer


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"scopes": ("altinn:unknown",)}, "MP-200"),
        ({"owner_orgnr": K}, "MP-303"),
        ({"client_id": "nobody"}, "MP-100"),
    ],
)
def test_maskinportens_reasons_come_through_as_codes(world: World, changes: dict[str, object], code: str) -> None:
    grant = replace(world.grant, **{"scopes": (READ,), **changes})

    error = refusal(world.maskinporten.token, grant, at=world.at)

    assert error.code == code
    assert error.correlation_id
    assert "trace_id" not in error.text


def test_a_token_for_a_customer_names_its_system_user(connected: World) -> None:
    user = connected.requests.system_user(token=connected.write(), system_id=S, orgnr=K, external_ref=K)

    token = connected.ask(READING, owner_orgnr=K)

    assert user is not None
    assert token.system_user_id == user.id


def test_a_reference_is_needed_where_one_was_given(registered: World) -> None:
    ident = registered.approved(external_ref="kunde-42")

    assert registered.ask(READING, owner_orgnr=K, external_ref="kunde-42").system_user_id == ident
    with pytest.raises(Refused, match="MP-303"):
        registered.ask(READING, owner_orgnr=K)


# the register


def test_a_system_is_registered_read_changed_listed_and_deleted(registered: World) -> None:
    token, changed = registered.token(WRITE_SYSTEMS), replace(SYSTEM, rights=(SHARES,))
    assert registered.register.get(S, token=token) == SYSTEM

    registered.register.update(changed, token=token)

    assert registered.register.get(S, token=token) == changed
    (listed,) = registered.register.list(token=token)
    assert (listed.system_id, listed.vendor_orgnr, listed.rights) == (S, V, (SHARES,))
    registered.register.delete(S, token=token)
    assert registered.register.get(S, token=token).is_deleted
    assert registered.register.list(token=token) == []
    kinds = [change.kind for change in registered.register.changelog(S, token=token)]
    assert kinds == ["delete", "update", "create"]


def test_every_complaint_of_the_register_is_told(registered: World) -> None:
    wrong = replace(SYSTEM, redirect_urls=("http://portal.example.no",), rights=("unknown-resource",))

    error = refusal(registered.register.register, wrong, token=registered.token(WRITE_SYSTEMS))

    codes = {detail.code.removeprefix("AUTH.VLD-"): detail for detail in error.details}
    assert {"00002", "00003", "00005"} <= set(codes)
    assert codes["00002"].path == "/registersystemrequest/systemid"
    assert "unknown-resource" in codes["00003"].given


def test_a_missing_scope_is_a_refusal_without_a_code(world: World) -> None:
    error = refusal(world.register.get, S, token=world.token(READ))

    assert (error.status, error.code, error.text) == (403, "", "")


# requests


def test_a_request_is_made_once_and_found_again(registered: World) -> None:
    first = registered.wanted()

    again = registered.wanted(rights=(FEES,))

    assert (first.created, first.status, again.created, again.id) == (True, "New", False, first.id)
    assert (first.rights, first.redirect_url, first.orgnr) == ((SHARES,), RETURN, K)
    assert first.confirm_url.endswith("&DONTCHOOSEREPORTEE=true")
    token = registered.token(READ)
    result = registered.requests.by_external_ref(token=token, system_id=S, orgnr=K, external_ref=K)
    assert result is not None
    assert result.id == registered.requests.get(first.id, token=token).id == first.id


def test_an_escalated_request_is_told_by_the_list(registered: World) -> None:
    request = registered.wanted()
    registered.rig.control(f"requests/{request.id}/escalate")

    (listed,) = registered.requests.list(S, token=registered.token(READ))

    assert (listed.id, listed.escalated, listed.status) == (request.id, True, "New")


def test_an_approval_gives_a_system_user_that_stands_in_the_way_of_another(registered: World) -> None:
    ident = registered.approved()

    user = registered.requests.system_user(token=registered.write(), system_id=S, orgnr=K, external_ref=K)

    assert registered.requests.get(ident, token=registered.token(READ)).status == "Accepted"
    assert user is not None
    assert (user.id, user.kind, user.orgnr, user.external_ref) == (ident, "standard", K, K)
    assert refusal(registered.wanted).code == "AUTH-00004"


def test_a_withdrawn_request_is_gone_and_withdrawing_it_again_is_harmless(registered: World) -> None:
    request = registered.wanted()

    assert registered.requests.delete(request.id, token=registered.write()) is True
    assert registered.requests.delete(request.id, token=registered.write()) is False
    assert refusal(registered.requests.get, request.id, token=registered.token(READ)).code == "AUTH-00010"
    assert registered.wanted().created is True


def test_an_old_request_has_timed_out_while_its_status_stays(registered: World) -> None:
    request = registered.wanted()
    registered.rig.control(f"requests/{request.id}/age", {"days": 181})

    result = registered.requests.get(request.id, token=registered.token(READ))

    assert (result.status, result.timed_out) == ("New", True)


def test_an_agent_request_has_a_place_of_its_own(registered: World) -> None:
    made = registered.wanted(orgnr=ACCOUNTANT, external_ref=ACCOUNTANT, rights=(), packages=(AGENT,), is_agent=True)

    result = registered.requests.get(made.id, token=registered.token(READ), is_agent=True)

    assert (result.id, result.packages, "/agentrequest?" in result.confirm_url) == (made.id, (AGENT,), True)
    assert refusal(registered.requests.get, made.id, token=registered.token(READ)).status == 404


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"system_id": f"{V}_other"}, "AUTH-00011"),
        ({"orgnr": "999999999"}, "AUTH-00000"),
        ({"redirect_url": "https://elsewhere.example.no/"}, "AUTH-00021"),
        ({"rights": ("ske-innrapportering-egg",)}, "AUTH-00001"),
        ({"rights": ()}, "AUTH-00059"),
    ],
)
def test_altinns_reasons_come_through_as_codes(registered: World, changes: dict[str, object], code: str) -> None:
    assert refusal(registered.wanted, **changes).code == code


def test_all_system_users_are_found_over_several_pages(registered: World) -> None:
    registered.rig.control("settings", {"page_size": 2}, method="PATCH")
    made = [registered.approved(external_ref=f"ref-{n}") for n in range(5)]

    result = list(registered.requests.system_users(S, token=registered.token(WRITE_SYSTEMS)))

    assert [user.id for user in result] == made


# change requests


def test_a_change_that_changes_nothing_is_not_stored(connected: World) -> None:
    user = connected.requests.system_user(token=connected.write(), system_id=S, orgnr=K, external_ref=K)
    assert user is not None

    change = connected.requests.create_change(
        token=connected.write(), system_user_id=user.id, correlation_id=str(uuid.uuid4())
    )

    assert (change.status, change.confirm_url, change.created) == ("NoChangeNeeded", "", False)


def test_a_change_is_made_once_found_again_and_withdrawn(registered: World) -> None:
    user, correlation = registered.approved(), str(uuid.uuid4())
    asked = {"system_user_id": user, "correlation_id": correlation, "required_rights": (FEES,)}

    first = registered.requests.create_change(token=registered.write(), **asked)
    again = registered.requests.create_change(token=registered.write(), **asked)

    assert (first.id, first.created, again.created, first.status) == (correlation, True, False, "New")
    assert registered.requests.get_change(correlation, token=registered.token(READ)).system_user_id == user
    assert registered.requests.delete_change(correlation, token=registered.write()) is True
    assert registered.requests.delete_change(correlation, token=registered.write()) is False


# exchange and catalogues


def test_an_exchanged_token_outlives_its_origin(connected: World) -> None:
    ours = connected.ask(FOLLOWING, owner_orgnr=K)

    token = connected.exchange.exchange(ours, at=connected.at)

    assert token.expires_at > ours.expires_at
    assert token.system_user_id == ours.system_user_id


def test_a_system_user_tells_whom_it_acts_for(connected: World) -> None:
    token = connected.exchanged("altinn:accessmanagement/authorizedparties")

    (party,) = connected.metadata.authorized_parties(token=token)

    assert (party.orgnr, party.resources) == (K, (SHARES,))


def test_the_catalogues_agree_with_each_other(world: World) -> None:
    everything = {package.urn: package for package in world.metadata.all_packages()}

    assert world.metadata.package(TAX) == everything[TAX]
    assert set(world.metadata.packages(term="regnskapsf")) <= set(everything.values())
    assert AGENT in {package.urn for package in world.metadata.packages(term="regnskapsf")}
    assert world.metadata.packages(term="no such thing") == []
    assert (everything[TAX].is_assignable, everything[AGENT].is_assignable) == (True, False)
    assert refusal(world.metadata.package, "urn:altinn:accesspackage:unknown").status == 404


def test_names_come_in_the_language_asked_for(world: World) -> None:
    assert world.metadata.package(TAX, language="en").name != world.metadata.package(TAX, language="nb").name


def test_a_resource_is_described_by_the_registry(world: World) -> None:
    assert world.metadata.resource(SHARES)["identifier"] == SHARES


def test_the_registry_of_organisations_knows_the_customer(world: World) -> None:
    world.rig.add_organisation(
        K, "Rask Tiger AS", persons=[{"name": "Kari Nordmann", "roles": ["DAGL"]}], accountant=ACCOUNTANT
    )

    unit = world.registry.unit(K)

    assert unit is not None
    assert (unit.orgnr, unit.name, unit.form, unit.language) == (K, "RASK TIGER AS", "AS", "nb")
    assert {(holder.role, holder.name, holder.orgnr) for holder in world.registry.roles(K)} >= {
        ("DAGL", "Kari Nordmann", "")
    }
    assert ACCOUNTANT in {holder.orgnr for holder in world.registry.roles(K)}
    assert [result.orgnr for result in world.registry.search("rask tig")] == [K]
    assert world.registry.unit("213456784") is None
    assert world.registry.roles("213456784") == []


def test_an_organisation_removed_for_legal_reasons_is_hidden_and_not_deleted(world: World) -> None:
    world.rig.add_organisation(K, "Rask Tiger AS", registry={"fjernet": True})

    unit = world.registry.unit(K)

    assert unit is not None
    assert (unit.is_hidden, unit.is_deleted) == (True, False)
