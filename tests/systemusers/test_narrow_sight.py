"""Whoever configures systems and sees one portfolio: pages about a whole system name no customer of others, and ask none."""

from __future__ import annotations

import pytest
from django.test import Client
from django.utils import timezone

from accounts.capabilities import Role
from accounts.models import Customer, Portfolio, Vendor
from accounts.services.staff import Rights
from portal.core.environments import Environment
from systemusers.models import Access, AccessProfile, ChangeRequest, FoundSystemUser
from systemusers.views import changes as views
from tests.fixtures import give, make_user
from tests.systemusers.staff import page, post
from tests.systemusers.test_adoption import look, made_elsewhere
from tests.systemusers.test_changes import widen
from tests.systemusers.world import World

OTHERS = "310200379"


@pytest.fixture
def narrow(portfolio: Portfolio, vendor: Vendor, world: World, monkeypatch: pytest.MonkeyPatch) -> Client:
    monkeypatch.setattr(timezone, "now", lambda: world.at)
    user, client = make_user(email="narrow@vendor.example"), Client()
    give(user, Rights(roles={Environment.SANDBOX: Role.ADMINISTRATOR}))
    user.portfolios.add(portfolio)
    client.force_login(user)
    return client


@pytest.fixture
def accesses(world: World, known_customer: Customer, profile: AccessProfile, vendor: Vendor) -> list[Access]:
    """One of the person's own portfolio, and one of nobody's."""
    customers = [known_customer, world.new_customer(OTHERS, "Hemmelig Eiendom AS")]
    rows = [world.new_access(customer, profile) for customer in customers]
    widen(profile, world)
    return rows


def test_a_deletion_counts_all_customers_and_names_those_that_one_sees(
    narrow: Client, accesses: list[Access], profile: AccessProfile
) -> None:
    text = page(narrow, f"systems/{profile.system_id}/delete/")

    assert "2 kunder blir rammet" in text
    assert "Nordlys Eiendom AS" in text
    assert "Hemmelig" not in text


def test_a_change_is_asked_of_those_that_one_sees(
    narrow: Client, accesses: list[Access], profile: AccessProfile
) -> None:
    where = f"systems/{profile.system_id}/profiles/{profile.pk}/"
    form, question = page(narrow, where), page(narrow, f"{where}changes/")
    text = post(narrow, f"{where}changes/")

    assert "1 kunde mangler noe av profilen." in form
    assert "Hemmelig" not in question
    assert "1 kunde blir spurt om endringen." in text
    assert [row.access for row in ChangeRequest.objects.all()] == [accesses[0]]


def test_many_are_counted_as_far_as_one_sees_before_it_is_a_campaign(
    narrow: Client, accesses: list[Access], profile: AccessProfile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "MOST", 0)

    text = page(narrow, f"systems/{profile.system_id}/profiles/{profile.pk}/changes/")

    assert "1 kunder mangler noe av profilen" in text


def test_what_is_found_in_altinn_has_names_of_those_that_one_sees(
    narrow: Client, world: World, known_customer: Customer, profile: AccessProfile
) -> None:
    made_elsewhere(world, profile.system, 2, references="number")
    look(world, profile.system)
    seen, unseen = FoundSystemUser.objects.order_by("orgnr")
    Customer.objects.filter(pk=known_customer.pk).update(orgnr=seen.orgnr)
    world.new_customer(unseen.orgnr, "Hemmelig Eiendom AS")

    text = page(narrow, f"systems/{profile.system_id}/found/")
    sought = page(narrow, f"systems/{profile.system_id}/found/?q=Hemmelig")

    assert "Nordlys Eiendom AS" in text
    assert "Hemmelig" not in text
    assert unseen.orgnr[:3] in text
    assert f"{unseen.orgnr[:3]} {unseen.orgnr[3:6]}" not in sought
