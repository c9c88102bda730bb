"""Numbers of a list are kept for those who ask the same question: never for somebody who sees other customers."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client, RequestFactory

from accounts.models import Customer, Portfolio, User
from accounts.models.people import Grant
from portal.core import counting
from portal.core.environments import Environment
from portal.desk.clients import Clients
from portal.local.demo import orgnrs
from systemusers.models import Access, Campaign
from systemusers.views.campaign import Rows
from tests.fixtures import administrator, case_worker, portfolio, vendor

__all__ = ["administrator", "case_worker", "portfolio", "vendor"]
URL = "/sandbox/customers/"
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def every_number_is_large(monkeypatch: pytest.MonkeyPatch, vendor: Any) -> Any:
    cache.clear()
    monkeypatch.setattr(counting, "LARGE", 0)
    yield
    cache.clear()


@pytest.fixture
def customers(portfolio: Portfolio) -> list[Customer]:
    """Three, of which the portfolio has one."""
    numbers = orgnrs(3)
    first = Customer.objects.create(environment=Environment.SANDBOX, orgnr=numbers[0], name="A", portfolio=portfolio)
    return [first, *(Customer.objects.create(environment=Environment.SANDBOX, orgnr=n, name=n) for n in numbers[1:])]


def number(user: User, query: str = "") -> int:
    """Of the chip of customers that were never asked, as `user` sees it; 0 without the chip."""
    client = Client()
    client.force_login(user)
    chips = client.get(f"{URL}?{query}").context["chips"]
    return next((chip["count"] for chip in chips if "group=none" in chip["query"]), 0)


def test_a_kept_number_is_of_those_whom_one_sees(
    administrator: User, case_worker: User, customers: list[Customer]
) -> None:
    of_all, own = number(administrator), number(case_worker)
    Customer.objects.all().delete()

    assert (of_all, own) == (3, 1)
    assert (number(administrator), number(case_worker)) == (3, 1)


def test_what_a_person_may_see_no_longer_is_counted_no_longer(
    case_worker: User, customers: list[Customer], portfolio: Portfolio
) -> None:
    before = number(case_worker)
    case_worker.portfolios.remove(portfolio)
    without = number(case_worker)
    Grant.objects.filter(user=case_worker).update(sees_all_customers=True)

    assert (before, without, number(case_worker)) == (1, 0, 3)


def test_what_one_chooses_is_another_question_and_the_order_is_not(
    administrator: User, customers: list[Customer], portfolio: Portfolio
) -> None:
    of_all = number(administrator)
    Customer.objects.exclude(pk=customers[0].pk).delete()

    assert of_all == 3
    assert [number(administrator, query) for query in ("sort=-name", "size=25", "group=lost")] == [3, 3, 3]
    assert [number(administrator, query) for query in (f"portfolio={portfolio.pk}", "assignee=none")] == [1, 1]


def test_what_a_person_takes_in_is_another_question(administrator: User) -> None:
    """The conditions of these lists are made of what their page is about."""
    request: Any = RequestFactory().get("/sandbox/campaigns/1/")
    request.user, request.environment = administrator, Environment.SANDBOX

    of_campaigns = [Rows(request, Campaign(extra=extra)).question for extra in ([], ["MUTED"])]
    of_accesses = [Clients(request, Access(packages=packages)).question for packages in ([], ["a-package"])]

    assert of_campaigns[0] != of_campaigns[1]
    assert of_accesses[0] != of_accesses[1]
    assert Rows(request, Campaign(extra=["MUTED"])).question == of_campaigns[1]
