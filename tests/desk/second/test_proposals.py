"""A proposal by itself: who may answer it, how it ends, and where it is seen."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from accounts.models import Proposal, Role, User
from accounts.services import proposals
from accounts.services.staff import save_user
from portal.core import two_persons
from portal.core.audit import AuditEvent
from portal.core.env import BadSetting, Env
from portal.core.environments import Environment
from portal.core.states import LostRace
from portal.desk.attention import attention
from portal.desk.people.leaving import leave
from systemusers.models import SigningKey
from tests.fixtures import AT, make_user
from tests.systemusers.staff import page, post
from tests.systemusers.world import World, fresh

Kind, Status = Proposal.Kind, Proposal.Status
HERE = Environment.SANDBOX


def make(user: User, *, ground: str = "g", at: Any = AT) -> Proposal:
    key = SigningKey.objects.get()
    shown = proposals.Shown("Ta nøkkelen ut av bruk", ["Alt stopper."])
    return proposals.propose(
        kind=Kind.KEY_RETIRED, environment="SANDBOX", target=key, about=key.kid, params={}, ground=ground, shown=shown,
        by=user.actor, at=at,
    )  # fmt: skip


def test_whoever_proposed_it_cannot_approve_it_also_under_another_address(world: World, administrator: User) -> None:
    row = make(administrator)
    administrator.email = "ida.ny@vendor.example"
    save_user(user=administrator, by="user:x@vendor.example", at=AT)

    with pytest.raises(proposals.NotSecondPerson):
        proposals.approve(proposal=row, user=User.objects.get(pk=administrator.pk), ground="g", at=AT)


def test_who_may_not_do_it_may_not_approve_it(world: World, administrator: User, case_worker: User) -> None:
    row = make(administrator)

    assert not proposals.may_answer(row, case_worker, at=AT)
    assert not proposals.seen_by(user=case_worker, environment=HERE).exists()
    with pytest.raises(proposals.NotSecondPerson):
        proposals.refuse(proposal=row, user=case_worker, reason="nei", at=AT)


def test_the_database_refuses_one_person_for_both(world: World, administrator: User) -> None:
    from django.db import IntegrityError, transaction

    row = make(administrator)

    with pytest.raises(IntegrityError), transaction.atomic():
        Proposal.objects.filter(pk=row.pk).update(answered_by=administrator.actor)


def test_the_same_act_stands_once(world: World, administrator: User, second: User) -> None:
    row = make(administrator)

    with pytest.raises(proposals.AlreadyProposed) as caught:
        make(second)

    assert caught.value.pk == row.pk


def test_another_ground_falls_away(world: World, administrator: User, second: User) -> None:
    row = make(administrator)

    with pytest.raises(proposals.HasChanged):
        proposals.approve(proposal=row, user=second, ground="another", at=AT)

    assert fresh(row).status == Status.VOID


def test_what_somebody_proposed_who_has_left_falls_away(world: World, administrator: User, second: User) -> None:
    row = make(administrator)
    leave(user=administrator, heir=None, by=second.actor, at=AT)

    with pytest.raises(proposals.HasChanged):
        proposals.approve(proposal=row, user=second, ground="g", at=AT)

    assert fresh(row).status == Status.VOID


def test_what_nobody_answers_ends(world: World, administrator: User, second: User, settings: Any) -> None:
    row = make(administrator)
    late = AT + timedelta(days=settings.TWO_PERSONS_DAYS)

    with pytest.raises(LostRace):
        proposals.approve(proposal=row, user=second, ground="g", at=late)
    before = proposals.end_old(at=late - timedelta(seconds=1))
    ended = proposals.end_old(at=late)

    assert (before, ended, fresh(row).status) == (0, 1, Status.EXPIRED)
    assert AuditEvent.objects.filter(what="OPEN->EXPIRED").exists()


def test_what_a_process_left_in_the_middle_waits_again(world: World, administrator: User, second: User) -> None:
    row = make(administrator)
    proposals.approve(proposal=row, user=second, ground="g", at=AT)

    proposals.end_old(at=AT + timedelta(minutes=1))
    at_once = fresh(row).status
    proposals.end_old(at=AT + proposals.HANGS)

    assert (at_once, fresh(row).status, fresh(row).answered_by) == (Status.APPROVED, Status.OPEN, "")


def test_a_refusal_has_a_reason_that_is_no_part_of_the_trail(
    staff: Client, colleague: Client, administrator: User, world: World
) -> None:
    row = make(administrator, at=world.at)

    empty = post(colleague, f"proposals/{row.pk}/refuse/", {"reason": "  "})
    text = post(colleague, f"proposals/{row.pk}/refuse/", {"reason": "Vent til mandag"})

    assert "Skriv hvorfor" in empty
    assert (fresh(row).status, "Vent til mandag" in text) == (Status.REFUSED, True)
    assert not AuditEvent.objects.filter(detail__icontains="mandag").exists()
    with connection.cursor() as cursor:
        cursor.execute("SELECT reason FROM accounts_proposal")
        assert b"mandag" not in bytes(cursor.fetchone()[0])


def test_whoever_proposed_it_takes_it_back(staff: Client, administrator: User, second: User, world: World) -> None:
    row = make(administrator, at=world.at)

    with pytest.raises(LostRace):
        proposals.withdraw(proposal=row, user=second, at=world.at)
    text = post(staff, f"proposals/{row.pk}/withdraw/")

    assert ("Forslaget er trukket" in text, fresh(row).status) == (True, Status.WITHDRAWN)


def test_it_is_on_the_overview_of_whoever_may_answer(
    administrator: User, second: User, case_worker: User, vendor: Any, world: World
) -> None:
    make(administrator, at=world.at)

    lines = {
        user: [line.count for line in attention(user=user, environment=HERE, at=world.at) if line.key == "proposals"]
        for user in (administrator, second, case_worker)
    }

    assert lines == {administrator: [], second: [1], case_worker: []}


def test_the_list_has_what_waits_for_me_and_what_waits_for_others(
    staff: Client, colleague: Client, administrator: User, world: World
) -> None:
    row = make(administrator, at=world.at)

    mine, theirs = (client.get("/sandbox/proposals/").context for client in (colleague, staff))

    assert [each.proposal for each in mine["mine"]] == [row]
    assert [each.proposal for each in theirs["standing"]] == [row]
    assert theirs["mine"] == []


def test_a_row_of_which_something_waits_says_so(staff: Client, administrator: User, world: World) -> None:
    make(administrator, at=world.at)

    assert "Venter på en annen" in page(staff, "settings/")


def test_one_of_another_environment_is_not_here(colleague: Client, administrator: User, world: World) -> None:
    row = make(administrator, at=world.at)
    Proposal.objects.update(environment="TEST")

    assert colleague.get(f"/sandbox/proposals/{row.pk}/").status_code == 404
    assert colleague.post(f"/sandbox/proposals/{row.pk}/refuse/", {"reason": "x"}).status_code == 404


def test_a_reader_sees_none(client: Client, reader: User, administrator: User, world: World, vendor: Any) -> None:
    row = make(administrator, at=world.at)
    client.force_login(reader)

    assert client.get(f"/sandbox/proposals/{row.pk}/").status_code == 404
    assert client.get("/sandbox/proposals/").status_code == 200


def test_without_a_colleague_the_page_says_that_nobody_can_approve(staff: Client, world: World) -> None:
    key = SigningKey.objects.get()

    assert "ingen andre hos dere kan godkjenne" in page(staff, f"settings/keys/{key.pk}/retire/")


@pytest.mark.django_db(transaction=True)
def test_of_two_who_approve_at_once_one_does_it(world: World, administrator: User, second: User) -> None:
    third = make_user(Role.ADMINISTRATOR, "third@vendor.example")
    row, told = make(administrator), []

    def approve(user: User) -> None:
        try:
            proposals.approve(proposal=Proposal.objects.get(pk=row.pk), user=user, ground="g", at=AT)
            told.append("done")
        except (LostRace, proposals.NotSecondPerson, Exception) as error:
            told.append(type(error).__name__)
        finally:
            connection.close()

    threads = [threading.Thread(target=approve, args=(user,)) for user in (second, third)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert told.count("done") == 1
    assert AuditEvent.objects.filter(what="OPEN->APPROVED").count() == 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", {}), ("keys@production", {"keys": {"PRODUCTION"}}), ("roles", {"roles": set(two_persons.EVERYWHERE)}),
        ("keys@test, keys@production", {"keys": {"TEST", "PRODUCTION"}}),
    ],
)  # fmt: skip
def test_the_setting_names_acts_and_environments(text: str, expected: dict[str, set[str]]) -> None:
    assert two_persons.read(Env({"TWO_PERSONS": text})) == expected


@pytest.mark.parametrize("text", ["key", "keys@prod", "roles@test", "keys@", "@test"])
def test_a_setting_that_means_nothing_stops_the_start(text: str) -> None:
    with pytest.raises(BadSetting, match="TWO_PERSONS"):
        two_persons.read(Env({"TWO_PERSONS": text}))
