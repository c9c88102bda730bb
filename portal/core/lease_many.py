"""Leases of many rows of one model in few statements: what a `Hold` does for one. Rows that were lost are left out, not raised."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from typing import Any, Protocol, TypeVar

from celery.exceptions import SoftTimeLimitExceeded
from django.db import transaction

from portal.core import lease
from portal.core.lease import Hold, Row
from portal.gateways.errors import GatewayError


class Held(Protocol):
    """Work with one row that is held."""

    @property
    def hold(self) -> Hold[Any]: ...


Work = TypeVar("Work", bound=Held)


def renew_all(holds: Iterable[Hold[Row]]) -> list[Hold[Row]]:
    """Push the ends of the leases forward, before calls outside. Gives those that are still ours."""
    with transaction.atomic():
        mine = lease.lock_all(holds)
        if mine:
            _rows(mine).update(lease_until=mine[0].until())
    return mine


def end_all(holds: Iterable[Hold[Row]]) -> None:
    """The rounds succeeded: end the leases. A row that was made due meanwhile stays due."""
    done: dict[str, Any] = {"lease_until": None, "failures": 0, "problem_code": ""}
    with transaction.atomic():
        mine = lease.lock_all(holds)
        nudged, quiet = [hold for hold in mine if hold.is_nudged], [hold for hold in mine if not hold.is_nudged]
        if nudged:
            _rows(nudged).update(**done)
        if quiet:
            _rows(quiet).update(next_attempt_at=None, **done)
    for hold in mine:
        hold._take({"next_attempt_at": None})


def alone_if_it_fails(work: Callable[[Sequence[Work]], object], those: Sequence[Work]) -> None:
    """`work_as_one` for work that knows its hold."""
    by_hold = {one.hold: one for one in those}
    if by_hold:
        work_as_one(list(by_hold), lambda holds: work([by_hold[hold] for hold in holds]))


def work_as_one(
    holds: list[Hold[Row]], work: Callable[[list[Hold[Row]]], object], *, longest: timedelta = lease.LONGEST_WAIT
) -> None:
    """`work` for a batch. When a fault of ours ends it, that is logged and each row is done alone: one row does not keep the
    others back. `longest`: that a row waits after its error.
    """
    failures = [hold.row.failures for hold in holds]
    try:
        work(holds)
    except Exception as error:
        is_for_all = len(holds) == 1 or isinstance(error, GatewayError | SoftTimeLimitExceeded)
        if not is_for_all:
            lease.log_problem(holds[0], error)
        for hold, number in zip(holds, failures, strict=True):
            hold.row.failures, hold.is_finished = number, False
            if not is_for_all:
                work_as_one([hold], work, longest=longest)
                continue
            with lease.reporting(hold, longest=longest):
                raise error


def _rows(holds: Sequence[Hold[Any]]) -> Any:
    return type(holds[0].row)._base_manager.filter(pk__in=[hold.row.pk for hold in holds])
