"""System users that come back: made again after a removal, listed again, or of another kind than the access of the same reference."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.models import Customer, Vendor
from systemusers.models import Access, FoundSystemUser, System, SystemUser
from systemusers.services import access as accesses
from systemusers.services import adoption, tokens
from tests.systemusers.test_adoption import look, made_elsewhere, take_all, wide
from tests.systemusers.world import AGENT_PACKAGE, BY, DIALOGS, PACKAGE, World, fresh, make_profile

S = Access.Status
__all__ = ["wide"]


@pytest.fixture(autouse=True)
def known_vendor(vendor: Vendor) -> Vendor:
    return vendor


def adopted(world: World, system: System, **more: Any) -> Access:
    """One that was made elsewhere and taken over."""
    made_elsewhere(world, system, 1, **more)
    look(world, system)
    take_all(world, system, adoption.default_profile(system=system, kind="STANDARD", by=BY, at=world.at))
    return Access.objects.get()


def removed(world: World, row: Access) -> Access:
    """The customer took it away, and both signs were seen."""
    world.remove(row)
    world.let_pass(hours=1)
    look(world, row.profile.system)
    world.let_pass(hours=2)
    row = world.check(row)
    assert row.status == S.REMOVED
    return row


def test_one_that_was_taken_over_and_removed_can_be_taken_over_again(world: World, wide: System) -> None:
    row = removed(world, adopted(world, wide, references="number"))
    made = {"system_id": wide.system_id, "orgnr": row.customer.orgnr, "external_ref": row.external_ref}
    world.control("/control/system-users", made)
    made_elsewhere(world, wide, 3, references="guid", seed=7)
    look(world, wide)

    take_all(world, wide, row.profile)

    assert not FoundSystemUser.objects.filter(access=None, gone_at=None).exists()
    assert Access.objects.count() == 4
    assert fresh(row).status == S.APPROVED
    assert tokens.system_user_token(access=fresh(row), scopes=DIALOGS, at=world.at)


def test_one_that_is_listed_again_after_its_access_ended_waits_for_a_person(world: World, wide: System) -> None:
    row = adopted(world, wide)
    user = world.app.state.system_users[str(row.altinn_id)]
    row = removed(world, row)
    user.deleted = False
    world.let_pass(hours=1)
    look(world, wide)

    assert FoundSystemUser.objects.waiting().count() == 1
    take_all(world, wide, row.profile)
    assert fresh(row).status == S.APPROVED
    assert SystemUser.objects.get().removed_at is None


def test_a_standard_one_does_not_become_an_ended_access_for_clients(
    world: World, wide: System, known_customer: Customer
) -> None:
    agent = make_profile(wide, name="Klienter", kind="AGENT", rights=[], packages=[AGENT_PACKAGE])
    row = world.send(accesses.ask_access(customer=known_customer, profile=agent, by=BY, at=world.at))
    world.decide(row, "reject")
    row = world.poll(row)
    assert row.status == S.REJECTED
    made = {"system_id": wide.system_id, "orgnr": known_customer.orgnr, "external_ref": row.external_ref}
    world.control("/control/system-users", made)
    look(world, wide)

    take_all(world, wide, make_profile(wide))

    assert fresh(row).status == S.REJECTED
    found = FoundSystemUser.objects.get()
    assert found.access is not None
    assert (found.access.profile.kind, found.access.status) == ("STANDARD", S.APPROVED)


def test_one_made_twice_between_two_looks_is_one_access_with_the_newer(world: World, wide: System) -> None:
    made_elsewhere(world, wide, 2, references="number")
    look(world, wide)
    older = FoundSystemUser.objects.order_by("pk")[0]
    profile = adoption.default_profile(system=wide, kind="STANDARD", by=BY, at=world.at)
    world.let_pass(minutes=1)
    newer = FoundSystemUser.objects.create(
        system=wide, altinn_id="7d1b0f6e-0000-4000-8000-000000000001", orgnr=older.orgnr, external_ref=older.external_ref,
        kind="STANDARD", found_at=world.at,
    )  # fmt: skip

    adoption.take_over(rows=FoundSystemUser.objects.all(), profile=profile, by=BY, at=world.at)
    adoption.take_over_due(at=world.at)

    taken = fresh(newer).access
    assert taken is not None
    assert taken.altinn_id == str(newer.altinn_id)
    assert fresh(older).access is None
    assert Access.objects.count() == 2


def test_the_newer_stays_whoever_chose_the_older_and_whenever(world: World, wide: System) -> None:
    row = adopted(world, wide)
    adoption.check_rights_due(at=world.at)
    older = FoundSystemUser.objects.get()
    world.let_pass(minutes=1)
    newer = FoundSystemUser.objects.create(
        system=wide, altinn_id="7d1b0f6e-0000-4000-8000-000000000001", orgnr=older.orgnr, external_ref=older.external_ref,
        kind="STANDARD", found_at=world.at,
    )  # fmt: skip
    known_before = fresh(row).rights_known_at

    take_all(world, wide, row.profile)
    FoundSystemUser.objects.filter(pk=older.pk).update(gone_at=None, chosen_at=None)
    adoption.take_over(rows=FoundSystemUser.objects.all(), profile=row.profile, by="user:b", at=world.at)
    adoption.take_over_due(at=world.at)

    assert (known_before is not None, fresh(row).has_unknown_rights) == (True, True)
    assert fresh(row).altinn_id == str(newer.altinn_id)
    assert str(SystemUser.objects.get().altinn_id) == str(newer.altinn_id)
    assert fresh(older).access is None


def test_one_that_is_taken_away_during_the_look_up_of_names_becomes_no_access(world: World, wide: System) -> None:
    made_elsewhere(world, wide, 2)
    look(world, wide)
    lost, kept = FoundSystemUser.objects.order_by("pk")
    profile = adoption.default_profile(system=wide, kind="STANDARD", by=BY, at=world.at)
    adoption.take_over(rows=FoundSystemUser.objects.all(), profile=profile, by=BY, at=world.at)
    world.let_pass(minutes=1)

    def another_worker_looks() -> None:
        if not world.app.state.system_users[str(lost.altinn_id)].deleted:
            world.app.state.system_users[str(lost.altinn_id)].deleted = True
            look(world, wide)

    world.transport.watch = another_worker_looks
    adoption.take_over_due(at=world.at)

    assert [row.access is not None for row in (fresh(lost), fresh(kept))] == [False, True]
    assert Access.objects.get().altinn_id == str(kept.altinn_id)


def customer_with_an_agent(world: World, system: System) -> Customer:
    """Made elsewhere, with the organisation number as its reference."""
    made_elsewhere(world, system, 1, kind="agent", references="orgnr")
    [user] = world.app.state.system_users.values()
    return world.new_customer(user.orgnr, "Rask Blå Elg AS")


def test_a_question_does_not_become_the_system_user_of_another_kind(world: World, wide: System) -> None:
    customer = customer_with_an_agent(world, wide)

    row = world.send(accesses.ask_access(customer=customer, profile=make_profile(wide), by=BY, at=world.at))
    row = world.send(row)

    assert row.status == S.SENT
    assert row.external_ref != customer.orgnr
    world.decide(row, "approve")
    assert world.poll(row).system_user.kind == "STANDARD"


def test_a_question_leaves_the_reference_of_a_found_one_alone(world: World, wide: System) -> None:
    customer = customer_with_an_agent(world, wide)
    look(world, wide)

    row = accesses.ask_access(customer=customer, profile=make_profile(wide), by=BY, at=world.at)

    assert row.external_ref != customer.orgnr


@pytest.mark.parametrize("seen_by", ["list", "check"])
def test_one_that_the_customer_made_anew_has_the_rights_that_altinn_tells(
    world: World, wide: System, known_customer: Customer, seen_by: str
) -> None:
    row = world.new_access(known_customer, make_profile(wide))
    world.remove(row)
    made = {"system_id": wide.system_id, "orgnr": known_customer.orgnr, "external_ref": row.external_ref}
    new = world.control("/control/system-users", made)["id"]
    world.let_pass(hours=1)

    if seen_by == "list":
        look(world, wide)
    else:
        row = world.check(row)
    unknown = fresh(row)
    world.let_pass(seconds=5)
    adoption.check_rights_due(at=world.at)

    assert (unknown.has_unknown_rights, unknown.rights, unknown.altinn_id) == (True, [], new)
    assert PACKAGE in fresh(row).packages
    assert not fresh(row).has_unknown_rights


REFERENCES = [
    "x" * 500,
    "  med mellomrom ",
    "æøå/ä?&#%",
    "kunde-42|1",
    "a\u200bb",
    "9e1c0f60-0000-4000-8000-000000000001",
]


@pytest.mark.parametrize("reference", REFERENCES)
def test_a_reference_of_any_form_is_kept_and_gets_a_token(world: World, wide: System, reference: str) -> None:
    row = adopted(world, wide)
    made = {"system_id": wide.system_id, "orgnr": row.customer.orgnr, "external_ref": reference}
    world.control("/control/system-users", made)
    look(world, wide)

    take_all(world, wide, row.profile)

    other = Access.objects.exclude(pk=row.pk).get()
    assert other.external_ref == reference
    assert tokens.system_user_token(access=other, scopes=DIALOGS, at=world.at)


@pytest.mark.parametrize("fields", [{"external_ref": "x" * 501}, {"kind": "guest"}])
def test_one_that_cannot_be_stored_does_not_stop_the_night(
    world: World, wide: System, known_customer: Customer, fields: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    row = world.new_access(known_customer, make_profile(wide))
    made_elsewhere(world, wide, 2)
    odd = next(user for user in world.app.state.system_users.values() if user.orgnr != known_customer.orgnr)
    for name, value in fields.items():
        setattr(odd, name, value)
    world.let_pass(minutes=11)

    look(world, wide)

    assert FoundSystemUser.objects.waiting().count() == 1
    assert SystemUser.objects.get(access=row).seen_at == world.at
    assert "cannot be stored" in caplog.text
