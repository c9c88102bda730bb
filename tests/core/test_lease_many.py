"""Leases of many rows at once: the lost are left out, the nudged stay due."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import transaction

from portal.core import lease, lease_many
from portal.core.side_by_side import side_by_side
from systemusers.models import SystemRound
from tests.core.test_lease import AT, again, make_due_rows, near

pytestmark = pytest.mark.django_db


def test_leases_are_renewed_but_not_those_that_were_lost() -> None:
    plain, lost = make_due_rows(SystemRound, 2)
    later = AT + timedelta(seconds=90)
    holds = lease.claim(SystemRound.objects.all(), at=AT)
    for hold in holds:
        hold.at = later
    SystemRound.objects.filter(pk=lost.pk).update(attempts=7)

    mine = lease_many.renew_all(holds)

    assert [hold.row.pk for hold in mine] == [plain.pk]
    assert near(again(plain).lease_until, later + lease.LEASE)
    assert near(again(lost).lease_until, AT + lease.LEASE)


def test_leases_are_ended_and_a_row_that_was_made_due_meanwhile_stays_due() -> None:
    plain, nudged, lost = make_due_rows(SystemRound, 3)
    holds = lease.claim(SystemRound.objects.all(), at=AT)
    lease.make_due(SystemRound.objects.filter(pk=nudged.pk), at=AT)
    SystemRound.objects.filter(pk=lost.pk).update(attempts=7)

    lease_many.end_all(holds)

    assert (again(plain).next_attempt_at, again(plain).lease_until) == (None, None)
    assert (again(nudged).next_attempt_at <= AT, again(nudged).lease_until) == (True, None)
    assert again(lost).lease_until is not None
    assert [hold.is_finished for hold in holds] == [True, True, False]


def test_work_that_fails_together_is_done_alone() -> None:
    rows = make_due_rows(SystemRound, 3)

    class Work:
        def __init__(self, hold: lease.Hold[SystemRound]) -> None:
            self.hold = hold

    def work(those: list[Work]) -> None:
        if rows[1].pk in {one.hold.row.pk for one in those}:
            raise ValueError("bad")
        lease_many.end_all([one.hold for one in those])

    lease_many.alone_if_it_fails(work, [Work(hold) for hold in lease.claim(SystemRound.objects.all(), at=AT)])

    assert [again(row).problem_code for row in rows] == ["", "INTERNAL_ERROR", ""]


def test_work_that_failed_after_its_end_was_written_is_not_finished() -> None:
    """What waits for the same problem is woken by what is finished: a failure must not look like a success."""
    make_due_rows(SystemRound, 2)

    def work(holds: list[lease.Hold[SystemRound]]) -> None:
        with transaction.atomic():
            lease.finish_all({hold: {"next_attempt_at": None} for hold in lease.lock_all(holds)})
            raise ValueError("late")

    holds = lease.claim(SystemRound.objects.all(), at=AT)
    lease_many.work_as_one(holds, work, longest=timedelta(seconds=1))

    assert [hold.is_finished for hold in holds] == [False, False]
    assert {row.next_attempt_at < AT + timedelta(seconds=30) for row in SystemRound.objects.all()} == {True}


def test_all_items_are_worked_on_and_an_error_is_raised() -> None:
    given = dict(pair for group in side_by_side(lambda item: item * item, [1, 2, 3, 4], threads=2) for pair in group)

    assert given == {1: 1, 2: 4, 3: 9, 4: 16}
    with pytest.raises(ZeroDivisionError):
        list(side_by_side(lambda item: 1 // item, [1, 0], threads=2))
