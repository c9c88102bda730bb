"""The doctor: every client, each scope, the register, and a real system user. Each symptom has its own text."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from portal.core.audit import AuditEvent
from portal.core.audit_events import AuditType
from portal.explain import explain
from portal.gateways import maskinporten
from portal.gateways.errors import Unavailable
from systemusers.models import Access, ClientCheck, System
from systemusers.services import doctor
from systemusers.services.keys import NoKey, retire_key
from systemusers.services.system_register import SystemProblems, register_system
from tests.systemusers.staff import page, post
from tests.systemusers.world import BY, SCOPES, World, fresh, make_system

ADDRESS = "connection/doctor/"


def answers(world: World) -> dict[str, dict[str, str]]:
    rows: dict[str, dict[str, str]] = {}
    for kind, scope, code in ClientCheck.objects.filter(client=world.client).values_list("kind", "scope", "code"):
        rows.setdefault(kind, {})[scope] = code
    return rows


def examine(world: World) -> dict[str, dict[str, str]]:
    doctor.examine(client=world.client, by=BY, at=world.at)
    return answers(world)


def test_without_an_access_the_register_is_read_and_the_page_says_there_is_none(staff: Client, world: World) -> None:
    text = post(staff, ADDRESS)

    assert answers(world) == {"REGISTER": {SCOPES[0]: ""}}
    assert "Ingen kunde har godkjent en tilgang" in text


def test_with_an_access_a_token_is_asked_for_as_its_system_user(staff: Client, approved: Access, world: World) -> None:
    text = post(staff, ADDRESS)

    assert answers(world) == {"REGISTER": {SCOPES[0]: ""}, "SYSTEM_USER": {"digdir:dialogporten": ""}}
    assert f"Token for {approved.customer.name}" in text
    assert fresh(approved).status == "IN_USE"


def test_the_audit_rows_stand_before_the_calls(world: World, approved: Access) -> None:
    world.fault(service="maskinporten", kind="reset")

    with pytest.raises(Unavailable):
        examine(world)

    assert AuditEvent.objects.filter(what=AuditType.SCOPES_CHECKED).exists()


def test_a_number_that_altinn_does_not_know_is_told_apart_from_a_missing_scope(staff: Client, world: World) -> None:
    world.app.state.settings.vendor_unknown = True

    text = post(staff, ADDRESS)

    assert answers(world)["REGISTER"] == {SCOPES[0]: "VENDOR_UNKNOWN"}
    assert "servicedesk@altinn.no" in text
    assert "<code>consumer</code>" in text


def test_a_client_of_another_owner_is_told_by_the_consumer(world: World) -> None:
    world.introduce("310987654", "Andre")
    world.introduce_client(world.client, orgnr="310987654")
    world.app.state.settings.vendor_unknown = True

    assert examine(world)["REGISTER"] == {SCOPES[0]: "WRONG_CONSUMER"}


def test_a_scope_that_is_not_granted_names_its_owner(staff: Client, world: World) -> None:
    granted = [scope for scope in world.client.scopes if scope != "digdir:dialogporten"]
    world.introduce_client(world.client, granted_scopes=granted)

    text = post(staff, ADDRESS)

    assert "<code>MP-250</code>" in text
    assert "<strong>Digdir:</strong>" in text


def test_an_access_that_the_customer_removed_is_told(world: World, approved: Access) -> None:
    world.remove(approved)

    assert examine(world)["SYSTEM_USER"] == {"digdir:dialogporten": "SYSTEM_USER_GONE"}
    assert fresh(approved).missing_since is not None


def test_a_client_that_was_taken_off_the_system_is_told(staff: Client, world: World, approved: Access) -> None:
    system = System.objects.get()
    world.app.state.systems[system.system_id].client_ids = ["other"]

    text = post(staff, ADDRESS)

    assert answers(world)["SYSTEM_USER"] == {"digdir:dialogporten": "CLIENT_NOT_ON_SYSTEM"}
    assert "Klienten står ikke på systemet i Altinn" in text


def test_a_deleted_system_is_told(world: World, approved: Access) -> None:
    world.app.state.systems[System.objects.get().system_id].is_deleted = True

    assert examine(world)["SYSTEM_USER"] == {"digdir:dialogporten": "SYSTEM_DELETED"}


def test_when_altinn_gives_no_cause_the_code_of_maskinporten_stays(world: World, approved: Access) -> None:
    world.app.state.settings.token_delay_seconds = 10**6

    assert examine(world)["SYSTEM_USER"] == {"digdir:dialogporten": "MP-303"}


@pytest.mark.parametrize(
    ("seconds", "code", "claim"),
    [(60, "CLOCK_AHEAD", "iat"), (-60, "CLOCK_BEHIND", "iat"), (-300, "MP-130", "iat, exp")],
)
def test_a_wrong_clock_is_told_with_its_claim(  # noqa: PLR0917
    staff: Client, world: World, monkeypatch: pytest.MonkeyPatch, seconds: int, code: str, claim: str
) -> None:
    monkeypatch.setattr(maskinporten, "clock", lambda: world.app.clock.now() + timedelta(seconds=seconds))

    text = post(staff, ADDRESS)

    assert f"<code>{code}</code>" in text
    assert f"<code>{claim}</code>" in text


def test_a_key_that_digdir_does_not_have_is_told_with_its_claim(staff: Client, world: World) -> None:
    world.introduce_client(world.client, jwks={"keys": []})

    text = post(staff, ADDRESS)

    assert "<code>UNKNOWN_KID</code>" in text
    assert "<code>kid</code>" in text


def test_every_client_with_a_key_is_tried(staff: Client, world: World) -> None:
    second = world.new_client(client_id="c-2")
    keyless = world.new_client(client_id="c-3")
    retire_key(key=keyless.keys.get(), by=BY, at=world.at)

    text = post(staff, ADDRESS)

    assert {row.client_id for row in ClientCheck.objects.all()} == {world.client.pk, second.pk}
    assert "Klienten har ingen nøkkel i bruk" in text


def test_answers_of_the_last_time_do_not_stay(world: World, approved: Access) -> None:
    examine(world)
    world.remove(approved)
    Access.objects.update(status="WITHDRAWN")

    assert "SYSTEM_USER" not in examine(world)


def test_no_call_begins_after_the_time_is_out(world: World) -> None:
    world.forget_calls()

    with pytest.raises(doctor.OutOfTime):
        doctor.examine(client=world.client, by=BY, at=world.at, end=0.0)

    assert world.transport.requests == []


def test_a_client_without_a_key_is_not_tried(world: World) -> None:
    retire_key(key=world.client.keys.get(), by=BY, at=world.at)

    with pytest.raises(NoKey):
        examine(world)


def test_maskinporten_away_is_a_message(staff: Client, world: World) -> None:
    world.fault(service="maskinporten", kind="reset")

    assert "Tjenesten svarer ikke" in post(staff, ADDRESS)


def test_a_registration_that_is_refused_for_the_number_says_so(world: World) -> None:
    world.app.state.settings.vendor_unknown = True

    with pytest.raises(SystemProblems) as refused:
        register_system(system=make_system(world.client), by=BY, at=world.at)

    assert "servicedesk@altinn.no" in refused.value.fields[""][0]
    assert AuditEvent.objects.get(what=AuditType.REGISTER_REFUSED).detail["codes"] == ["VENDOR_UNKNOWN"]


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("who", ["case_worker", "reader"])
def test_only_administrators_may_try(client: Client, world: World, request: Any, who: str, method: str) -> None:
    client.force_login(request.getfixturevalue(who))
    world.forget_calls()

    replies = [getattr(client, method)(f"/sandbox/{address}") for address in (ADDRESS, "connection/token/")]

    assert [reply.status_code for reply in replies] == [403, 403]
    assert world.transport.requests == []


def test_the_page_asks_nobody(staff: Client, world: World, approved: Access) -> None:
    world.forget_calls()

    page(staff, ADDRESS)

    assert world.transport.requests == []


TOKEN_CODES = [
    "MP-011", "MP-012", "MP-100", "MP-110", "MP-120", "MP-121", "MP-122", "MP-123", "MP-124", "MP-130", "MP-200", "MP-201",
    "MP-250", "MP-251", "MP-301", "MP-302",
]  # fmt: skip


@pytest.mark.parametrize("code", TOKEN_CODES)
def test_each_refusal_of_maskinporten_has_a_text_of_its_own(staff: Client, world: World, code: str) -> None:
    body = json.dumps({"error": "invalid_request", "error_description": "No", "error_uri": f"https://mp/errors/{code}"})
    world.fault(service="maskinporten", path="/maskinporten/token", status=400, body=body)

    text = post(staff, ADDRESS)

    others = {str(explain(other).title) for other in TOKEN_CODES if other != code}
    assert f"<code>{code}</code>" in text
    assert str(explain(code).title) in text
    assert str(explain(code).how) in text
    assert str(explain(code).title) not in others | {str(explain("MP-999").title)}
