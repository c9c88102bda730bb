"""The token inspector shows what a token says, never the token, and stores nothing but the audit row."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from portal.core.audit import AuditEvent
from portal.core.audit_events import AuditType
from portal.gateways.maskinporten import Maskinporten, organisation_in, read_claims
from systemusers.models import Access, SystemUser
from systemusers.services import inspector
from tests.fixtures import VENDOR_ORGNR
from tests.systemusers.staff import page, post
from tests.systemusers.world import BY, SCOPES, World

ADDRESS = "connection/token/"
SCOPE = "digdir:dialogporten"


def fields(world: World, **more: Any) -> dict[str, Any]:
    return {"client": world.client.pk, "scope": SCOPE, **more}


def verdicts(claims: list[inspector.Claim]) -> dict[str, bool | None]:
    return {claim.name: claim.is_right for claim in claims}


def test_the_vendors_own_token_is_as_expected(world: World) -> None:
    claims = inspector.inspect_vendor(client=world.client, scope=SCOPE, by=BY, at=world.at)

    shown = {claim.name: claim.value for claim in claims}
    assert (shown["consumer"], shown["scope"]) == (VENDOR_ORGNR, SCOPE)
    assert {name for name, right in verdicts(claims).items() if right is not None} == {
        "iss", "client_id", "scope", "exp", "consumer",
    }  # fmt: skip
    assert False not in verdicts(claims).values()


def test_a_system_users_token_names_customer_system_and_user(world: World, approved: Access) -> None:
    claims = inspector.inspect_system_user(access=approved, scope=SCOPE, by=BY, at=world.at)

    shown = {claim.name: claim.value for claim in claims}
    assert shown["systemuser_org"] == approved.customer.orgnr
    assert shown["system_id"] == approved.profile.system.system_id
    assert shown["systemuser_id"] == str(SystemUser.objects.get(access=approved).altinn_id)
    assert all(claim.meaning for claim in claims)
    assert False not in verdicts(claims).values()


def test_an_owner_that_is_not_ours_is_marked_with_what_was_expected(world: World) -> None:
    world.introduce("310987654", "Andre")
    world.introduce_client(world.client, orgnr="310987654")

    claims = inspector.inspect_vendor(client=world.client, scope=SCOPE, by=BY, at=world.at)

    wrong = [claim for claim in claims if claim.is_right is False]
    assert [(claim.name, claim.value, claim.expected) for claim in wrong] == [("consumer", "310987654", VENDOR_ORGNR)]


def test_a_token_that_is_over_or_without_an_end_is_marked(world: World) -> None:
    over = inspector._compared(inspector.flat({"exp": int(world.at.timestamp()) - 1}), {}, world.at)
    without = inspector._compared({}, {"exp": "x"}, world.at)

    assert [claim.is_right for claim in (*over, *without)] == [False, False]


def test_a_claim_that_should_not_be_there_is_marked(world: World) -> None:
    (claim,) = inspector._compared({"system_id": "x"}, {"system_id": ""}, world.at)

    assert (claim.is_right, bool(claim.expected)) == (False, True)


def test_a_national_identity_number_is_masked() -> None:
    assert inspector.flat({"pid": "17912099997"}) == {"pid": "***********"}


@pytest.mark.parametrize("claim", [None, "x", [], {"authority": "a"}, 3])
def test_an_organisation_that_cannot_be_read_is_empty(claim: Any) -> None:
    assert organisation_in(claim) == ""
    assert inspector.flat({"consumer": claim, "authorization_details": claim})["consumer"] == ""


def test_the_number_is_read_with_either_spelling_of_its_key() -> None:
    assert organisation_in({"ID": "0192:310123455"}) == organisation_in({"id": "0192:310123455"}) == "310123455"
    assert read_claims("nothing") == {}


def test_the_page_shows_the_claims_and_never_the_token(
    staff: Client, world: World, approved: Access, monkeypatch: pytest.MonkeyPatch
) -> None:
    issued: list[str] = []
    original = Maskinporten.token

    def watched(self: Maskinporten, *args: Any, **options: Any) -> Any:
        token = original(self, *args, **options)
        issued.append(token.value)
        return token

    monkeypatch.setattr(Maskinporten, "token", watched)

    reply = staff.post(f"/sandbox/{ADDRESS}", fields(world, customer=approved.customer.orgnr))

    assert reply.status_code == 200
    assert approved.profile.system.system_id in reply.text
    assert len(issued) == 1
    assert all(part not in reply.text for part in issued[0].split("."))
    assert "no-store" in reply.headers["Cache-Control"]


def test_each_look_has_an_audit_row_also_when_it_is_refused(staff: Client, world: World) -> None:
    world.introduce_client(world.client, scopes=[])

    text = post(staff, ADDRESS, fields(world), status=422)

    assert AuditEvent.objects.get(what=AuditType.CLAIMS_SHOWN).detail["scopes"] == [SCOPE]
    assert "<code>MP-200</code>" in text
    assert "<code>scope</code>" in text


def test_a_customer_without_an_access_gets_no_token(staff: Client, world: World, known_customer: Any) -> None:
    world.forget_calls()

    text = post(staff, ADDRESS, fields(world, customer=known_customer.orgnr), status=422)

    assert "ingen tilgang i bruk" in text
    assert world.transport.requests == []


def test_a_get_fetches_nothing(staff: Client, world: World) -> None:
    world.forget_calls()

    text = page(staff, ADDRESS)

    assert all(scope in text for scope in SCOPES)
    assert world.transport.requests == []
