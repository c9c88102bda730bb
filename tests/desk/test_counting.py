"""Counts of several selections in one statement."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils.translation import ngettext

from accounts.models import Customer
from portal.desk import counting
from portal.desk.counting import Counted, count_all, count_whole
from systemusers.models import Access
from systemusers.services.access import ask_access
from tests.submissions.world import World
from tests.world import BY, make_profile

pytestmark = pytest.mark.django_db


def rejected(world: World, name: str) -> Access:
    """The customer is asked, and says no."""
    profile = make_profile(world.system, name)
    row = world.send_access(ask_access(customer=world.access.customer, profile=profile, by=BY, at=world.at))
    world.decide(row, "reject")
    return world.poll(row)


def test_counts_of_several_models_come_in_one_query(world: World, django_assert_num_queries: Any) -> None:
    first = rejected(world, "Første")
    world.let_pass(days=2)
    rejected(world, "Andre")

    with django_assert_num_queries(1):
        counted = count_all(
            {
                "rejected": Access.objects.filter(status="REJECTED"),
                "expired": Access.objects.filter(status="EXPIRED"),
                "hidden": Access.objects.none(),
                "customers": Customer.objects.all(),
            }
        )

    assert counted["rejected"] == Counted(2, first.status_at)
    assert counted["expired"] == counted["hidden"] == Counted(0, None)
    assert counted["customers"] == Counted(1, None)


def test_no_row_of_any_selection_is_no_error() -> None:
    counted = count_all({"hidden": Access.objects.none(), "other": Access.objects.none()})

    assert counted == {"hidden": Counted(), "other": Counted()}


def test_no_selection_is_counted_further_than_a_text_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counting, "MOST", 2)
    for number in range(4):
        Customer.objects.create(environment="SANDBOX", orgnr=str(310_000_000 + number), name="Kunde")

    counted = count_all(
        {"all": Customer.objects.all(), "two": Customer.objects.order_by("pk").filter(orgnr__lt="310000002")}
    )

    assert ngettext("%(n)s kunde", "%(n)s kunder", counted["all"].n) % {"n": counted["all"].n} == "over 2 kunder"
    assert (counted["two"].n, counted["all"].oldest) == (2, None)
    assert count_whole({"all": Customer.objects.all()})["all"].n == 4
