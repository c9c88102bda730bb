"""An access that goes away: a first sign, an hour, and the word of both Altinn and Maskinporten."""

from __future__ import annotations

import pytest

from systemusers.models import Access, System, SystemRound, SystemUser
from systemusers.services import access, losses, tokens
from systemusers.services.system_register import compare_system, save_system
from tests.systemusers.world import BY, DIALOGS, World, fresh

S = Access.Status


def check(row: Access, world: World) -> Access:
    return world.check(row)


def reconcile(row: Access, world: World) -> int:
    world.let_pass(minutes=11)
    return access.reconcile_system(system=row.profile.system, at=world.at)


def test_a_missing_row_in_the_list_is_a_first_sign_only(approved: Access, world: World) -> None:
    world.remove(approved)

    marked = reconcile(approved, world)

    row = fresh(approved)
    assert (marked, row.status, row.missing_since) == (1, S.APPROVED, world.at)
    assert (row.next_attempt_at, world.is_due(row)) == (world.at + tokens.PATIENCE, False)


def test_what_is_listed_is_stamped(approved: Access, world: World) -> None:
    marked = reconcile(approved, world)

    assert (marked, SystemUser.objects.get(access=approved).seen_at) == (0, world.at)


def test_an_hour_later_both_say_gone_and_it_is_removed(approved: Access, world: World) -> None:
    world.remove(approved)
    reconcile(approved, world)
    world.let_pass(hours=1)

    due = world.is_due(approved)
    row = check(approved, world)

    assert (due, row.status, row.next_attempt_at) == (True, S.REMOVED, None)
    assert world.is_now(SystemUser.objects.get(access=approved).removed_at)


def test_before_the_hour_nothing_is_decided(approved: Access, world: World) -> None:
    world.remove(approved)
    reconcile(approved, world)
    world.let_pass(minutes=59)

    row = check(approved, world)

    assert row.status == S.APPROVED
    assert row.missing_since < world.at
    assert row.next_attempt_at == row.missing_since + tokens.PATIENCE


def test_a_refused_token_is_a_first_sign_too(approved: Access, world: World) -> None:
    world.remove(approved)

    with pytest.raises(tokens.AccessMissing):
        tokens.system_user_token(access=approved, scopes=DIALOGS, at=world.at)

    assert (fresh(approved).status, fresh(approved).missing_since) == (S.APPROVED, world.at)


def test_a_false_alarm_passes_by_itself(approved: Access, world: World) -> None:
    tokens.note_missing(access=approved, at=world.at, sign="list")
    world.let_pass(hours=2)

    row = check(approved, world)

    assert (row.status, row.missing_since) == (S.APPROVED, None)


def test_when_they_disagree_it_is_unknown_and_comes_back_when_mended(approved: Access, world: World) -> None:
    system = world.app.state.systems[approved.profile.system.system_id]
    clients, system.client_ids = system.client_ids, []
    doubtful = check(approved, world)
    world.let_pass(hours=2)
    again = world.is_due(approved)
    system.client_ids = clients
    world.let_pass(hours=5)

    restored = check(approved, world)

    assert (doubtful.status, doubtful.problem_code, again) == (S.UNKNOWN, "SIGNS_DISAGREE", False)
    assert (restored.status, restored.problem_code, restored.missing_since) == (S.APPROVED, "", None)


def test_when_one_of_them_is_away_nothing_is_decided(approved: Access, world: World) -> None:
    world.remove(approved)
    reconcile(approved, world)
    world.let_pass(hours=2)
    world.fault(kind="status", path="/platform/authentication/api/v1/systemuser/vendor/byquery")

    row = check(approved, world)

    assert (row.status, row.lease_until, row.problem_code) == (S.APPROVED, None, "UNAVAILABLE")
    assert row.next_attempt_at > world.at


def test_a_vanished_access_ends_as_removed_after_the_hour(sent: Access, world: World) -> None:
    world.decide(sent, "approve")
    world.remove(sent)
    unknown = world.poll(sent)
    world.let_pass(hours=1, minutes=1)

    row = check(sent, world)

    assert (unknown.status, row.status) == (S.UNKNOWN, S.REMOVED)


def test_an_empty_list_is_rather_a_fault_than_everybodys_wish(
    approved: Access, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(losses, "A_FEW", 0)
    world.remove(approved)

    with pytest.raises(access.TooManyMissing):
        reconcile(approved, world)

    assert fresh(approved).missing_since is None


def test_only_registered_systems_with_accesses_are_reconciled(approved: Access, world: World) -> None:
    taken = access.reconcile_due(at=world.at)
    asked = len(world.calls("GET", "/bysystem/"))
    SystemRound.objects.update(next_attempt_at=world.at)
    System.objects.update(status=System.Status.DELETED)

    assert (taken, asked, access.reconcile_due(at=world.at)) == (1, 1, 0)


def test_a_customer_who_gives_access_again_is_back_on_the_same_row(approved: Access, world: World) -> None:
    world.remove(approved)
    reconcile(approved, world)
    world.let_pass(hours=1)
    removed = check(approved, world)

    access.renew_access(access=removed, by="customer:link", at=world.at)
    again = world.send(removed)
    world.decide(again, "approve")
    row = world.poll(again)

    user = SystemUser.objects.get(access=row)
    assert (row.status, str(user.altinn_id), user.removed_at, user.first_token_at) == (
        S.APPROVED,
        row.altinn_id,
        None,
        None,
    )


def test_a_signing_client_that_altinn_does_not_have_says_nothing_about_the_customers(
    approved: Access, world: World
) -> None:
    system = approved.profile.system
    system.client = world.new_client(client_id="3f1f0b1c-0000-4000-8000-000000000009")
    save_system(system=system, by=BY, at=world.at)
    row = Access.objects.loaded().get(pk=approved.pk)

    with pytest.raises(tokens.AccessMissing):
        tokens.system_user_token(access=row, scopes=DIALOGS, at=world.at)
    after_token = fresh(row)
    world.let_pass(hours=2)
    after_check = world.check(row)

    assert (after_token.status, after_token.missing_since) == (S.APPROVED, None)
    assert (after_check.status, after_check.missing_since) == (S.APPROVED, None)


def test_a_client_that_somebody_took_off_the_system_says_nothing_once_that_is_known(
    approved: Access, world: World
) -> None:
    system = approved.profile.system
    world.app.state.systems[system.system_id].client_ids[:] = ["3f1f0b1c-0000-4000-8000-00000000000a"]
    compare_system(system=system, by=BY, at=world.at)
    row = Access.objects.loaded().get(pk=approved.pk)

    with pytest.raises(tokens.AccessMissing):
        tokens.system_user_token(access=row, scopes=DIALOGS, at=world.at)

    assert fresh(row).missing_since is None
