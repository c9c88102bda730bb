"""A worker that dies between any two lines, and messages that come twice: each mail once."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import count
from types import FrameType
from typing import Any

import pytest
from django.db import connection, transaction

from portal.core import lease
from systemusers.models import Access, CustomerMail
from systemusers.services import invitations
from tests.core.outbox.smtp import MailServer
from tests.systemusers.invitations.rig import kinds, plan_of, work
from tests.systemusers.world import BY, World

OURS = ("systemusers/services/invitations/work.py", "systemusers/services/invitations/results.py")
PURE = {"next_step", "_step", "_stop", "_end"}
"""They decide, and touch nothing: a death in them is one before the line that calls them."""
pytestmark = pytest.mark.usefixtures("reachable", "vendor")


class Died(BaseException):
    """The worker was killed: no `except Exception` sees it."""


@contextmanager
def dying_before_line(number: int) -> Iterator[list[int]]:
    """The process ends before the `number`th line of ours that it would run. Yields a list whose length is the lines run."""
    lines: list[int] = []

    def trace(frame: FrameType, event: str, argument: Any) -> Any:
        if not frame.f_code.co_filename.endswith(OURS) or frame.f_code.co_name in PURE:
            return None
        if event == "line":
            lines.append(frame.f_lineno)
            if len(lines) == number:
                raise Died
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        yield lines
    finally:
        sys.settrace(before)


def test_a_worker_that_dies_between_any_two_lines_leaves_one_mail(sent: Access, smtp: MailServer, world: World) -> None:
    invitations.order(accesses=[sent.pk], by=BY, at=world.at)
    deaths = 0
    for number in count(1):
        smtp.mails.clear()
        with rolled_back():
            died = _dies(number, world.at)
            for later in (1, 2):
                work(world.at + (lease.LEASE + timedelta(seconds=1)) * later)

            assert (kinds(sent), len(smtp.mails)) == ([("INVITATION", 1)], 1), f"line {number}"
            assert plan_of(sent).told_how == "MAIL", f"line {number}"
        if not died:
            break
        deaths += 1

    assert deaths > 30


def _dies(number: int, at: datetime) -> bool:
    """Whether the worker had so many lines to run. What it had not committed is gone, as when its connection ends."""
    outer = list(connection.savepoint_ids)
    try:
        with dying_before_line(number):
            invitations.work_due(at=at)
            invitations.note_results(at=at)
    except Died:
        for savepoint in connection.savepoint_ids[len(outer) :][:1]:  # it died as the block ended
            connection._savepoint_rollback(savepoint)
        connection.savepoint_ids, connection.needs_rollback = outer, False
        return True
    return False


@contextmanager
def rolled_back() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.mark.django_db(transaction=True)
def test_messages_that_come_twice_send_each_mail_once(sent: Access, smtp: MailServer, world: World) -> None:
    rows = [sent, *_more(sent, 40)]
    invitations.order(accesses=[row.pk for row in rows], by=BY, at=world.at)

    at_once(4, lambda: work(world.at))
    work(world.at)

    assert sorted(CustomerMail.objects.values_list("access", flat=True)) == sorted(row.pk for row in rows)
    assert len(smtp.mails) == len(rows)


@pytest.mark.django_db(transaction=True)
def test_orders_given_at_once_are_one_plan_each(sent: Access, smtp: MailServer, world: World) -> None:
    rows = [sent, *_more(sent, 10)]

    at_once(4, lambda: invitations.order(accesses=[row.pk for row in rows], by=BY, at=world.at))
    work(world.at)

    assert len(smtp.mails) == len(rows)


def test_a_stop_while_a_worker_has_the_row_wins(sent: Access, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    invitations.order(accesses=[sent.pk], by=BY, at=world.at)
    usual = lease.lock_all

    def stopped_meanwhile(holds: Any) -> Any:
        invitations.stop(access=sent, by="customer:link", at=world.at, why="BY_CUSTOMER")
        return usual(holds)

    monkeypatch.setattr(lease, "lock_all", stopped_meanwhile)
    invitations.work_due(at=world.at)

    assert (kinds(sent), plan_of(sent).stopped_why) == ([], "BY_CUSTOMER")


def _more(row: Access, number: int) -> list[Access]:
    return Access.objects.bulk_create(
        Access(
            environment=row.environment, customer=row.customer, profile=row.profile, status_at=row.status_at, status="SENT",
            external_ref=f"more-{index}", requested_by=BY, next_attempt_at=row.status_at, altinn_id=f"more-{index}",
        )
        for index in range(number)
    )  # fmt: skip


def at_once(number: int, act: Any) -> None:
    gate, errors = threading.Barrier(number), []

    def run() -> None:
        try:
            gate.wait(timeout=60)
            act()
        except Exception as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert errors == []
