"""What the pages do not allow, the API does not allow either: many customers alone, numbers of persons, one's own second person."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from accounts.models import Customer, Grant, Portfolio, Role, User
from accounts.services.actors import behind_integrations
from tests.api.erp import Erp, make_integration
from tests.fixtures import administrator, make_user, portfolio, vendor

__all__ = ["administrator", "portfolio", "vendor"]
pytestmark = pytest.mark.django_db


@pytest.fixture
def erp(administrator: User, vendor: Any) -> Erp:
    return Erp(make_integration(administrator))


@pytest.fixture
def of_the_west(portfolio: Portfolio, vendor: Any) -> User:
    """Keeps integrations, and sees one portfolio."""
    user = make_user(Role.ADMINISTRATOR, "vest@vendor.example")
    Grant.objects.filter(user=user).update(sees_all_customers=False)
    user.portfolios.add(portfolio)
    return User.objects.get(pk=user.pk)


def test_an_integration_asks_no_more_customers_than_a_person_may(erp: Erp, settings: Settings) -> None:
    settings.TWO_PERSONS = {"asking": frozenset({"SANDBOX"})}
    settings.TWO_PERSONS_ASKING_ABOVE = 2
    orgnrs = ["310987654", "310123455", "313500015"]

    few = erp.post("/accesses/bulk", {"orgnrs": orgnrs[:2], "profile": 1})
    many = erp.post("/accesses/bulk", {"orgnrs": orgnrs, "profile": 1})

    assert few.json()["code"] != "NEEDS_TWO_PERSONS"
    assert (many.status_code, many.json()["code"]) == (409, "NEEDS_TWO_PERSONS")


@pytest.mark.parametrize("field", ["name", "reference", "contact_name"])
def test_a_number_of_a_person_is_refused_at_its_field(erp: Erp, field: str) -> None:
    body = {"name": "Nordlys Eiendom AS", field: "Ola 01010750160"}

    reply = erp.put("/customers/310987654", body)

    assert (reply.status_code, Customer.objects.count()) == (422, 0)
    assert reply.json()["errors"][0]["field"].endswith(field)


def test_a_text_that_the_database_cannot_hold_is_refused(erp: Erp) -> None:
    assert erp.post("/accesses/bulk", {"orgnrs": ["\0"], "profile": 1}).status_code == 422


def test_behind_an_integration_stands_who_made_its_secret(erp: Erp, administrator: User) -> None:
    actor = f"{erp.integration.actor} user:somebody@vendor.example"

    assert behind_integrations([actor, administrator.actor]) == ["user:ida@vendor.example"]
    assert behind_integrations([administrator.actor]) == []


@pytest.mark.parametrize("page", ["integration-secret", "integration-key", "integration-edit", "integration-start"])
def test_nobody_takes_over_an_integration_that_sees_more(
    client: Client, erp: Erp, of_the_west: User, page: str
) -> None:
    client.force_login(of_the_west)
    before = erp.integration.proofs.count()

    reply = client.post(reverse(page, kwargs={"environment": "sandbox", "pk": erp.integration.pk}), {"overlap": "7"})

    assert (reply.status_code, erp.integration.proofs.count()) == (403, before)


def test_ones_own_portfolios_integration_can_be_kept(client: Client, of_the_west: User, portfolio: Portfolio) -> None:
    mine = make_integration(of_the_west, "vest", portfolios=[portfolio])
    client.force_login(of_the_west)

    reply = client.post(reverse("integration-secret", kwargs={"environment": "sandbox", "pk": mine.pk}))

    assert (reply.status_code, mine.proofs.count()) == (200, 1)


@pytest.mark.parametrize("since", ["457514", "2026-11-23", "2026-11-23T09:00:00", "0001-01-01T00:00:00+10:00", "Z"])
@pytest.mark.parametrize(
    ("path", "name"),
    [("/accesses", "changed_after"), ("/submissions", "changed_after"), ("/orders", "changed_after"),
     ("/dialogs", "news_after"), ("/letters", "came_after")],
)  # fmt: skip
def test_what_is_no_moment_is_refused_at_its_field(erp: Erp, path: str, name: str, since: str) -> None:
    reply = erp.get(path, {name: since})

    assert (reply.status_code, [error["field"] for error in reply.json()["errors"]]) == (422, [name])
    assert erp.get(path, {name: "2026-11-23T09:00:00+21:30"}).status_code == 200
