"""Accesses that are to be changed: what lacks is marked, the customer is asked, and the answer is written with the rights."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from accounts.models import Customer, User, Vendor
from portal.core.environments import Environment
from portal.desk.attention import attention
from systemusers.models import Access, AccessProfile, ChangeRequest, System
from systemusers.services import access as accesses
from systemusers.services import changes, keys
from systemusers.services.access import NotPossible
from systemusers.services.system_register import save_profile
from tests.systemusers.staff import page
from tests.systemusers.test_waiting import new_key, retire_keys
from tests.systemusers.world import AGENT_PACKAGE, BY, PACKAGE, RESOURCE, World, fresh, make_profile

S, C = Access.Status, ChangeRequest.Status
NUMBERS = ["312000008", "312001373", "312002744", "312004119", "312005484", "312006855", "312009595", "312010968"]


@pytest.fixture(autouse=True)
def known_vendor(vendor: Vendor) -> Vendor:
    return vendor


@pytest.fixture
def profile(system: System) -> AccessProfile:
    return make_profile(system)


@pytest.fixture
def used(world: World, known_customer: Customer, profile: AccessProfile) -> Access:
    return world.new_access(known_customer, profile)


def widen(profile: AccessProfile, world: World, **fields: Any) -> None:
    for name, value in {"packages": [PACKAGE], **fields}.items():
        setattr(profile, name, value)
    save_profile(profile=profile, by=BY, at=world.at)
    while changes.mark_due(at=world.at):
        pass


def sent(row: Access, world: World, **more: Any) -> ChangeRequest:
    change = changes.ask_change(access=fresh(row), by=BY, at=world.at, **more)
    changes.send_due(at=world.at)
    return fresh(change)


def answered(change: ChangeRequest, act: str, world: World) -> ChangeRequest:
    world.control(f"/control/change-requests/{change.correlation_id}/{act}")
    world.let_pass(minutes=6)
    changes.poll_due(at=world.at)
    return fresh(change)


def test_a_new_key_in_use_lets_the_changes_go_that_waited_for_one(
    world: World, used: Access, profile: AccessProfile
) -> None:
    widen(profile, world)
    retire_keys(world)
    waiting = sent(used, world)

    keys.activate_key(key=new_key(world), by=BY, at=world.at)
    changes.send_due(at=world.at)

    assert (waiting.status, waiting.problem_code) == (C.DRAFT, "NO_KEY")
    assert fresh(waiting).status == C.SENT


def test_a_wider_profile_marks_the_accesses_that_lack_something(
    world: World, used: Access, profile: AccessProfile
) -> None:
    widen(profile, world)
    marked = fresh(used).status
    widen(profile, world, packages=[])

    assert marked == S.NEEDS_UPDATE
    assert fresh(used).status == S.IN_USE
    assert fresh(profile).to_mark_at is None


def test_an_approved_change_gives_the_rights_and_ends_the_mark(
    world: World, used: Access, profile: AccessProfile
) -> None:
    widen(profile, world)

    change = sent(used, world)
    change = answered(change, "approve", world)

    row = fresh(used)
    assert change.status == C.APPROVED
    assert (row.status, row.rights, row.packages) == (S.IN_USE, [RESOURCE], [PACKAGE])
    assert world.app.state.system_users[row.altinn_id].packages == [PACKAGE]


@pytest.mark.parametrize(("act", "status"), [("reject", C.REJECTED), ("age", C.EXPIRED)])
def test_one_that_is_not_approved_leaves_the_access_as_it_was(
    world: World, used: Access, profile: AccessProfile, act: str, status: str
) -> None:
    widen(profile, world)
    change = sent(used, world)
    body = {"days": 181} if act == "age" else {}
    world.control(f"/control/change-requests/{change.correlation_id}/{act}", body)
    world.let_pass(minutes=6)

    changes.poll_due(at=world.at)

    row = fresh(used)
    assert fresh(change).status == status
    assert (row.status, row.packages) == (S.NEEDS_UPDATE, [])
    assert sent(used, world).status == C.SENT  # it can be asked again


def test_a_lost_answer_makes_one_question_in_altinn(world: World, used: Access, profile: AccessProfile) -> None:
    widen(profile, world)
    world.fault(path="/authentication/api/v1/systemuser/changerequest", kind="lost", times=1)
    change = sent(used, world)
    world.let_pass(minutes=1)
    changes.send_due(at=world.at)

    assert fresh(change).status == C.SENT
    assert list(world.app.state.change_requests) == [str(change.correlation_id)]


def test_what_the_customer_has_by_now_needs_no_answer(world: World, used: Access, profile: AccessProfile) -> None:
    widen(profile, world)
    change = changes.ask_change(access=fresh(used), by=BY, at=world.at)
    ChangeRequest.objects.update(
        required_packages=[]
    )  # as when the profile was narrowed and nothing is left to ask for
    changes.send_due(at=world.at)

    assert fresh(change).status == C.NOT_NEEDED
    assert not world.app.state.change_requests


def test_a_question_that_altinn_refuses_stops_and_is_counted(
    world: World, used: Access, profile: AccessProfile, administrator: User, staff: Client
) -> None:
    widen(profile, world)
    world.app.state.systems[used.profile.system.system_id].packages = []

    change = sent(used, world)

    assert (change.status, change.problem_code, change.next_attempt_at) == (C.DRAFT, "AUTH-00063", None)
    assert ChangeRequest.objects.needing_a_person().get() == change
    lines = attention(user=administrator, environment=Environment.SANDBOX, at=world.at)
    assert ("/sandbox/access/?status=CHANGE", 1) in [(line.url, line.count) for line in lines]
    assert f"/sandbox/access/{used.pk}/" in page(staff, "access/?status=CHANGE")


def test_one_access_is_asked_once_at_a_time(world: World, used: Access, profile: AccessProfile) -> None:
    widen(profile, world)
    change = sent(used, world)

    with pytest.raises(changes.AlreadyAsked) as refusal:
        changes.ask_change(access=fresh(used), by=BY, at=world.at)

    assert refusal.value.change == change


def test_rights_are_given_back_when_it_is_asked_for(world: World, used: Access, profile: AccessProfile) -> None:
    widen(profile, world, rights=[], packages=[PACKAGE])

    change = sent(used, world, with_unwanted=True)
    answered(change, "approve", world)

    row = fresh(used)
    assert change.unwanted_rights == [RESOURCE]
    assert (row.rights, row.packages) == ([], [PACKAGE])
    assert world.app.state.system_users[row.altinn_id].rights == []


def test_a_withdrawn_question_is_gone_in_altinn_too(world: World, used: Access, profile: AccessProfile) -> None:
    widen(profile, world)
    change = sent(used, world)

    changes.withdraw(change=change, by=BY, at=world.at)

    assert fresh(change).status == C.WITHDRAWN
    assert not world.app.state.change_requests


def test_an_answer_that_came_first_wins_over_a_withdrawal(world: World, used: Access, profile: AccessProfile) -> None:
    widen(profile, world)
    change = sent(used, world)
    world.control(f"/control/change-requests/{change.correlation_id}/approve")

    with pytest.raises(changes.AlreadyAnswered):
        changes.withdraw(change=change, by=BY, at=world.at)

    assert fresh(change).status == C.APPROVED
    assert fresh(used).packages == [PACKAGE]


def test_a_removed_access_takes_its_question_along(world: World, used: Access, profile: AccessProfile) -> None:
    widen(profile, world)
    change = sent(used, world)
    row = fresh(used)
    row.move_to(S.UNKNOWN, by=BY, at=world.at, next_attempt_at=world.at)
    row.move_to(S.REMOVED, by=BY, at=world.at, next_attempt_at=None)
    world.let_pass(minutes=6)

    changes.poll_due(at=world.at)

    assert fresh(change).status == C.WITHDRAWN


def test_an_agent_access_gets_a_new_one_beside_it(world: World, known_customer: Customer) -> None:
    system = world.new_system(world.client, packages=[PACKAGE, AGENT_PACKAGE])
    profile = make_profile(system, kind="AGENT", rights=[], packages=[AGENT_PACKAGE])
    old = world.new_access(known_customer, profile)

    with pytest.raises(NotPossible):
        changes.ask_change(access=old, by=BY, at=world.at)
    new = accesses.ask_beside(access=old, by=BY, at=world.at)
    with pytest.raises(accesses.AlreadyRequested):
        accesses.ask_beside(access=old, by=BY, at=world.at)
    row = world.send_access(new)
    world.decide(row, "approve")
    row = world.poll(row)

    assert (row.status, row.replaces, row.external_ref != old.external_ref) == (S.APPROVED, old, True)
    assert fresh(old).status == S.IN_USE


def test_many_changes_end_in_the_right_state(world: World, profile: AccessProfile) -> None:
    rows = [world.new_access(world.new_customer(orgnr, f"Kunde {orgnr}"), profile) for orgnr in NUMBERS]
    widen(profile, world)
    asked, reasons = changes.ask_all(rows=changes.affected(profile), by=BY, at=world.at)
    while changes.send_due(at=world.at):
        pass
    for number, row in enumerate(rows):
        change = row.changes.get()
        if act := ["approve", "", "approve", "reject"][number % 4]:
            world.control(f"/control/change-requests/{change.correlation_id}/{act}")
    world.let_pass(minutes=6)
    while changes.poll_due(at=world.at):
        pass

    states = {row.pk: fresh(row).status for row in rows}
    expected = [S.IN_USE, S.NEEDS_UPDATE, S.IN_USE, S.NEEDS_UPDATE]
    assert (asked, reasons) == (len(rows), [])
    assert list(states.values()) == [expected[number % 4] for number in range(len(rows))]
    assert not changes.affected(profile).filter(pk__in=[row.pk for row in rows[1::4]]).exists()
