"""What somebody was given in each environment decides what they may do there, and whose rows they see."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import Capability, Contact, Customer, Grant, Portfolio, Role, Substitution, User
from accounts.services.staff import Rights
from portal.core.environments import Environment
from tests.fixtures import AT, give, make_user

pytestmark = pytest.mark.django_db
SANDBOX, TEST = Environment.SANDBOX, Environment.TEST
NUMBERS = {SANDBOX: ("310987654", "310629499"), TEST: ("310987654", "310629499")}
Given = Callable[..., User]


@pytest.fixture
def customers(portfolio: Portfolio) -> dict[tuple[str, bool], Customer]:
    """By environment, and whether it is in the portfolio."""
    other = Portfolio.objects.create(name="Øst")
    made = {}
    for place, numbers in NUMBERS.items():
        for orgnr, own in zip(numbers, (portfolio, other), strict=True):
            row = Customer.objects.create(environment=place, orgnr=orgnr, name="AS", portfolio=own)
            Contact.objects.create(customer=row, name="Kari", email=f"{orgnr}@x.example")
            made[place.value, own == portfolio] = row
    return made


def seen(user: User) -> set[tuple[str, int | None]]:
    return set(Customer.objects.visible_to(user).values_list("environment", "portfolio"))


def given(portfolio: Portfolio, roles: dict[str, str], sees_all: set[str]) -> User:
    user = make_user(name="P", email="p@vendor.example")
    give(user, Rights(roles, frozenset(sees_all)))
    user.portfolios.add(portfolio)
    return User.objects.get(pk=user.pk)


@pytest.mark.parametrize("role", Role)
def test_without_an_explicit_grant_a_role_sees_the_portfolios_only(
    portfolio: Portfolio, customers: Any, role: str
) -> None:
    user = given(portfolio, {"SANDBOX": role, "TEST": role}, set())

    assert seen(user) == {("SANDBOX", portfolio.pk), ("TEST", portfolio.pk)}


def test_all_customers_in_one_environment_are_not_those_of_another(portfolio: Portfolio, customers: Any) -> None:
    user = given(portfolio, {"SANDBOX": Role.CASE_WORKER, "TEST": Role.READER}, {"TEST"})
    other = Portfolio.objects.get(name="Øst").pk

    assert seen(user) == {("SANDBOX", portfolio.pk), ("TEST", portfolio.pk), ("TEST", other)}
    assert seen(user.within("SANDBOX")) == {("SANDBOX", portfolio.pk)}
    assert seen(user.within("TEST")) == {("TEST", portfolio.pk), ("TEST", other)}


def test_rows_of_customers_follow_them(portfolio: Portfolio, customers: Any) -> None:
    user = given(portfolio, {"SANDBOX": Role.CASE_WORKER, "TEST": Role.READER}, {"TEST"})

    rows = Contact.objects.visible_to(user).values_list("customer__environment", "customer__portfolio")

    assert set(rows) == seen(user)
    assert len(rows) == 3


def test_a_role_in_one_environment_shows_nothing_of_another(portfolio: Portfolio, customers: Any) -> None:
    user = given(portfolio, {"TEST": Role.ADMINISTRATOR}, {"TEST"})

    assert {place for place, _ in seen(user)} == {"TEST"}
    assert not Customer.objects.visible_to(user.within("SANDBOX")).exists()
    assert user.environments == [TEST]


def test_somebody_new_may_nothing_and_sees_nothing(portfolio: Portfolio, customers: Any) -> None:
    user = given(portfolio, {}, set())

    assert not seen(user)
    for place in Environment:
        there = user.within(place)
        assert not any(getattr(there, name) for name in Capability)
    assert not any((user.keeps_people, user.keeps_vendor, user.operates, user.keeps_data, user.is_staff))


def test_outside_of_an_environment_nobody_may(administrator: User) -> None:
    assert not any(getattr(administrator, name) for name in Capability)
    assert all(getattr(administrator.within("TEST"), name) for name in Capability)


def test_a_closed_account_may_nothing(administrator: User, customers: Any) -> None:
    administrator.is_active = False

    assert not seen(administrator)
    assert not administrator.within("TEST").may_work
    assert not administrator.keeps_people


def test_what_a_person_has_is_read_once(
    case_worker: User, customers: Any, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    user = User.objects.get(pk=case_worker.pk)

    with django_assert_num_queries(1):
        there = user.within("SANDBOX")
        assert (there.may_work, there.is_administrator, user.keeps_people) == (True, False, False)
        assert [name for _pk, name in user.named_portfolios] == ["Vest"]
    with django_assert_num_queries(1):
        assert len(Customer.objects.visible_to(there)) == 1


def test_a_grant_of_an_environment_that_is_off_shows_nothing(
    portfolio: Portfolio, customers: Any, settings: Any
) -> None:
    user = given(portfolio, {"SANDBOX": Role.READER, "TEST": Role.READER}, {"TEST"})
    settings.ENVIRONMENTS = ["SANDBOX"]

    assert seen(user) == {("SANDBOX", portfolio.pk)}


class TestSubstitutes:
    @pytest.fixture
    def absent(self, case_worker: User) -> User:
        return case_worker

    @pytest.fixture
    def substitute(self) -> User:
        return make_user(Role.CASE_WORKER, "s@vendor.example")

    @pytest.mark.parametrize(
        ("first", "last", "is_seen"),
        [(0, 0, True), (-3, 2, True), (1, 3, False), (-3, -1, False)],
        ids=["today", "since days", "not yet", "over"],
    )
    def test_sees_the_portfolios_from_the_first_day_to_the_last(  # noqa: PLR0917
        self, absent: User, substitute: User, portfolio: Portfolio, customers: Any, first: int, last: int, is_seen: bool
    ) -> None:
        today = timezone.localdate()
        appoint(absent, substitute, today + timedelta(days=first), today + timedelta(days=last))

        expected = {("SANDBOX", portfolio.pk), ("TEST", portfolio.pk)} if is_seen else set()
        assert seen(User.objects.get(pk=substitute.pk)) == expected
        assert seen(User.objects.get(pk=absent.pk)) == {("SANDBOX", portfolio.pk), ("TEST", portfolio.pk)}

    def test_does_only_what_their_own_role_may(self, absent: User, portfolio: Portfolio, customers: Any) -> None:
        reader = make_user(Role.READER, "r@vendor.example")
        Grant.objects.filter(user=reader).exclude(environment="TEST").delete()
        Grant.objects.filter(user=reader).update(sees_all_customers=False)
        appoint(absent, reader, timezone.localdate(), timezone.localdate())

        user = User.objects.get(pk=reader.pk)

        assert seen(user) == {("TEST", portfolio.pk)}
        assert not user.within("TEST").may_work


def appoint(absent: User, substitute: User, first: date, last: date) -> None:
    Substitution.objects.create(
        absent=absent, substitute=substitute, begins=first, ends=last, given_by="user:x", given_at=AT
    )
