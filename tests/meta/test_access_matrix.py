"""Every staff page × method × role × environment, from the table of addresses and the table of capabilities.

Who may not is asked of the guard itself, for every page and method. Who may opens every page, and is never told that they may not.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import product
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client, RequestFactory
from django.urls import URLPattern
from django.utils import timezone

from accounts.capabilities import OPENS, TABLE
from accounts.models import Capability, Charge, Customer, Given, Portfolio, Role, User
from accounts.services.staff import Rights
from portal.core.environments import Environment
from submissions.models import Dialog, Order, Submission
from systemusers.models import Access
from tests.core.leased_rows import make_due_rows
from tests.fixtures import CHARGES, give, make_user
from tests.meta.test_addresses import OURS, address

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
HERE, ELSEWHERE = Environment.SANDBOX, Environment.TEST
STAFF = [(route, pattern) for route, pattern in OURS if getattr(pattern.callback, "staff_page", "")]
INSIDE = [(route, pattern) for route, pattern in STAFF if "<env:environment>" in route]


@dataclass(frozen=True)
class Person:
    """Who asks: roles by environment, and charges."""

    roles: tuple[tuple[Environment, str], ...] = ()
    charges: tuple[str, ...] = ()

    @property
    def user(self) -> User:
        user = User(pk=1, email="a@vendor.example", is_active=True)
        roles = {place.value: role for place, role in self.roles}
        user.given = Given(roles=roles, sees_all=frozenset(roles), charges=frozenset(self.charges))  # type: ignore[misc]
        return user

    def may_open(self, needs: str, environment: Environment) -> bool:
        """By the tables alone."""
        if needs in OPENS.values():
            return any(OPENS[charge] == needs for charge in self.charges)
        role = dict(self.roles).get(environment)
        if needs in ("anywhere", "any"):
            return needs == "anywhere" or role is not None
        return role is not None and environment in TABLE[Role(role)].get(Capability(needs), ())


PEOPLE = [
    Person(),
    *(Person(roles=((place, role),)) for place, role in product((HERE, ELSEWHERE), Role)),
    *(Person(roles=((HERE, here), (ELSEWHERE, there))) for here, there in product(Role, Role) if here != there),
    *(Person(charges=(charge,)) for charge in Charge),
    Person(charges=tuple(Charge)),
]


class Passed(Exception):
    """The guard has let the request through."""


class Session:
    """The guard looks at it when it has let the request through; the view is not reached."""

    def __getattr__(self, name: str) -> Any:
        raise Passed


def refuses(pattern: URLPattern, user: User, environment: Environment, method: str) -> bool:
    request: Any = RequestFactory().generic(method, "/")
    request.user, request.session = user, Session()
    try:
        pattern.callback(request, **{**dict.fromkeys(pattern.pattern.converters, "1"), "environment": environment})
    except PermissionDenied:
        return True
    except Passed:
        return False
    raise AssertionError("the guard neither refused nor let through")


def test_the_guard_follows_the_tables_for_every_page_method_and_person() -> None:
    wrong = []
    for person, (route, pattern), environment in product(PEOPLE, INSIDE, (HERE, ELSEWHERE)):
        needs, user = pattern.callback.staff_page, person.user
        expected = not person.may_open(needs, environment)
        wrong += [
            (route, method, person, environment)
            for method in METHODS
            if refuses(pattern, user, environment, method) != expected
        ]

    assert wrong == []


def test_every_capability_and_charge_opens_some_page_and_none_opens_all() -> None:
    needed = {pattern.callback.staff_page for _route, pattern in INSIDE}

    assert needed >= {*Capability, *OPENS.values(), "any", "anywhere"} - {Capability.SEE, OPENS[Charge.STORED]}
    for role in Role:
        assert any(not Person(roles=((HERE, role),)).may_open(needs, HERE) for needs in needed)


@pytest.mark.django_db
@pytest.mark.parametrize("role", Role)
def test_who_may_open_a_page_gets_it_or_hears_what_is_missing(client: Client, vendor: Any, role: str) -> None:
    """With the whole portal around it: no page of the role says 403, and none breaks. The rows of the samples do not exist."""
    client.force_login(make_user(role))
    person = Person(roles=((HERE, role),), charges=tuple(make_charges(role)))
    theirs = [route for route, pattern in INSIDE if person.may_open(pattern.callback.staff_page, HERE)]

    replies = {route: client.get(address(route)).status_code for route in theirs}

    assert len(theirs) > 20
    assert {route: status for route, status in replies.items() if status not in (200, 302, 404, 405)} == {}


def make_charges(role: str) -> set[str]:
    return set(CHARGES.get(role, ()))


@pytest.mark.django_db
def test_without_a_role_in_an_environment_it_is_not_offered_and_says_so(client: Client, vendor: Any) -> None:
    user = make_user(Role.ADMINISTRATOR)
    give(user, Rights({ELSEWHERE.value: Role.ADMINISTRATOR}, frozenset({ELSEWHERE.value})))
    client.force_login(user)

    home, there, here = client.get("/"), client.get("/test/"), client.get("/sandbox/")

    assert home["Location"] == "/test/"
    assert there.status_code == 200
    assert 'href="/sandbox/"' not in there.text
    assert (here.status_code, "Du har ingen rolle i Sandkasse" in here.text) == (403, True)
    assert 'href="/sandbox/' not in here.text.split("<main")[1]


@pytest.mark.django_db
def test_somebody_new_sees_a_welcome_and_nothing_else(client: Client, vendor: Any, customer: Any) -> None:
    client.force_login(make_user())

    home = client.get("/")

    assert (home.status_code, "Du har ikke fått noen rolle ennå" in home.text) == (200, True)
    statuses = {route: client.get(address(route)).status_code for route, pattern in INSIDE if _is_inside(pattern)}
    assert {route: status for route, status in statuses.items() if status != 403} == {}


def _is_inside(pattern: URLPattern) -> bool:
    return bool(pattern.callback.staff_page != "anywhere")


OBJECTS = {
    "customers": Customer, "access": Access, "submissions": Submission, "dialogs": Dialog, "orders": Order,
}  # fmt: skip
"""By the beginning of an address: whose rows the number after it names."""
OF_ONE = re.compile(r"<env:environment>/(\w+)/<int:pk>/")


def about_one() -> dict[str, list[str]]:
    """Addresses with one row, by the beginning."""
    found: dict[str, list[str]] = {name: [] for name in OBJECTS}
    for route, _pattern in INSIDE:
        if (match := OF_ONE.match(route)) and match[1] in found:
            found[match[1]].append(route)
    return found


@pytest.mark.django_db
def test_rows_of_others_and_of_other_environments_are_not_there(
    vendor: Any, case_worker: User, portfolio: Portfolio
) -> None:
    """Every address of one row × GET and POST, fragments and downloads among them: own, foreign, and own elsewhere."""
    at = timezone.now()
    rows = {name: make_due_rows(model, at=at)[0] for name, model in OBJECTS.items() if model is not Customer}
    rows["customers"] = rows["access"].customer
    Customer.objects.update(portfolio=portfolio)
    stranger = make_user(Role.CASE_WORKER, "stranger@vendor.example")
    stranger.portfolios.add(Portfolio.objects.create(name="Nord"))
    own, foreign = Client(), Client()
    own.force_login(case_worker)
    foreign.force_login(stranger)

    def ask(client: Client, name: str, route: str, method: str) -> int:
        url = address(route).replace(f"/{name}/1/", f"/{name}/{rows[name].pk}/", 1)
        return int(getattr(client, method)(url).status_code)

    routes = [(name, route) for name, found in about_one().items() for route in found]
    shown = {name: ask(own, name, f"<env:environment>/{name}/<int:pk>/", "get") for name in OBJECTS}
    leaks = [
        (route, method, status)
        for (name, route), method in product(routes, ("get", "post"))
        if (status := ask(foreign, name, route, method)) not in (403, 404, 405)
    ]
    elsewhere = [
        (route, status)
        for name, route in routes
        if (status := ask(own, name, route.replace("<env:environment>", "test"), "get")) not in (403, 404, 405)
    ]

    assert len(routes) > 60
    assert shown == dict.fromkeys(OBJECTS, 200)
    assert leaks == []
    assert elsewhere == []
