"""An account into which somebody else has opened a way: it is no second person together with them, whichever way it was."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Charge, Portfolio, Proposal, Role, User
from accounts.services import factors, invitations, proposals, single_sign_on, ways_in
from accounts.services.proposals import Shown, is_second_person
from accounts.services.reset_links import send_reset_link
from accounts.services.staff import Rights, change_rights, rights_of, save_user
from accounts.services.visits import Visit
from portal.desk.people import leaving
from tests.fixtures import AT, make_user

pytestmark = pytest.mark.django_db
LATER = AT + ways_in.SETTLES
ALL = frozenset(Charge.values)
ADMINISTRATOR = Rights.everywhere(Role.ADMINISTRATOR)


@pytest.fixture
def other(db: None) -> User:
    return make_user(Role.ADMINISTRATOR, "per@vendor.example", name="Per")


@pytest.fixture
def third(db: None) -> User:
    return make_user(Role.ADMINISTRATOR, "tone@vendor.example", name="Tone")


def change_address(user: User, by: User) -> None:
    user.email = f"new-{user.email}"
    save_user(user=user, by=by.actor, at=AT)


def reopen(user: User, by: User) -> None:
    leaving.leave(user=user, heir=None, by="task:test", at=AT)
    leaving.come_back(user=User.objects.get(pk=user.pk), by=by.actor, at=AT)


def reset_factors(user: User, by: User) -> None:
    data = {"secret": factors.seal("A" * 32, owner=user.pk)}
    Authenticator.objects.create(user=user, type=Authenticator.Type.TOTP, data=data)
    factors.remove_all(user=user, by=by.actor, at=AT)


def disconnect(user: User, by: User) -> None:
    single_sign_on.connect(user=user, uid="there", at=AT)
    single_sign_on.disconnect(user=user, by=by.actor, at=AT)


def give_a_role(user: User, by: User) -> None:
    """More than the person had."""
    with_charge = replace(rights_of(user), charges=frozenset())
    change_rights(user=user, rights=with_charge, by="task:test", at=AT)
    change_rights(user=user, rights=Rights.everywhere(Role.ADMINISTRATOR, charges=ALL), by=by.actor, at=AT)


def reopen_invitation(user: User, by: User) -> None:
    User.objects.filter(pk=user.pk).update(invited_at=AT)
    invitations.withdraw(user=user, by="task:test", at=AT)
    invitations.invite_again(user=user, by=by.actor, at=AT)
    User.objects.filter(pk=user.pk).update(invited_at=None)


def invite(by: User, rights: Rights, email: str = "new@vendor.example") -> User:
    who = {"email": email, "name": "New", "language": "nb"}
    user = invitations.invite(**who, rights=rights, by=by.actor, at=AT)
    visit = Visit(ip="192.0.2.1", agent="", at=AT)
    invitations.accept(user=user, name="New", password="a long enough password", visit=visit)
    return user


WAYS: list[Callable[[User, User], Any]] = [
    change_address, reopen, reset_factors, disconnect, give_a_role, reopen_invitation,
    lambda user, by: send_reset_link(user=user, by=by, at=AT),
]  # fmt: skip


def may(second: User, first: User, *, at: Any = LATER) -> bool:
    second, first = (User.objects.get(pk=each.pk) for each in (second, first))
    return is_second_person(second.actor, {first.pk}, at=at)


@pytest.mark.parametrize("way", WAYS)
def test_whoever_opened_a_way_in_and_the_account_are_never_two(
    way: Callable[[User, User], Any], administrator: User, other: User, third: User
) -> None:
    way(other, administrator)

    assert (may(other, administrator), may(administrator, other)) == (False, False)
    assert (may(other, third), may(third, other)) == (True, True)


def test_for_a_while_the_account_approves_nothing(administrator: User, other: User, third: User) -> None:
    change_address(other, administrator)

    assert not may(other, third, at=LATER - timedelta(seconds=1))
    assert may(other, third, at=LATER)


def test_two_accounts_that_one_person_has_opened_are_not_two(administrator: User, other: User, third: User) -> None:
    change_address(other, administrator)
    change_address(third, administrator)

    assert not may(other, third)


def test_it_goes_on_through_an_account_in_between(administrator: User, other: User, third: User) -> None:
    change_address(other, administrator)
    change_address(third, other)

    assert not may(third, administrator)


def test_what_somebody_changes_of_their_own_account_is_nothing(administrator: User, other: User) -> None:
    change_address(other, other)
    other.name = "Per Holm"
    save_user(user=other, by=administrator.actor, at=AT)

    assert may(other, administrator, at=AT)


def test_a_third_person_vouches(administrator: User, other: User, third: User) -> None:
    change_address(other, administrator)

    ways_in.vouch(user=other, by=third, at=AT)

    assert may(other, administrator, at=AT)
    change_address(other, administrator)
    assert not may(other, administrator)


def test_neither_who_did_it_nor_the_account_nor_another_that_they_opened_vouches(
    administrator: User, other: User, third: User
) -> None:
    change_address(other, administrator)
    change_address(third, administrator)

    for each in (administrator, other, third):
        with pytest.raises(ways_in.NotApart):
            ways_in.vouch(user=other, by=each, at=LATER)


def test_the_operator_vouches_by_a_command(administrator: User, other: User) -> None:
    change_address(other, administrator)

    call_command("vouch_for", other.email, stdout=StringIO())

    assert may(other, administrator)


def test_who_is_invited_is_no_second_person_with_whoever_invited_them(administrator: User, other: User) -> None:
    new = invite(administrator, ADMINISTRATOR)

    assert (may(new, administrator), may(administrator, new), may(new, other, at=AT)) == (False, False, False)
    assert may(new, other)


def test_whoever_gives_the_role_counts_beside_whoever_invited(administrator: User, other: User, third: User) -> None:
    new = invite(other, Rights.everywhere(Role.READER))
    change_rights(user=new, rights=ADMINISTRATOR, by=administrator.actor, at=AT)

    assert [may(new, each) for each in (administrator, other, third)] == [False, False, True]


def test_two_whom_one_person_has_invited_are_not_two_and_vouch_for_nobody(administrator: User, other: User) -> None:
    one, two = (invite(administrator, ADMINISTRATOR, f"{n}@vendor.example") for n in (1, 2))

    assert not may(one, two)
    for user, by in ((one, two), (one, administrator), (one, one)):
        assert not ways_in.can_vouch(user=user, by=by, at=LATER)
    assert not ways_in.can_vouch(user=other, by=one, at=AT), "not before it has settled"


def test_what_is_no_power_to_approve_opens_nothing(administrator: User, other: User, portfolio: Portfolio) -> None:
    less = replace(rights_of(other), charges=frozenset(), portfolios=frozenset({portfolio.pk}))
    change_rights(user=other, rights=less, by=administrator.actor, at=AT)
    change_rights(user=other, rights=Rights.everywhere(Role.READER), by=administrator.actor, at=AT)

    assert may(other, administrator, at=AT)


def test_what_two_persons_have_given_opens_nothing_and_hides_no_other_way(
    administrator: User, other: User, third: User, settings: Any
) -> None:
    settings.TWO_PERSONS = {"roles": frozenset({"SANDBOX"})}
    new = invite(administrator, Rights())
    for user, rights in ((new, ADMINISTRATOR), (third, replace(ADMINISTRATOR, charges=ALL))):
        give_by_two(user, rights, first=administrator, second=other)

    assert may(new, administrator, at=AT)
    change_address(third, administrator)
    give_by_two(third, ADMINISTRATOR, first=administrator, second=other)
    give_by_two(third, replace(ADMINISTRATOR, charges=ALL), first=administrator, second=other)
    assert not may(third, administrator)


def give_by_two(user: User, rights: Rights, *, first: User, second: User) -> None:
    kind = Proposal.Kind.RIGHTS_GIVEN
    about = {"kind": kind, "environment": "", "target": user, "about": "x", "params": rights.as_params()}
    row = proposals.propose(**about, ground="x", shown=Shown("x", []), by=first.actor, at=AT)
    proposals.approve(proposal=row, user=second, ground="x", at=AT)
    change_rights(user=user, rights=rights, by=second.actor, at=AT, approved=row)
    proposals.note_done(proposal=row, at=AT)


def test_of_two_people_the_operator_says_who_is_who_and_that_one_vouches_for_more(administrator: User) -> None:
    people = [invite(administrator, ADMINISTRATOR, f"{n}@vendor.example") for n in range(3)]

    call_command("vouch_for", people[0].email, people[1].email, stdout=StringIO())
    ways_in.vouch(user=people[2], by=people[0], at=AT)

    assert [may(each, administrator, at=AT) for each in people] == [True, True, True]
    assert may(administrator, people[0], at=AT)
    with pytest.raises(CommandError, match="nobody@vendor"):
        call_command("vouch_for", people[0].email, "nobody@vendor.example")


def test_however_many_were_invited_one_look_is_few_queries(
    administrator: User, django_assert_max_num_queries: Any
) -> None:
    one, two = (invite(administrator, ADMINISTRATOR, f"{n}@vendor.example") for n in (1, 2))

    with django_assert_max_num_queries(4):
        assert not is_second_person(one.actor, {two.pk}, at=LATER)


def test_who_could_approve_is_as_many_queries_for_many_colleagues_as_for_few(
    administrator: User, other: User, third: User
) -> None:
    change_address(other, administrator)

    def able() -> tuple[set[User], int]:
        kind = Proposal.Kind.CUSTOMERS_ASKED
        with CaptureQueriesContext(connection) as queries:
            found = proposals.seconds(
                kind, environment="SANDBOX", user=administrator, target=administrator, params={}, at=LATER
            )
        return set(found), len(queries)

    few, queries = able()
    more = {make_user(Role.ADMINISTRATOR, f"{n}@vendor.example") for n in range(6)}

    assert few == {third}
    assert able() == ({third, *more}, queries)
