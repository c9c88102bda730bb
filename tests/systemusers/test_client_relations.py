"""The clients of an accountant: read from Altinn, lost only after two signs, and taken in as customers."""

from __future__ import annotations

from datetime import timedelta

import pytest

from accounts.models import Customer, Portfolio
from portal.core import lease
from portal.core.audit import AuditEvent
from portal.core.lease import Hold
from systemusers.models import Access, ClientRelation, ClientRound, ScopeGrant, System
from systemusers.services import client_relations
from systemusers.services.authorised_parties import SOON
from systemusers.services.client_relations.listing import client_row
from systemusers.services.scopes import check_scopes
from tests.systemusers.accountants import (
    ACCOUNTANT,
    PARTIES,
    SALARY,
    accountant,
    accountant_of,
    attach,
    detach,
    refresh,
    some,
    take_in,
    wide,
)
from tests.systemusers.world import BY, World, fresh
from tests.world import AGENT_PACKAGE, RESOURCE

__all__ = ["accountant", "wide"]
AUTHORISED = "/accessmanagement/api/v1/enduser/authorizedparties"


def names(access: Access) -> set[str]:
    return set(ClientRelation.objects.filter(access=access).present().values_list("orgnr", flat=True))


def asked(world: World) -> int:
    return sum(request.url.path.endswith(AUTHORISED) for request in world.transport.requests)


def test_three_hundred_clients_are_read_in_one_call(world: World, accountant: Access) -> None:
    numbers = some(300)
    attach(world, accountant, numbers)

    refresh(world, accountant)

    row = ClientRelation.objects.get(orgnr=numbers[0])
    assert names(accountant) == set(numbers)
    assert (row.packages, row.lacks([AGENT_PACKAGE])) == (sorted([AGENT_PACKAGE, SALARY]), [])
    assert RESOURCE in row.resources
    assert world.is_now(row.seen_at)
    assert row.customer is None
    assert asked(world) == 1
    assert fresh(accountant.client_round).clients == 300


def test_a_second_reading_changes_nothing(world: World, accountant: Access) -> None:
    attach(world, accountant, some(3))
    refresh(world, accountant)
    world.let_pass(hours=2)
    refresh(world, accountant)

    first = ClientRelation.objects.order_by("pk").first()
    assert ClientRelation.objects.count() == 3
    assert first is not None
    assert first.seen_at is not None
    assert world.is_now(first.seen_at)
    assert world.is_now(first.first_seen_at + timedelta(hours=2))
    assert AuditEvent.objects.filter(what="clients-changed").count() == 1


def test_a_client_without_one_package_is_told_apart(world: World, accountant: Access) -> None:
    whole, half = some(2)
    attach(world, accountant, [whole])
    attach(world, accountant, [half], packages=[SALARY])

    refresh(world, accountant)

    lacking = {row.orgnr: row.lacks(accountant.packages) for row in ClientRelation.objects.all()}
    assert lacking == {whole: [], half: [AGENT_PACKAGE]}
    assert RESOURCE not in ClientRelation.objects.get(orgnr=half).resources


def test_a_client_is_gone_only_after_two_signs(world: World, accountant: Access) -> None:
    kept, gone = some(2)
    attach(world, accountant, [kept, gone])
    refresh(world, accountant)
    detach(world, accountant, [gone])

    refresh(world, accountant)
    after_one = names(accountant)
    due = fresh(accountant.client_round).next_attempt_at
    world.let_pass(minutes=30)
    refresh(world, accountant)
    too_soon = names(accountant)
    world.let_pass(minutes=31)
    refresh(world, accountant)

    assert after_one == too_soon == {kept, gone}
    assert due is not None
    assert world.is_now(due + timedelta(minutes=1))
    assert names(accountant) == {kept}
    assert world.is_now(ClientRelation.objects.get(orgnr=gone).gone_at)


def test_one_that_comes_back_is_whole_again(world: World, accountant: Access) -> None:
    (client,) = some(1)
    attach(world, accountant, [client])
    refresh(world, accountant)
    detach(world, accountant, [client])
    for _ in range(2):
        refresh(world, accountant)
        world.let_pass(hours=25)

    attach(world, accountant, [client])
    refresh(world, accountant)

    row = ClientRelation.objects.get()
    assert (row.gone_at, row.missing_since) == (None, None)
    assert world.is_now(row.first_seen_at)


def test_when_most_are_missing_at_once_a_day_passes_before_the_second_sign(world: World, accountant: Access) -> None:
    attach(world, accountant, some(20))
    refresh(world, accountant)
    detach(world, accountant, some(20)[:15])

    refresh(world, accountant)
    world.let_pass(hours=2)
    refresh(world, accountant)
    soon = len(names(accountant))
    world.let_pass(hours=23)
    refresh(world, accountant)

    assert (soon, len(names(accountant))) == (20, 5)


def test_without_the_scope_the_round_says_so_and_goes_on_when_it_is_there(world: World, accountant: Access) -> None:
    attach(world, accountant, some(1))
    world.app.state.clients[world.client.client_id].scopes.remove(PARTIES)

    refresh(world, accountant)
    refused = fresh(accountant.client_round)
    world.app.state.clients[world.client.client_id].scopes.append(PARTIES)
    check_scopes(client=world.client, by=BY, at=world.at)
    client_relations.refresh_due(at=world.at)

    assert (refused.problem_code, refused.read_at) == ("MP-200", None)
    assert world.is_now(refused.next_attempt_at - SOON[0])
    assert ScopeGrant.objects.get(scope=PARTIES).verdict == "GRANTED"
    assert (fresh(refused).clients, fresh(refused).problem_code) == (1, "")


def test_a_token_that_is_no_longer_taken_is_asked_for_once_more(world: World, accountant: Access) -> None:
    attach(world, accountant, some(1))
    world.fault(service="accessmanagement", path=f"/platform{AUTHORISED}", status=401, times=1)

    refresh(world, accountant)

    assert (len(names(accountant)), asked(world)) == (1, 2)


def test_one_failing_accountant_concerns_no_other(world: World, wide: System, accountant: Access) -> None:
    other = accountant_of(world, wide, "310600008", "Annet Regnskap AS")
    attach(world, accountant, some(2))
    attach(world, other, some(3, start=313_000_000))
    world.control(f"/control/system-users/{accountant.system_user.altinn_id}", method="DELETE")

    refresh(world, accountant, other)

    rounds = {row.access_id: row.problem_code for row in ClientRound.objects.all()}
    assert rounds == {accountant.pk: "MP-303", other.pk: ""}
    assert (len(names(accountant)), len(names(other))) == (0, 3)
    assert world.is_now(fresh(accountant).missing_since)


def test_an_access_that_is_removed_while_its_clients_are_read_stores_nothing(world: World, accountant: Access) -> None:
    attach(world, accountant, some(2))

    def remove() -> None:
        if asked(world):
            world.transport.watch = lambda: None
            row = fresh(accountant)
            row.move_to("UNKNOWN", by=BY, at=world.at, next_attempt_at=world.at, missing_since=world.at)
            row.move_to("REMOVED", by=BY, at=world.at)

    world.transport.watch = remove
    refresh(world, accountant)

    assert fresh(accountant).status == "REMOVED"
    assert not names(accountant)


def test_two_workers_read_one_accountant_once(world: World, accountant: Access) -> None:
    client_relations.make_rounds(at=world.at)
    first = lease.claim(ClientRound.objects.all(), at=world.at)
    second: list[Hold[ClientRound]] = lease.claim(ClientRound.objects.all(), at=world.at)

    assert (len(first), len(second)) == (1, 0)


def test_clients_that_are_customers_are_tied_at_once_and_later_ones_by_a_sweep(
    world: World, accountant: Access
) -> None:
    before, after, own = *some(2), ACCOUNTANT
    there = world.new_customer(before, "Var kunde AS")
    attach(world, accountant, [before, after, own])
    refresh(world, accountant)
    first = {row.orgnr: row.customer for row in ClientRelation.objects.all()}
    made = world.new_customer(after, "Ble kunde AS")

    of_new = ClientRelation.objects.all().of(made).get()
    client_relations.tie_customers(at=world.at)

    assert first == {before: there, after: None, own: accountant.customer}
    assert of_new.orgnr == after
    assert fresh(of_new).customer == made


def test_a_client_of_two_accountants_has_a_relation_to_each(world: World, wide: System, accountant: Access) -> None:
    other = accountant_of(world, wide, "310600008", "Annet Regnskap AS")
    (client,) = some(1)
    attach(world, accountant, [client])
    attach(world, other, [client], packages=[SALARY])
    customer = world.new_customer(client, "Felles AS")

    refresh(world, accountant, other)

    assert {row.access: len(row.packages) for row in customer.relations.all()} == {accountant: 2, other: 1}


def test_three_hundred_clients_become_customers_with_names_of_the_register_or_of_altinn(
    world: World, accountant: Access, portfolio: Portfolio
) -> None:
    attach(world, accountant, some(300))
    refresh(world, accountant)
    world.forget_calls()

    chosen = take_in(world, accountant, portfolio=portfolio)

    made = Customer.objects.filter(relations__access=accountant)
    assert (chosen, made.count()) == (300, 300)
    assert set(made.values_list("portfolio__name", flat=True)) == {"Vest"}
    assert [row.name for row in made if not row.name.startswith("KLIENT ")] == []
    searches = [request for request in world.transport.requests if "/enhetsregisteret/" in str(request.url)]
    assert 0 < len(searches) <= 6
    assert AuditEvent.objects.filter(what="added", target__startswith="accounts.Customer", by=BY).count() == 301


def test_an_interrupted_round_goes_on_without_doubles(world: World, accountant: Access) -> None:
    attach(world, accountant, some(150))
    refresh(world, accountant)
    rows = ClientRelation.objects.filter(access=accountant)
    client_relations.choose(access=accountant, rows=rows, portfolio=None, by=BY, at=world.at)
    client_relations.take_in_due(at=world.at)
    after_one = Customer.objects.filter(relations__isnull=False).count()
    again = client_relations.choose(access=accountant, rows=rows, portfolio=None, by=BY, at=world.at)

    while client_relations.take_in_due(at=world.at):
        pass

    assert (after_one, again) == (100, 0)
    assert Customer.objects.filter(relations__isnull=False).distinct().count() == 150


def test_names_are_altinns_when_the_register_does_not_answer(world: World, accountant: Access) -> None:
    attach(world, accountant, some(2))
    refresh(world, accountant)
    world.fault(service="brreg", status=503, times=50)

    take_in(world, accountant)

    assert all(row.customer and row.customer.name == row.name for row in ClientRelation.objects.all())


def test_what_an_access_made_elsewhere_may_do_is_learnt_from_its_clients(world: World, accountant: Access) -> None:
    attach(world, accountant, some(1))
    Access.objects.filter(pk=accountant.pk).update(rights_known_at=None, packages=[])

    refresh(world, accountant)

    assert fresh(accountant).packages == sorted([AGENT_PACKAGE, SALARY])
    assert world.is_now(fresh(accountant).rights_known_at)


def test_parties_of_dialogs_are_noted_and_the_list_is_read_soon(world: World, accountant: Access) -> None:
    refresh(world, accountant)
    world.let_pass(hours=2)
    (client,) = some(1)

    new = client_relations.note_parties(access=accountant, orgnrs=[client, "01017012345"], at=world.at)
    again = client_relations.note_parties(access=accountant, orgnrs=[client], at=world.at)

    row = ClientRelation.objects.get()
    assert (new, again) == (1, 0)
    assert (row.orgnr, row.is_known) == (client, False)
    assert lease.due(ClientRound.objects.all(), at=world.at).exists()


@pytest.mark.parametrize("answered", [1, 30])
def test_a_new_accountant_without_clients_is_asked_hourly_for_a_week(
    world: World, accountant: Access, answered: int
) -> None:
    world.let_pass(days=answered)

    refresh(world, accountant)

    due = fresh(accountant.client_round).next_attempt_at
    assert world.is_now(due - timedelta(hours=1)) == (answered == 1)


def test_a_number_that_cannot_be_a_customer_says_so_in_the_list(world: World, accountant: Access) -> None:
    attach(world, accountant, ["974761076"])  # a real organisation
    refresh(world, accountant)

    take_in(world, accountant)

    row = ClientRelation.objects.get()
    assert (row.customer, row.chosen_at, row.problem_code) == (None, None, "WRONG_ORGNR")
    assert "kan ikke være kunde" in client_row(row, accountant).step.text
