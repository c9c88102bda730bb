"""The guide: each step says what the rows say, and one of them is the next."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from accounts.models import Customer, User
from portal.core.environments import Environment
from portal.desk.connection import DONE as OK
from portal.desk.connection import FAULT, REMAINING, nine_steps
from portal.desk.guide import facts, letters, steps
from portal.desk.guide.steps import DONE, LATER, NEXT, WAITING
from systemusers.models import Access, AccessProfile, ClientCheck, MaskinportenClient, ScopeGrant, System
from systemusers.services.wanted_scopes import Owner, wanted
from tests.fixtures import AT, VENDOR_ORGNR
from tests.systemusers.world import (
    World,
    approved,
    asked,
    client_row,
    give_key,
    known_customer,
    profile,
    sent,
    system,
    world,
)

__all__ = ["approved", "asked", "client_row", "known_customer", "profile", "sent", "system", "world"]
pytestmark = pytest.mark.django_db
TEST, PRODUCTION, SANDBOX = Environment.TEST, Environment.PRODUCTION, Environment.SANDBOX


def states(user: User, environment: Environment = TEST) -> dict[str, str]:
    known = facts.read(environment=environment, user=user)
    return {row.key: row.state for row in steps.steps(environment=environment, user=user, facts=known)}


def client_in(environment: str, **fields: Any) -> MaskinportenClient:
    return MaskinportenClient.objects.create(
        environment=environment, client_id=fields.pop("client_id", "c-1"), name="K", orgnr=VENDOR_ORGNR, **fields
    )


def answer(client: MaskinportenClient, scope: str, verdict: str) -> None:
    code = "" if verdict == "GRANTED" else "MP-250"
    ScopeGrant.objects.create(client=client, scope=scope, verdict=verdict, code=code, checked_at=AT)


def test_an_empty_environment_begins_with_the_terms(administrator: User) -> None:
    now = states(administrator)

    assert list(now) == [
        "terms", "client", "key", "digdir", "skatteetaten", "number", "system", "profile", "customers", "ask", "approval",
    ]  # fmt: skip
    assert now["terms"] == NEXT
    assert set(list(now.values())[1:]) == {LATER}


def test_only_test_asks_for_the_number_in_tt02_and_the_sandbox_has_no_terms(administrator: User) -> None:
    assert "number" not in states(administrator, PRODUCTION)
    assert not {"number", "terms"} & states(administrator, SANDBOX).keys()


def test_scopes_that_the_owner_has_not_granted_wait_for_others(administrator: User) -> None:
    client = client_in(TEST)
    give_key(client)
    for scope in of_digdir():
        answer(client, scope, "NOT_GRANTED")

    now = states(administrator)

    assert (now["terms"], now["client"], now["key"], now["digdir"], now["skatteetaten"]) == (
        DONE, DONE, DONE, WAITING, NEXT,
    )  # fmt: skip


def of_digdir() -> list[str]:
    return [one.scope for one in wanted(TEST) if one.owner == Owner.DIGDIR]


@pytest.mark.parametrize("verdict", ["NOT_ON_CLIENT", "UNKNOWN", ""])
def test_a_scope_that_is_not_on_a_client_yet_is_for_the_vendor(administrator: User, verdict: str) -> None:
    client = client_in(TEST)
    give_key(client)
    first, *rest = of_digdir()
    for scope in rest:
        answer(client, scope, "NOT_GRANTED")
    if verdict:
        answer(client, first, verdict)

    assert states(administrator)["digdir"] == NEXT


def test_scopes_are_done_when_any_clients_together_have_them(administrator: User) -> None:
    one, two = client_in(TEST), client_in(TEST, client_id="c-2")
    for number, scope in enumerate(entry.scope for entry in wanted(TEST)):
        answer((one, two)[number % 2], scope, "GRANTED")

    now = states(administrator)

    assert now["digdir"] == now["skatteetaten"] == DONE


@pytest.mark.parametrize(("code", "state"), [("", DONE), ("VENDOR_UNKNOWN", WAITING), ("HTTP-500", LATER)])
def test_the_number_in_tt02_is_known_by_what_the_register_answered(administrator: User, code: str, state: str) -> None:
    ClientCheck.objects.create(client=client_in(TEST), kind="REGISTER", scope="s", code=code, checked_at=AT)

    assert states(administrator)["number"] == state


def test_what_stands_in_another_environment_counts_nothing(administrator: User, approved: Access) -> None:
    assert states(administrator)["terms"] == NEXT
    assert set(states(administrator).values()) == {NEXT, LATER}


def test_an_approved_access_ends_the_guide(administrator: User, approved: Access) -> None:
    now = states(administrator, SANDBOX)

    assert {now[key] for key in ("client", "key", "system", "profile", "customers", "ask", "approval")} == {DONE}


def test_a_sent_question_waits_for_the_customer(administrator: User, sent: Access) -> None:
    assert states(administrator, SANDBOX)["approval"] == WAITING


def test_a_draft_system_is_no_registered_one(administrator: User, system: System) -> None:
    System.objects.update(status="DRAFT")

    assert states(administrator, SANDBOX)["system"] != DONE


def test_a_draft_system_is_opened_and_no_second_one_is_begun(
    client: Client, administrator: User, system: System
) -> None:
    System.objects.update(status="DRAFT")
    client.force_login(administrator)

    text = client.get("/sandbox/connection/guide/").text

    assert f'href="/sandbox/systems/{system.pk}/"' in text
    assert "/sandbox/systems/new/" not in text


def test_the_letters_name_the_scopes_that_lack_and_who_asks(administrator: User, vendor: Any) -> None:
    client_in(TEST)

    letter = letters.order_scopes(Owner.DIGDIR, environment=TEST, lacking=["digdir:dialogporten"])

    assert letter.to == "servicedesk@digdir.no"
    assert all(part in letter.text for part in ("digdir:dialogporten", VENDOR_ORGNR, "c-1", "test.maskinporten.no"))
    assert "skatteetaten:" not in letter.text
    assert (letters.number_in_tt02().to, VENDOR_ORGNR in letters.number_in_tt02().text) == (
        "servicedesk@altinn.no",
        True,
    )


@pytest.mark.parametrize("environment", ["test", "sandbox"])
@pytest.mark.parametrize("who", ["administrator", "case_worker", "reader"])
def test_every_role_may_read_the_guide_and_gets_no_link_it_may_not_open(
    client: Client, vendor: Any, environment: str, who: str, request: Any
) -> None:
    user = request.getfixturevalue(who)
    client.force_login(user)

    text = client.get(f"/{environment}/connection/guide/").text

    assert "Veien til den første tilgangen" in text
    assert (f"/{environment}/settings/clients/new/" in text) == user.within(environment.upper()).may_configure


def test_the_page_of_test_has_the_links_and_texts_of_the_parties(
    client: Client, administrator: User, vendor: Any
) -> None:
    client.force_login(administrator)

    text = client.get("/test/connection/guide/").text

    assert "https://samarbeid.digdir.no/maskinporten/konsument/119" in text
    assert "https://sjolvbetjening.test.samarbeid.digdir.no" in text
    assert "/return" in text
    assert text.count("<textarea") == 3


def maskinporten_step(user: User) -> Any:
    return nine_steps(environment=SANDBOX, user=user, at=AT)[0]


def test_the_first_step_of_the_connection_looks_at_every_client(administrator: User, world: World) -> None:
    for scope in world.client.scopes:
        answer(world.client, scope, "GRANTED")
    before = maskinporten_step(administrator).state
    second = client_in(SANDBOX, client_id="c-2")
    ignored = maskinporten_step(administrator).state
    give_key(second, number=1)

    untried = maskinporten_step(administrator).state
    answer(second, "x:y", "NOT_GRANTED")
    refused = maskinporten_step(administrator)

    assert (before, ignored, untried) == (OK, OK, REMAINING)
    assert refused.state == FAULT
    assert refused.text.startswith("K: x:y")


def test_a_client_without_a_key_that_a_system_uses_is_a_fault(
    administrator: User, profile: AccessProfile, world: World
) -> None:
    for scope in world.client.scopes:
        answer(world.client, scope, "GRANTED")
    second = client_in(SANDBOX, client_id="c-2")
    System.objects.update(admin_client=second)

    step = maskinporten_step(administrator)

    assert (step.state, step.text.startswith("K: ")) == (FAULT, True)


def test_customers_of_others_are_no_step_of_ours(case_worker: User, customer: Customer) -> None:
    Customer.objects.update(portfolio=None)

    assert states(case_worker, SANDBOX)["customers"] != DONE
