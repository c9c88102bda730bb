"""What waits in the database, and rows that a worker has left lying."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from portal.core import lease
from portal.desk.operation import waiting as module
from portal.desk.operation.kinds import KINDS, NOT_SWEPT
from portal.desk.operation.waiting import QUIET, left, waiting
from submissions.models import Order, PollCursor
from tests.core.leased_rows import LEASED, make_due_rows
from tests.core.operation.rig import make_cursors
from tests.fixtures import AT
from tests.submissions.world import World

pytestmark = pytest.mark.django_db
LATER = AT + timedelta(minutes=3)


def of(code: str) -> module.Waiting:
    return next(each for each in waiting(at=LATER) if each.kind.code == code)


def test_every_kind_of_row_that_workers_take_is_there() -> None:
    shown = {kind.rows().model._meta.label for kind in KINDS}

    assert shown == {model._meta.label for model in LEASED} - set(NOT_SWEPT)
    assert len({kind.code for kind in KINDS}) == len(KINDS)


def test_nothing_waits_where_nothing_is() -> None:
    assert {(each.number, each.since) for each in waiting(at=AT)} == {(0, None)}
    assert left(at=AT) == []


def test_the_oldest_of_a_kind_is_told_with_their_number(world: World) -> None:
    make_cursors(world, 3, at=AT)
    PollCursor.objects.filter(pk=PollCursor.objects.earliest("pk").pk).update(next_attempt_at=AT - timedelta(hours=1))

    assert (of("cursor").number, of("cursor").since) == (3, AT - timedelta(hours=1))
    assert not of("cursor").is_more


def test_rows_in_the_hands_of_a_worker_do_not_wait(world: World) -> None:
    make_cursors(world, 2, at=AT)
    lease.claim(PollCursor.objects.all(), at=LATER, limit=1)

    assert of("cursor").number == 1


def test_no_more_than_a_limit_is_counted(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST", 2)
    make_cursors(world, 4, at=AT)

    assert (of("cursor").number, of("cursor").is_more) == (3, True)


def test_rows_that_no_worker_wants_do_not_wait(world: World) -> None:
    [cursor] = make_cursors(world, 1, at=AT)
    type(cursor.access.customer).objects.update(archived_at=AT, end_asked_at=AT, end_asked_by="x")

    assert of("cursor").number == 0


def test_a_row_without_a_sign_for_long_is_left() -> None:
    [order] = make_due_rows(Order)
    lease.claim(Order.objects.all(), at=AT)

    assert left(at=AT + QUIET - timedelta(seconds=1)) == []
    [row] = left(at=AT + QUIET + timedelta(seconds=1))
    assert (row.kind.code, row.pk, row.attempt, row.sign_at, row.is_over) == ("order", order.pk, 1, AT, False)
    assert row.customer == order.customer.name


def test_a_worker_that_renews_its_lease_is_not_shown() -> None:
    make_due_rows(Order)
    [hold] = lease.claim(Order.objects.all(), at=AT)
    hold.at += timedelta(minutes=2)

    hold.renew()

    assert left(at=AT + timedelta(minutes=3)) == []


def test_a_row_that_is_given_back_while_the_page_is_made_is_left_out() -> None:
    [order] = make_due_rows(Order)

    assert module._described(module.BY_CODE["order"], [order.pk], AT) == []


def test_a_lease_that_has_ended_is_shown_until_the_row_is_taken_again() -> None:
    make_due_rows(Order)
    lease.claim(Order.objects.all(), at=AT)
    after = AT + lease.LEASE + timedelta(minutes=1)
    assert [row.is_over for row in left(at=after)] == [True]

    [hold] = lease.claim(Order.objects.all(), at=after)

    assert left(at=after) == []
    hold.finish(next_attempt_at=None)
    assert left(at=after + timedelta(hours=1)) == []


def test_the_number_of_queries_does_not_depend_on_what_is_stored(world: World) -> None:
    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as some:
            waiting(at=LATER)
            left(at=LATER)
        return len(some)

    before = queries()
    make_cursors(world, 3, at=AT)

    assert before == queries() == 3


def test_the_claims_are_those_of_the_workers(monkeypatch: Any) -> None:
    """Each kind's rows can be claimed as they are: the same query that a worker makes."""
    for kind in KINDS:
        assert lease.claim(kind.rows(), at=AT) == []
