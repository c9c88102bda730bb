"""An account into which somebody else has opened a way: it is no second person together with them, whichever way it was."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.core.management import call_command

from accounts.models import Role, User
from accounts.services import factors, single_sign_on, ways_in
from accounts.services.proposals import is_second_person
from accounts.services.reset_links import send_reset_link
from accounts.services.staff import save_user
from portal.desk.people import leaving
from tests.fixtures import AT, make_user

pytestmark = pytest.mark.django_db
LATER = AT + ways_in.SETTLES


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


WAYS: list[Callable[[User, User], Any]] = [
    change_address, reopen, reset_factors, disconnect, lambda user, by: send_reset_link(user=user, by=by, at=AT),
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
