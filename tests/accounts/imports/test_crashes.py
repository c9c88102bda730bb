"""A worker that dies before any statement of its work: the next one goes on, and every customer is made once."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from accounts.models import Customer, CustomerImport, CustomerImportRow, User, Vendor
from accounts.services.imports import ordering, storing, undoing, work
from portal.core.audit import AuditEvent
from tests.accounts.imports.rig import FIRST, SECOND, THIRD, begin, states, verdicts, work_to_the_end
from tests.fixtures import AT

S, R = CustomerImport.Status, CustomerImportRow.State
LATER = AT + timedelta(minutes=4)
"""When the lease of the dead has run out."""
TEXT = f"Orgnr;Kundenr\n{FIRST};K1\n{SECOND};K2\n{THIRD};K3\n310200042;K4\n12;K5"


class Died(BaseException):
    """The worker was killed: no `except Exception` sees it."""


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch, vendor: Vendor, settings: Any) -> None:
    settings.ENVIRONMENTS = ("SANDBOX", "TEST", "PRODUCTION")
    monkeypatch.setattr(storing, "BATCH", 2)
    monkeypatch.setattr(undoing, "BATCH", 2)


def dies(at_statement: int) -> bool:
    """Whether a worker met its death before the statement with this number; what its transaction had not committed is gone."""
    left = at_statement

    def count(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        nonlocal left
        left -= 1
        if left < 0 and not sql.startswith(("ROLLBACK", "RELEASE")):
            raise Died
        return execute(sql, params, many, context)

    try:
        with connection.execute_wrapper(count):
            work.run(at=AT)
    except Died:
        return True
    return False


def each_death(prepare: Callable[[], CustomerImport]) -> Iterator[CustomerImport]:
    """The import after a worker died, once for every statement, and after the next worker has done the rest."""
    for number in itertools.count():
        with transaction.atomic():
            row = prepare()
            has_died = dies(number)
            work_to_the_end(at=LATER)
            row.refresh_from_db()
            yield row
            transaction.set_rollback(True)
        if not has_died:
            break
    assert number > 12


def test_judging_is_done_to_its_end(administrator: User) -> None:
    for row in each_death(lambda: begin(administrator, TEXT)):
        assert (row.status, verdicts(row)) == (S.PREVIEW, ["NEW"] * 4 + ["INVALID"])


def confirmed(user: User) -> CustomerImport:
    Customer.objects.create(environment="TEST", orgnr=THIRD, name="Li AS", reference="K0")
    row = begin(user, TEXT)
    work_to_the_end()
    row.refresh_from_db()
    ordering.confirm(row=row, user=user, shown=ordering.token_of(row), at=AT)
    return row


def test_every_customer_is_made_once_with_one_trace(administrator: User) -> None:
    for row in each_death(lambda: confirmed(administrator)):
        assert (row.status, states(row)) == (S.DONE, [R.MADE, R.MADE, R.WRITTEN, R.MADE, ""])
        assert list(Customer.objects.order_by("orgnr").values_list("reference", flat=True)) == ["K1", "K2", "K3", "K4"]
        traces = AuditEvent.objects.filter(what__in=["added", "edited"], target__startswith="accounts.Customer:")
        assert traces.count() == 4


def to_undo(user: User) -> CustomerImport:
    row = confirmed(user)
    work_to_the_end()
    row.refresh_from_db()
    ordering.undo(row=row, user=user, at=AT)
    return row


def test_every_customer_is_taken_back_once_with_one_trace(administrator: User) -> None:
    for row in each_death(lambda: to_undo(administrator)):
        assert (row.status, states(row)) == (S.UNDONE, [R.UNDONE] * 4 + [""])
        assert list(Customer.objects.values_list("orgnr", "reference")) == [(THIRD, "K0")]
        assert AuditEvent.objects.filter(what="deleted", target__startswith="accounts.Customer:").count() == 3


def test_a_slow_worker_does_not_write_over_the_next_one(administrator: User) -> None:
    from portal.core import lease
    from portal.core.states import LostRace

    row = confirmed(administrator)
    [slow] = lease.claim(CustomerImport.objects.filter(status=S.STORING), at=AT)
    work_to_the_end(at=LATER)

    with pytest.raises(LostRace):
        storing.step(slow)

    row.refresh_from_db()
    assert row.status == S.DONE
    assert Customer.objects.count() == 4
