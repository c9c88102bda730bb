"""Systems in Altinn's register: checked here first, sent, compared, deleted; and what Altinn complains of at its field."""

from __future__ import annotations

import re
from typing import Any

import pytest

from portal.core.audit import AuditEvent
from portal.gateways.errors import Unavailable
from systemusers.models import AccessProfile, Kind, RegisterChange, System
from systemusers.services import system_register
from systemusers.services.system_register.checks import is_redirect
from tests.fixtures import VENDOR_ORGNR
from tests.systemusers.world import (
    AGENT_PACKAGE,
    BY,
    PACKAGE,
    RESOURCE,
    World,
    fresh,
    make_client,
    make_profile,
    make_system,
)

REGISTER = "/platform/authentication/api/v1/systemregister/vendor"
S = System.Status


def problems(system: System) -> dict[str, list[str]]:
    with pytest.raises(system_register.SystemProblems) as caught:
        system_register.check_system(system)
    return caught.value.fields


def at_altinn(world: World, system: System) -> Any:
    return world.app.state.systems[system.system_id]


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("system_id", "999999999_x", "må begynne med"),
        ("system_id", f"{VENDOR_ORGNR}_", "Skriv et navn"),
        ("system_id", f"{VENDOR_ORGNR}_to ord", "mellomrom"),
        ("system_id", f"{VENDOR_ORGNR}_bokføring", "bokstavene"),
        ("name_nn", " ", "Fyll den ut"),
        ("description_en", "", "Fyll den ut"),
        ("redirect_urls", ["http://portal.example.no/return"], "https://"),
        ("redirect_urls", ["https:///return"], "https://"),
        ("rights", ["urn:altinn:resource:x"], "ressurs-id"),
        ("rights", ["a", "a"], "to ganger"),
        ("packages", ["skattegrunnlag"], "urn:altinn:accesspackage:"),
        ("packages", ["urn:altinn:accesspackage:finnes-ikke"], "kjenner ikke"),
        ("packages", ["urn:altinn:accesspackage:eksplisitt"], "kan ikke gis|kjenner ikke"),
    ],
)
def test_a_fault_is_found_before_sending_and_told_at_its_field(
    world: World, field: str, value: Any, sentence: str
) -> None:
    system = make_system(world.client)
    setattr(system, field, value)

    result = problems(system)

    assert list(result) == [field]
    assert re.search(sentence, result[field][0])


def test_a_package_for_clients_only_and_a_visible_system_do_not_go_together(world: World) -> None:
    system = make_system(world.client, packages=[AGENT_PACKAGE])
    system.is_visible = True

    assert list(problems(system)) == ["is_visible"]


def test_a_client_of_another_environment_or_system_is_refused(world: World) -> None:
    make_system(world.client)
    other = make_client(environment="TEST", client_id="other")
    second = System(client=world.client, environment="SANDBOX", system_id=f"{VENDOR_ORGNR}_to")
    third = System(client=other, environment="SANDBOX", system_id=f"{VENDOR_ORGNR}_tre")

    assert "i bruk av" in problems(second)["client"][0]
    assert "annet miljø" in problems(third)["client"][0]


@pytest.mark.parametrize("environment", ["SANDBOX", "TEST", "PRODUCTION"])
def test_only_in_the_sandbox_may_a_browser_be_sent_back_over_http(environment: str) -> None:
    assert is_redirect("https://portal.example.no/return", environment=environment)
    assert is_redirect("http://127.0.0.1:8000/return", environment=environment) == (environment == "SANDBOX")
    assert not is_redirect("http://portal.example.no/return", environment=environment)


def test_when_the_catalogue_is_away_the_rest_is_checked(world: World) -> None:
    system = make_system(world.client)
    world.fault(service="accessmanagement", kind="timeout")

    system_register.check_system(system)


def test_registering_sends_all_of_it(world: World) -> None:
    system = make_system(world.client)

    outcome = system_register.register_system(system=system, by=BY, at=world.at)

    theirs = at_altinn(world, system)
    assert (outcome, fresh(system).status) == (system_register.Pushed.REGISTERED, S.REGISTERED)
    assert (theirs.client_ids, theirs.packages, theirs.is_visible) == ([world.client.client_id], [PACKAGE], False)
    assert AuditEvent.objects.filter(what="register").count() == 1


def test_a_lost_answer_is_mended_by_doing_it_again(world: World) -> None:
    system = make_system(world.client)
    world.fault(kind="lost", path=REGISTER)
    with pytest.raises(Unavailable):
        system_register.register_system(system=system, by=BY, at=world.at)
    between = fresh(system).status

    outcome = system_register.register_system(system=system, by=BY, at=world.at)

    assert (between, outcome, fresh(system).status) == (S.DRAFT, system_register.Pushed.ADOPTED, S.REGISTERED)


def test_the_id_of_a_deleted_system_is_gone_for_ever(system: System, world: World) -> None:
    at_altinn(world, system).is_deleted = True
    System.objects.filter(pk=system.pk).update(status=S.DRAFT)

    with pytest.raises(system_register.SystemProblems) as caught:
        system_register.register_system(system=fresh(system), by=BY, at=world.at)

    assert "aldri brukes igjen" in caught.value.fields["system_id"][0]


def test_what_altinn_refuses_is_told_at_the_field(world: World) -> None:
    system = make_system(world.client, rights=["finnes-ikke-i-registeret"])

    with pytest.raises(system_register.SystemProblems) as caught:
        system_register.register_system(system=system, by=BY, at=world.at)

    assert list(caught.value.fields) == ["rights"]
    assert fresh(system).status == S.DRAFT


def test_a_missing_scope_is_told_for_the_whole(world: World) -> None:
    world.introduce_client(world.client, scopes=[])

    with pytest.raises(Exception, match="MP-200"):
        system_register.register_system(system=make_system(world.client), by=BY, at=world.at)


def test_an_edited_system_shows_what_altinn_has_not_got_until_it_is_sent(system: System, world: World) -> None:
    system.name_nb = "Fjordtall Pluss"
    system_register.save_system(system=system, by=BY, at=world.at)
    before = fresh(system).drift

    world.send_ours(fresh(system))

    assert before == [{"field": "name_nb", "ours": "Fjordtall Pluss", "theirs": "Fjordtall"}]
    assert (fresh(system).drift, at_altinn(world, system).name["nb"]) == ([], "Fjordtall Pluss")


def test_a_change_taken_back_is_no_difference(system: System, world: World) -> None:
    system.name_nb = "Feil"
    system_register.save_system(system=system, by=BY, at=world.at)
    system.name_nb = "Fjordtall"

    system_register.save_system(system=system, by=BY, at=world.at)

    assert fresh(system).drift == []


def test_a_form_saved_after_a_registration_keeps_the_registration(world: World) -> None:
    row = make_system(world.client)
    in_the_form = fresh(row)
    in_the_form.name_nb, in_the_form.system_id = "Nytt navn", f"{row.system_id}2"
    system_register.register_system(system=fresh(row), by=BY, at=world.at)

    system_register.save_system(system=in_the_form, by=BY, at=world.at)

    now = fresh(row)
    assert (now.status, now.registered_at, now.system_id) == (S.REGISTERED, world.at, row.system_id)
    assert [(entry["field"], entry["ours"]) for entry in now.drift] == [("name_nb", "Nytt navn")]
    assert in_the_form.status == S.REGISTERED


def test_comparing_names_every_field_that_differs(system: System, world: World) -> None:
    theirs = at_altinn(world, system)
    theirs.name["en"], theirs.client_ids, theirs.is_visible = "Other", [], True

    drift = system_register.compare_system(system=system, by=BY, at=world.at)

    assert [entry["field"] for entry in drift] == ["name_en", "client_ids", "is_visible"]
    assert fresh(system).compared_at == world.at


def test_comparing_what_is_the_same_finds_nothing(system: System, world: World) -> None:
    at_altinn(world, system).redirect_urls.reverse()

    assert system_register.compare_system(system=system, by=BY, at=world.at) == []


def test_a_system_altinn_never_had_is_a_difference(world: World) -> None:
    drift = system_register.compare_system(system=make_system(world.client), by=BY, at=world.at)

    assert [(entry["field"], entry["theirs"]) for entry in drift] == [("system", None)]


def test_deleting_wants_the_id_typed(system: System, world: World) -> None:
    with pytest.raises(system_register.NotConfirmed):
        system_register.delete_system(system=system, typed="ja", by=BY, at=world.at)

    assert not at_altinn(world, system).is_deleted


def test_deleting_deletes_there_and_here(system: System, world: World) -> None:
    system_register.delete_system(system=system, typed=f" {system.system_id} ", by=BY, at=world.at)

    assert (at_altinn(world, system).is_deleted, fresh(system).status) == (True, S.DELETED)


def test_a_lost_answer_to_a_deletion_is_mended_by_doing_it_again(system: System, world: World) -> None:
    world.fault(kind="lost", path=REGISTER)
    with pytest.raises(Unavailable):
        system_register.delete_system(system=system, typed=system.system_id, by=BY, at=world.at)

    system_register.delete_system(system=system, typed=system.system_id, by=BY, at=world.at)

    assert fresh(system).status == S.DELETED


def test_the_registers_own_log_is_copied_once(system: System, world: World) -> None:
    system.name_nb = "Fjordtall Pluss"
    system_register.save_system(system=system, by=BY, at=world.at)
    world.send_ours(system)

    system_register.copy_register_log(system=system, at=world.at)
    system_register.copy_register_log(system=system, at=world.at)

    kinds = RegisterChange.objects.filter(system=system).values_list("kind", "client_id")
    assert set(kinds) == {("update", world.client.client_id), ("create", world.client.client_id)}
    assert len(kinds) == 2


@pytest.mark.parametrize(
    ("fields", "where"),
    [
        ({"rights": ["annet"]}, "rights"),
        ({"rights": [], "packages": []}, ""),
        ({"kind": Kind.AGENT, "rights": [], "packages": []}, "packages"),
        ({"kind": Kind.AGENT, "rights": [RESOURCE], "packages": [PACKAGE]}, "rights"),
        ({"kind": Kind.STANDARD, "rights": [], "packages": [AGENT_PACKAGE]}, "packages"),
    ],
)
def test_a_profile_asks_only_for_what_can_be_given(system: System, fields: dict[str, Any], where: str) -> None:
    system.packages = [PACKAGE, AGENT_PACKAGE]
    profile = AccessProfile(system=system, name="Prøve", **{"rights": [RESOURCE], **fields})

    with pytest.raises(system_register.SystemProblems) as caught:
        system_register.check_profile(profile)

    assert list(caught.value.fields) == [where]


def test_two_profiles_of_a_system_cannot_have_the_same_name(system: System, world: World) -> None:
    make_profile(system, "Årsoppgjør")

    with pytest.raises(system_register.SystemProblems) as caught:
        system_register.save_profile(
            profile=AccessProfile(system=system, name="Årsoppgjør", rights=[RESOURCE]), by=BY, at=world.at
        )

    assert list(caught.value.fields) == ["name"]
