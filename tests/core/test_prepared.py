"""A statement that was made once finds what one made anew finds, with the values of each use."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.db import connection
from django.db.models import Exists, OuterRef, Subquery
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Customer, Portfolio, SavedView, User, Vendor
from accounts.models.people import COLUMNS, _columns, find_with_given
from portal.core.database import keyed
from portal.core.environments import Environment
from portal.core.heartbeat import newest_beat
from portal.core.prepared import DAY, NUMBER, Prepared
from portal.desk.context import _frame, _prepared
from portal.local.demo import orgnrs
from submissions.models import Dialog
from submissions.services.casework.unread import OLD, find_mark, find_unread
from submissions.services.pages import dialogs
from tests.fixtures import administrator, case_worker, portfolio, vendor

__all__ = ["administrator", "case_worker", "portfolio", "vendor"]
pytestmark = pytest.mark.django_db


def statement(act: Any) -> tuple[Any, str]:
    """What `act` gives, and the only statement that it runs."""
    with CaptureQueriesContext(connection) as queries:
        result = act()
    [query] = queries
    return result, re.sub(r"::int\d\[\]", "", query["sql"])  # as psycopg writes keys of that size


def test_rows_come_with_what_belongs_to_them(portfolio: Portfolio) -> None:
    with_portfolio = Exists(Portfolio.objects.filter(customer=OuterRef("pk"), pk=NUMBER))
    rows = keyed(Customer.objects.select_related("portfolio").order_by("pk"), [NUMBER]).annotate(is_in=with_portfolio)
    prepared = Prepared(rows, keys=[NUMBER], portfolio=NUMBER)
    first, second, _third = (
        Customer.objects.create(environment=Environment.SANDBOX, orgnr=orgnr, name=orgnr, portfolio=portfolio)
        for orgnr in orgnrs(3)
    )

    (found, said), (again, _) = (
        statement(lambda keys=keys, number=number: prepared.of(keys=keys, portfolio=number))  # type: ignore[misc]
        for keys, number in (([first.pk, second.pk], portfolio.pk), ([first.pk], -1))
    )

    assert [(row.pk, row.portfolio.name, row.is_in) for row in found] == [
        (row.pk, portfolio.name, True) for row in (first, second)
    ]
    assert [(row.pk, row.is_in) for row in again] == [(first.pk, False)]
    assert str(NUMBER) not in said


def test_a_value_that_the_statement_does_not_have_is_refused() -> None:
    with pytest.raises(ValueError, match="day"):
        Prepared(User.objects.filter(pk=NUMBER), pk=NUMBER, day=DAY)


def test_the_person_of_a_request_is_asked_for_as_before(case_worker: User, administrator: User) -> None:
    for user in (case_worker, administrator):
        rows = User.objects.filter(pk=user.pk).annotate(
            **_columns(timezone.localdate()), beat_at=Subquery(newest_beat())
        )

        found, said = statement(lambda pk=user.pk: find_with_given(pk))  # type: ignore[misc]
        _, anew = statement(lambda rows=rows: list(rows))  # type: ignore[misc]

        assert said == anew
        assert (found.pk, found.given) == (user.pk, User.objects.get(pk=user.pk).given)
        assert not set(COLUMNS) & set(found.__dict__)


def test_the_dialogs_of_a_page_are_asked_for_as_before(case_worker: User, administrator: User) -> None:
    at = timezone.now()
    for user in (case_worker, administrator):
        whose: dict[str, Any] = {"user": user, "environment": Environment.SANDBOX, "at": at}
        mark = find_mark(user=user, environment=Environment.SANDBOX)
        rows = keyed(Dialog.objects.order_by(), [1, 2])

        _, said = statement(lambda whose=whose, mark=mark: dialogs.find_loaded([1, 2], mark=mark, **whose))  # type: ignore[misc]
        _, anew = statement(lambda rows=rows, whose=whose, mark=mark: list(dialogs.loaded(rows, mark=mark, **whose)))  # type: ignore[misc]

        assert said == anew


def test_the_frame_of_a_page_is_asked_for_as_before(
    case_worker: User, administrator: User, vendor: Vendor, portfolio: Portfolio
) -> None:
    at, frames = timezone.now(), []
    for user in (case_worker, administrator):
        views = SavedView.objects.filter(user=user.pk, path="/sandbox/")
        rows = _frame(find_unread(user=user, environment=Environment.SANDBOX, at=at), views, Environment.SANDBOX)
        prepared = _prepared(user, Environment.SANDBOX)

        given = {"user": user.pk, "path": "/sandbox/", "joined": user.date_joined, "oldest": at - OLD}
        [found], said = statement(lambda prepared=prepared, given=given: prepared.of(**given))  # type: ignore[misc]
        [expected], anew = statement(lambda rows=rows: list(rows[:1]))  # type: ignore[misc]

        assert said == anew
        assert (found.pk, found.unread, found.views) == (vendor.pk, expected.unread, expected.views)
        frames.append(prepared)
    case_worker.portfolios.add(Portfolio.objects.create(name="Sør"))
    more = _prepared(User.objects.get(pk=case_worker.pk), Environment.SANDBOX)

    assert len({id(one) for one in [*frames, more]}) == 3


def test_a_person_who_sees_no_customer_has_a_frame_too(
    client: Client, case_worker: User, vendor: Vendor, portfolio: Portfolio
) -> None:
    case_worker.portfolios.clear()
    client.force_login(case_worker)

    assert client.get("/sandbox/customers/").status_code == 200
