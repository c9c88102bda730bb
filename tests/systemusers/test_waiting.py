"""What waits for somebody: it has a next attempt or is shown to staff, and is due when its cause is mended."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from accounts.models import Customer, User
from portal.core import lease
from portal.core.audit import AuditEvent
from portal.core.environments import Environment
from portal.desk.attention import attention
from systemusers import tasks
from systemusers.models import Access, AccessProfile, SigningKey, System, SystemRound
from systemusers.services import access, keys, losses, scopes, tokens
from tests.fixtures import CUSTOMER_ORGNR
from tests.systemusers.world import BY, DIALOGS, REQUESTS, World, fresh, give_key, make_profile

S = Access.Status


def lines(user: User, world: World) -> dict[str, int]:
    return {
        todo.url.partition("?")[2]: todo.count for todo in attention(user=user, environment=ENVIRONMENT, at=world.at)
    }


ENVIRONMENT = Environment.SANDBOX


@pytest.fixture
def three(asked: Access, system: System, world: World) -> list[Access]:
    others = [make_profile(system, name) for name in ("Lønn", "Moms")]
    return [
        asked,
        *(access.ask_access(customer=asked.customer, profile=one, by=BY, at=world.at) for one in others),
    ]


def retire_keys(world: World) -> None:
    for key in world.client.keys.exclude(status="RETIRED"):
        keys.retire_key(key=key, by=BY, at=world.at)


def new_key(world: World) -> SigningKey:
    key = give_key(world.client, number=1, status="NEW", at=world.at)
    world.introduce_client(world.client)
    return key


def test_an_access_without_a_key_waits_and_is_tried_again(asked: Access, world: World) -> None:
    retire_keys(world)

    row = world.send(asked)

    assert (row.status, row.problem_code, row.failures) == (S.DRAFT, "NO_KEY", 1)
    assert world.is_now(row.next_attempt_at - lease.LONGEST_WAIT)


def test_a_new_key_in_use_makes_all_that_waited_for_one_due(three: list[Access], world: World) -> None:
    retire_keys(world)
    access.send_due(at=world.at)
    access.watch_due(at=world.at)
    before = [world.is_due(row) for row in three]

    keys.activate_key(key=new_key(world), by=BY, at=world.at)
    after = [world.is_due(row) for row in three]
    access.send_due(at=world.at)

    assert (before, after) == ([False] * 3, [True] * 3)
    assert {fresh(row).status for row in three} == {S.SENT}
    assert not SystemRound.objects.filter(problem_code="NO_KEY", next_attempt_at__gt=world.at).exists()


def test_a_key_of_another_client_makes_nothing_due(asked: Access, world: World) -> None:
    from tests.systemusers.world import make_client

    retire_keys(world)
    world.send(asked)
    other = make_client(client_id="3f1f0b1c-0000-4000-8000-000000000002")
    key = give_key(other, number=1, status="NEW", at=world.at)
    world.introduce_client(other)

    keys.activate_key(key=key, by=BY, at=world.at)

    assert not world.is_due(asked)


def test_the_first_success_after_an_outage_makes_the_others_due(three: list[Access], world: World) -> None:
    world.fault(kind="status", status=503, path=REQUESTS, times=1, retry_after="600")
    access.send_due(at=world.at)
    waiting = [fresh(row).problem_code for row in three]
    world.let_pass(minutes=1)
    before = [world.is_due(row) for row in three]

    world.send(three[0])

    assert (waiting, before) == (["UNAVAILABLE"] * 3, [False] * 3)
    assert [world.is_due(row) for row in three[1:]] == [True, True]


def test_a_success_makes_nothing_due_that_waits_for_something_else(three: list[Access], world: World) -> None:
    later = world.at + timedelta(minutes=10)
    Access.objects.filter(pk=three[0].pk).update(problem_code="UNAVAILABLE", failures=1)
    Access.objects.filter(pk=three[1].pk).update(problem_code="MP-200", failures=1, next_attempt_at=later)
    Access.objects.filter(pk=three[2].pk).update(next_attempt_at=later)

    access.send_due(at=world.at)

    assert [fresh(row).next_attempt_at for row in three[1:]] == [later, later]


def test_after_three_rounds_without_a_key_the_overview_counts_it_and_its_link_leads_to_it(
    asked: Access, world: World, administrator: User, staff: Any
) -> None:
    retire_keys(world)
    counted = []
    for _round in range(3):
        world.send(asked)
        counted.append(lines(administrator, world).get("status=STUCK", 0))
        world.let_pass(minutes=16)

    page = staff.get("/sandbox/access/?status=STUCK").content.decode()
    assert counted == [0, 0, 1]
    assert f"/sandbox/access/{asked.pk}/" in page


def test_a_waiting_draft_is_recorded_once_and_not_for_each_try(asked: Access, world: World) -> None:
    retire_keys(world)

    for _round in range(4):
        world.send(asked)
        world.let_pass(minutes=16)

    assert fresh(asked).failures == 4
    assert AuditEvent.objects.filter(what="send").count() == 1


def test_a_refused_draft_stops_is_counted_at_once_and_says_who_mends_it(
    asked: Access, world: World, administrator: User, staff: Any
) -> None:
    world.app.state.organisations[CUSTOMER_ORGNR].known = False
    world.send(asked)
    world.let_pass(hours=3)

    calls = len(world.calls("POST", REQUESTS))
    access.send_due(at=world.at)
    page = staff.get(f"/sandbox/access/{asked.pk}/").content.decode()

    assert len(world.calls("POST", REQUESTS)) == calls
    assert lines(administrator, world) == {"status=REFUSED": 1}
    assert "Altinn kjenner ikke organisasjonsnummeret" in page


def test_a_missing_scope_waits_and_does_not_stop(asked: Access, world: World) -> None:
    world.introduce_client(world.client, scopes=[])
    world.let_pass(minutes=5)  # the token of the registration has run out

    row = world.send(asked)

    assert (row.problem_code, world.is_now(row.next_attempt_at - lease.LONGEST_WAIT)) == ("MP-200", True)


def test_a_scope_check_that_finds_the_scope_makes_what_waited_for_it_due(asked: Access, world: World) -> None:
    world.introduce_client(world.client, scopes=[])
    world.let_pass(minutes=5)
    world.send(asked)
    world.introduce_client(world.client)
    before = world.is_due(asked)

    scopes.check_scopes(client=world.client, by=BY, at=world.at)

    assert (before, world.is_due(asked)) == (False, True)


def test_a_person_may_try_a_waiting_draft_at_once(asked: Access, world: World, staff: Any) -> None:
    retire_keys(world)
    world.send(asked)

    page = staff.get(f"/sandbox/access/{asked.pk}/").content.decode()
    access.send_again(access=fresh(asked), by=BY, at=world.at)

    assert f'action="/sandbox/access/{asked.pk}/send/"' in page
    assert (world.is_due(asked), fresh(asked).failures) == (True, 0)


def test_viewing_the_page_does_not_hurry_what_waits_for_a_cause(sent: Access, world: World) -> None:
    world.let_pass(minutes=6)
    world.fault(kind="status", status=429, retry_after="600", path=REQUESTS)
    world.poll(sent)
    world.let_pass(minutes=1)

    access.watch(access=fresh(sent), at=world.at)

    assert not world.is_due(sent)


def test_services_that_keep_disagreeing_are_counted(approved: Access, world: World, administrator: User) -> None:
    world.app.state.systems[approved.profile.system.system_id].client_ids = []

    for _round in range(3):
        world.check(approved)
        world.let_pass(hours=7)

    row = fresh(approved)
    assert (row.status, row.problem_code, row.failures) == (S.UNKNOWN, "SIGNS_DISAGREE", 3)
    assert lines(administrator, world)["status=STUCK"] == 1


def test_an_unknown_access_that_gets_a_token_is_checked_at_once(approved: Access, world: World) -> None:
    system = world.app.state.systems[approved.profile.system.system_id]
    clients, system.client_ids = system.client_ids, []
    unknown = world.check(approved)
    system.client_ids = clients

    tokens.system_user_token(access=unknown, scopes=DIALOGS, at=world.at, fresh=True)
    due = world.is_due(approved)
    access.check_due(at=world.at)

    assert (unknown.status, due, fresh(approved).status) == (S.UNKNOWN, True, S.IN_USE)


def test_a_list_with_too_many_missing_is_counted_and_shown_at_the_system(
    approved: Access, world: World, administrator: User, staff: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(losses, "A_FEW", 0)
    world.remove(approved)
    world.let_pass(minutes=11)

    for _night in range(3):
        access.reconcile_due(at=world.at)
        world.let_pass(hours=1, minutes=1)

    pages = [
        staff.get(url).content.decode()
        for url in ("/sandbox/systems/", f"/sandbox/systems/{approved.profile.system_id}/")
    ]
    assert fresh(approved).missing_since is None
    assert SystemRound.objects.get(kind="RECONCILE").problem_code == "TOO_MANY_MISSING"
    assert AuditEvent.objects.filter(what="reconcile").count() == 1
    assert "Vi får ikke spurt Altinn om systemet" in [
        todo.title for todo in attention(user=administrator, environment=ENVIRONMENT, at=world.at)
    ]
    assert all("Mange tilganger mangler i Altinns liste" in page for page in pages)


@pytest.mark.usefixtures("now")
def test_half_an_hour_of_messages_for_many_due_accesses_costs_one_call_each(three: list[Access], world: World) -> None:
    for _message in range(120):
        tasks.send_accesses()

    assert len(world.calls("POST", REQUESTS)) == len(three)


def has_work(row: Access) -> bool:
    """Whether workers should come back to the row by themselves."""
    if row.status == S.DRAFT:
        return row.problem_code != "HTTP-403"  # a refusal by Altinn: a person must act
    return row.status in {*Access.OPEN, S.UNKNOWN} or (row.status in Access.USABLE and row.missing_since is not None)


FAULTS: list[dict[str, Any]] = [
    {},
    {"kind": "timeout", "times": 9},
    {"kind": "status", "status": 503, "times": 9},
    {"kind": "status", "status": 403, "times": 9},
    {"kind": "status", "status": 408, "times": 9},
    {"kind": "status", "status": 401, "times": 9},
    {"kind": "truncated", "times": 9},
    {"kind": "status", "status": 200, "body": "{}", "times": 9},
    {"service": "maskinporten", "kind": "status", "status": 503, "times": 9},
]


@pytest.mark.parametrize(
    "fault", FAULTS, ids=[f"{f.get('service', '')} {f.get('kind')} {f.get('status', '')}" for f in FAULTS]
)
@pytest.mark.parametrize("with_key", [True, False])
def test_no_row_with_work_to_do_is_left_without_a_next_attempt(
    known_customer: Customer, profile: AccessProfile, world: World, fault: dict[str, Any], with_key: bool
) -> None:
    """A row goes through sending, polling and checking, and each of them meets the fault once."""
    row = access.ask_access(customer=known_customer, profile=profile, by=BY, at=world.at)
    seen = []
    for act in (world.send, world.poll, world.check):
        world.let_pass(minutes=5)  # tokens have run out
        if fault:
            world.fault(**fault)
        if not with_key:
            world.client.keys.update(status="NEW")
        seen.append(act(row))
        world.app.faults.clear()
        world.client.keys.update(status="ACTIVE")
        row = world.send(row) if fresh(row).status == S.DRAFT else fresh(row)
        if act == world.poll:
            world.decide(row, "approve")
            row = world.poll(row)
            tokens.note_missing(access=row, at=world.at, sign="list")

    assert [(one.status, one.problem_code) for one in seen if has_work(one) and one.next_attempt_at is None] == []
    assert all(one.lease_until is None for one in seen)
