"""The lease, for every model that workers claim: one holder at a time, fenced writes, waits, and what a person sees."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from celery.exceptions import SoftTimeLimitExceeded
from django.db import transaction
from django.utils import timezone

from portal.core import lease, lease_many
from portal.core.crypto import CannotDecrypt
from portal.core.lease import Hold, Leased
from portal.core.states import LostRace
from portal.gateways.errors import BrokenReply, Refused, Unavailable
from systemusers.models import Access, MaskinportenClient, SystemRound
from systemusers.services import keys
from tests.core.leased_rows import LEASED, MAKERS, make_due_rows
from tests.core.outbox.rig import in_threads
from tests.fixtures import AT

LATER = AT + timedelta(hours=1)
AFTER_LEASE = AT + lease.LEASE + timedelta(seconds=1)
every_model = pytest.mark.parametrize("model", LEASED, ids=[model.__name__ for model in LEASED])
threads = pytest.mark.django_db(transaction=True)
pytestmark = pytest.mark.django_db


def claim_one(model: type[Leased], *, at: Any = AT, **options: Any) -> Hold[Any]:
    [hold] = lease.claim(model._base_manager.all(), at=at, **options)
    return hold


def again(row: Any) -> Any:
    return type(row)._base_manager.get(pk=row.pk)


def columns(row: Any) -> dict[str, Any]:
    return dict(type(row)._base_manager.filter(pk=row.pk).values()[0])


def fail_with(error: Exception) -> None:
    raise error


def near(moment: Any, expected: Any) -> bool:
    """A hold's clock goes on by itself: the same moment, give or take what the test took."""
    return abs(moment - expected) < timedelta(seconds=1.5)


def test_every_model_that_is_leased_is_tested_here() -> None:
    assert set(LEASED) <= set(MAKERS)


@threads
@every_model
def test_no_two_workers_get_the_same_row(model: type[Leased]) -> None:
    make_due_rows(model, 13)
    taken: list[int] = []

    def work() -> None:
        while holds := lease.claim(model._base_manager.all(), at=AT, limit=2):
            taken.extend(hold.row.pk for hold in holds)

    in_threads(work, 5)

    assert len(taken) == len(set(taken)) == 13
    assert set(model._base_manager.values_list("attempts", "lease_until")) == {(1, AT + lease.LEASE)}


@every_model
def test_only_rows_are_claimed_whose_time_has_come_the_longest_waiting_first(model: type[Leased]) -> None:
    early, due, late, held = make_due_rows(model, 4)
    rows = model._base_manager
    rows.filter(pk=early.pk).update(next_attempt_at=AT + timedelta(microseconds=1))
    rows.filter(pk=late.pk).update(next_attempt_at=AT - timedelta(hours=1))
    rows.filter(pk=held.pk).update(lease_until=AT + timedelta(microseconds=1))

    holds = lease.claim(rows.all(), at=AT)

    assert [hold.row.pk for hold in holds] == [late.pk, due.pk]


@threads
@every_model
def test_a_row_that_another_worker_finishes_meanwhile_is_not_taken_again(model: type[Leased]) -> None:
    [row] = make_due_rows(model)
    second: list[Any] = []
    with transaction.atomic():
        claim_one(model).finish(next_attempt_at=LATER)
        in_threads(lambda: second.extend(lease.claim(model._base_manager.all(), at=AT)), 1)

    in_threads(lambda: second.extend(lease.claim(model._base_manager.all(), at=AT)), 1)

    assert (second, again(row).attempts) == ([], 1)


WRITES: dict[str, Callable[[Hold[Any]], object]] = {
    "write": lambda hold: hold.write(problem_code="X"),
    "renew": lambda hold: hold.renew(),
    "lock": lambda hold: hold.lock(),
    "finish": lambda hold: hold.finish(next_attempt_at=LATER),
    "give_back": lambda hold: hold.give_back(),
    "put_off": lambda hold: hold.put_off(code="X", wait=timedelta(0)),
    "fail": lambda hold: hold.fail(Unavailable("away")),
}


@every_model
def test_a_slow_worker_writes_nothing_once_another_has_the_row(model: type[Leased]) -> None:
    [row] = make_due_rows(model)
    slow = claim_one(model)
    claim_one(model, at=AFTER_LEASE)
    before = columns(row)

    for name, write in WRITES.items():
        lost = False
        try:
            with transaction.atomic():
                write(slow)
        except LostRace:
            lost = True
        assert (name, lost, columns(row)) == (name, True, before)


@every_model
def test_a_lease_that_runs_is_nobody_elses_and_renewing_makes_it_run_on(model: type[Leased]) -> None:
    [row] = make_due_rows(model)
    hold = claim_one(model)

    assert lease.claim(model._base_manager.all(), at=AT + lease.LEASE - timedelta(seconds=1)) == []
    hold.renew()
    assert near(again(row).lease_until, AT + lease.LEASE)
    hold.write(lease_until=AFTER_LEASE)
    assert lease.claim(model._base_manager.all(), at=AT + lease.LEASE) == []


@every_model
def test_a_finished_round_ends_the_lease_and_forgets_the_problem(model: type[Leased]) -> None:
    [row] = make_due_rows(model)
    model._base_manager.update(failures=4, problem_code="UNAVAILABLE")

    claim_one(model).finish(next_attempt_at=LATER)

    row = again(row)
    assert (row.next_attempt_at, row.lease_until, row.failures, row.problem_code) == (LATER, None, 0, "")


@every_model
@pytest.mark.parametrize("seconds", [0, 2], ids=["at the same moment", "a little later"])
def test_a_row_that_is_made_due_while_it_is_held_is_done_once_more(model: type[Leased], seconds: int) -> None:
    [row] = make_due_rows(model)
    hold, nudge = claim_one(model), AT + timedelta(seconds=seconds)

    assert lease.make_due(model._base_manager.all(), at=nudge) == 1
    while_held = lease.claim(model._base_manager.all(), at=nudge)
    hold.finish(next_attempt_at=LATER)

    assert while_held == []
    assert claim_one(model, at=nudge).row.pk == row.pk


@every_model
def test_many_rows_are_finished_in_one_go_but_not_those_that_were_lost(
    model: type[Leased], django_assert_num_queries: Any
) -> None:
    plain, nudged, lost = make_due_rows(model, 3)
    holds = {hold.row.pk: hold for hold in lease.claim(model._base_manager.all(), at=AT)}
    lease.make_due(model._base_manager.filter(pk=nudged.pk), at=AT)
    model._base_manager.filter(pk=lost.pk).update(attempts=2)

    with transaction.atomic(), django_assert_num_queries(2):
        held = lease.lock_all(holds.values())
        lease.finish_all({hold: {"next_attempt_at": LATER} for hold in held})

    assert [hold.row.pk for hold in held] == [plain.pk, nudged.pk]
    assert (again(plain).next_attempt_at, again(plain).lease_until) == (LATER, None)
    assert (again(nudged).next_attempt_at <= AT, again(nudged).lease_until) == (True, None)
    assert (again(lost).next_attempt_at, again(lost).lease_until) == (AT, AT + lease.LEASE)


@every_model
def test_each_failure_in_a_row_makes_the_wait_longer_and_a_success_ends_the_row(model: type[Leased]) -> None:
    [row] = make_due_rows(model)
    waits, at = [], AT
    for _ in range(4):
        claim_one(model, at=at).fail(Unavailable("away"))
        waits.append(round((again(row).next_attempt_at - at).total_seconds()))
        at = again(row).next_attempt_at
    assert (waits, again(row).failures, again(row).problem_code) == ([2, 4, 8, 16], 4, "UNAVAILABLE")

    claim_one(model, at=at).finish(next_attempt_at=at)
    claim_one(model, at=at).fail(BrokenReply("what"))

    assert (again(row).failures, again(row).problem_code) == (1, "BROKEN_REPLY")


@pytest.mark.parametrize(
    ("failures", "asked", "seconds"),
    [
        (1, None, 2),
        (9, None, 512),
        (10, None, 900),
        (10**6, None, 900),
        (1, 77, 77),
        (9, 9000, 9000),
        (1, 0, 1),
        (2, 0.1, 1),
        (3, 0.1, 8),
        (9, 0.1, 512),
        (1, 10**12, 86400),
    ],
)
def test_the_wait_is_what_the_remote_asked_for_and_doubles_up_to_a_limit(
    failures: int, asked: float | None, seconds: int
) -> None:
    assert lease.waiting_time(failures, asked=asked) == timedelta(seconds=seconds)


@every_model
def test_a_mended_cause_wakes_a_few_that_waited_for_it_the_longest_waiting_first(model: type[Leased]) -> None:
    rows = make_due_rows(model, 4)
    for minutes, row in enumerate(rows):
        code = "NO_KEY" if row is not rows[1] else "UNAVAILABLE"
        waits = {"problem_code": code, "next_attempt_at": AT + timedelta(minutes=10 - minutes)}
        model._base_manager.filter(pk=row.pk).update(**waits)

    woken = lease.wake(model._base_manager.all(), codes=["NO_KEY"], at=AT, limit=2)

    due = lease.due(model._base_manager.all(), at=AT).order_by("pk")
    assert (woken, [row.pk for row in due]) == (2, [rows[2].pk, rows[3].pk])


@every_model
def test_the_first_success_wakes_those_that_wait_for_the_same_and_a_failure_wakes_nobody(model: type[Leased]) -> None:
    first, same, other = make_due_rows(model, 3)
    rows = model._base_manager
    rows.update(problem_code="UNAVAILABLE", failures=2)
    rows.exclude(pk=first.pk).update(next_attempt_at=LATER)
    rows.filter(pk=other.pk).update(problem_code="NO_KEY")

    hold = claim_one(model)
    hold.fail(Unavailable("away"))
    after_failure = lease.wake_alike(rows.all(), holds=[hold], at=AT)
    hold = claim_one(model, at=again(first).next_attempt_at)
    hold.finish(next_attempt_at=LATER)
    after_success = lease.wake_alike(rows.all(), holds=[hold], at=AT)

    assert (after_failure, after_success) == (0, 1)
    assert [row.pk for row in lease.due(rows.all(), at=AT)] == [same.pk]


@every_model
def test_what_fails_three_rounds_in_a_row_is_a_persons_to_look_at(model: type[Leased]) -> None:
    [row] = make_due_rows(model)
    counted, at = [], AT
    for _ in range(3):
        claim_one(model, at=at).fail(Unavailable("away"))
        counted.append(lease.lasting_problems(model._base_manager.all()).count())
        at = again(row).next_attempt_at
    claim_one(model, at=at).finish(next_attempt_at=at)

    assert counted == [0, 0, 1]
    assert lease.lasting_problems(model._base_manager.all()).count() == 0


FOREIGN = [
    (KeyError("bug"), "INTERNAL_ERROR"),
    (OSError(28, "full"), "DISK_FULL"),
    (CannotDecrypt("x"), "CANNOT_DECRYPT"),
]


@every_model
@pytest.mark.parametrize(("error", "code"), FOREIGN, ids=[code for _, code in FOREIGN])
def test_an_error_that_no_gateway_raised_gets_a_code_and_a_wait(
    model: type[Leased], error: Exception, code: str
) -> None:
    [row] = make_due_rows(model)

    with lease.reporting(claim_one(model)):
        fail_with(error)

    row = again(row)
    assert (row.problem_code, row.failures, row.lease_until) == (code, 1, None)
    assert near(row.next_attempt_at, AT + timedelta(seconds=2))


@pytest.mark.parametrize(
    ("error", "level", "has_traceback"),
    [
        (KeyError("bug"), logging.ERROR, True),
        (BrokenReply("what"), logging.ERROR, False),
        (Refused("no", status=401), logging.ERROR, False),
        (Refused("no", status=403), logging.WARNING, False),
        (Unavailable("away"), logging.WARNING, False),
    ],
)
def test_the_log_says_what_a_person_must_look_at(
    caplog: pytest.LogCaptureFixture, error: Exception, level: int, has_traceback: bool
) -> None:
    make_due_rows(LEASED[0])

    with lease.reporting(claim_one(LEASED[0])):
        fail_with(error)

    [record] = [record for record in caplog.records if record.name == lease.__name__]
    assert (record.levelno, bool(record.exc_info)) == (level, has_traceback)


@every_model
def test_a_round_that_lost_its_row_ends_quietly_and_changes_nothing(
    model: type[Leased], caplog: pytest.LogCaptureFixture
) -> None:
    [row] = make_due_rows(model)
    slow = claim_one(model)
    claim_one(model, at=AFTER_LEASE)
    before = columns(row)
    caplog.set_level(logging.INFO, lease.__name__)

    with lease.reporting(slow):
        slow.renew()
    with lease.reporting(slow):
        fail_with(KeyError("a bug after the row was lost"))

    assert columns(row) == before
    assert [record.levelname for record in caplog.records] == ["INFO", "ERROR", "INFO"]


@every_model
def test_the_time_limit_of_the_task_is_noted_and_ends_the_batch(model: type[Leased]) -> None:
    make_due_rows(model, 2)
    holds, done = lease.claim(model._base_manager.all(), at=AT), []

    def work(hold: Hold[Any]) -> None:
        done.append(hold)
        raise SoftTimeLimitExceeded

    with pytest.raises(SoftTimeLimitExceeded):
        lease.work_through(holds, work)

    assert (len(done), again(holds[0].row).problem_code, again(holds[1].row).problem_code) == (1, "TIMED_OUT", "")


@every_model
def test_one_row_that_fails_does_not_stop_the_others(model: type[Leased]) -> None:
    make_due_rows(model, 3)
    holds = lease.claim(model._base_manager.all(), at=AT)

    def work(hold: Hold[Any]) -> None:
        if hold is holds[1]:
            raise KeyError("bug")
        hold.finish(next_attempt_at=LATER)

    lease.work_through(holds, work)

    assert [again(hold.row).problem_code for hold in holds] == ["", "INTERNAL_ERROR", ""]


@every_model
def test_what_a_batch_does_not_reach_in_time_is_given_back_as_it_was(
    model: type[Leased], monkeypatch: pytest.MonkeyPatch
) -> None:
    [row] = make_due_rows(model)
    monkeypatch.setattr(lease, "ENOUGH", timedelta(seconds=-1))

    lease.work_through(lease.claim(model._base_manager.all(), at=AT), WRITES["fail"])

    row = again(row)
    assert (row.next_attempt_at, row.lease_until, row.failures) == (AT, None, 0)


@every_model
def test_a_person_who_waits_takes_a_row_before_its_time_and_gives_it_back_as_it_was(model: type[Leased]) -> None:
    [row] = make_due_rows(model, at=LATER)
    mine = model._base_manager.filter(pk=row.pk)

    hold = lease.take(mine, at=AT)
    with pytest.raises(LostRace):
        lease.take(mine, at=AT)
    hold.give_back()

    now = again(row)
    assert (now.next_attempt_at, now.lease_until, now.attempts) == (LATER, None, 1)


@pytest.mark.parametrize("model", [Access, SystemRound])
def test_a_row_that_stopped_is_due_again_only_when_somebody_makes_it_due(model: type[Leased]) -> None:
    make_due_rows(model)
    hold = claim_one(model)

    hold.stop(code="HTTP-403")
    later = lease.claim(model._base_manager.all(), at=AT + timedelta(days=400))
    lease.make_due(model._base_manager.filter(pk=hold.row.pk), at=AT)

    now = again(hold.row)
    assert (later, now.problem_code, now.failures, now.next_attempt_at) == ([], "HTTP-403", 1, AT)


AHEAD, BEHIND = timedelta(minutes=10), timedelta(minutes=-10)
REAL_NOW = timezone.now


@contextmanager
def clock_off_by(wrong: timedelta) -> Iterator[None]:
    """What a worker sees on a machine whose clock is wrong: its `at` comes from the same clock."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(timezone, "now", lambda: REAL_NOW() + wrong)
        yield


@every_model
@pytest.mark.parametrize("wrong", [AHEAD, BEHIND], ids=["ahead", "behind"])
def test_workers_whose_clocks_differ_agree_on_who_has_a_row(model: type[Leased], wrong: timedelta) -> None:
    [row] = make_due_rows(model, at=AT - timedelta(hours=1))
    rows, seconds = model._base_manager.all(), timedelta(seconds=1)

    claim_one(model)
    with clock_off_by(wrong):
        while_it_runs = lease.claim(rows, at=AT + lease.LEASE - 30 * seconds + wrong)
        afterwards = lease.claim(rows, at=AT + lease.LEASE + 30 * seconds + wrong)

    assert while_it_runs == []
    assert [hold.row for hold in afterwards] == [row]
    assert near(again(row).lease_until, AT + 2 * lease.LEASE + 30 * seconds)


@every_model
@pytest.mark.parametrize("wrong", [AHEAD, BEHIND], ids=["ahead", "behind"])
def test_a_lease_of_a_worker_with_a_wrong_clock_is_as_long_as_any(model: type[Leased], wrong: timedelta) -> None:
    [row] = make_due_rows(model, at=AT - timedelta(hours=1))
    rows = model._base_manager.filter(pk=row.pk)

    with clock_off_by(wrong):
        hold = claim_one(model, at=AT + wrong)
        claimed = again(row).lease_until
        hold.renew()

    assert near(claimed, AT + lease.LEASE)
    assert near(again(row).lease_until, AT + lease.LEASE)
    assert rows.filter(lease.held(at=AT)).exists()
    assert not rows.filter(lease.free(at=AT)).exists()
    assert rows.filter(lease.free(at=AT + lease.LEASE + timedelta(minutes=1))).exists()


@every_model
def test_one_row_that_cannot_be_done_does_not_keep_its_batch_back(model: type[Leased]) -> None:
    rows = make_due_rows(model, 3)
    bad = rows[1].pk

    def work(holds: list[Hold[Any]]) -> None:
        with transaction.atomic():
            mine = lease.lock_all(holds)
            lease.finish_all({hold: {"next_attempt_at": LATER} for hold in mine})
            if bad in {hold.row.pk for hold in mine}:
                raise ValueError("bad")

    holds = lease.claim(model._base_manager.all(), at=AT)
    lease_many.work_as_one(holds, work)

    assert [again(row).problem_code for row in rows] == ["", "INTERNAL_ERROR", ""]
    assert [again(row).failures for row in rows] == [0, 1, 0]


def test_a_batch_that_gets_no_answer_is_not_asked_row_by_row() -> None:
    make_due_rows(SystemRound, 3)
    calls = []

    def work(holds: list[Hold[Any]]) -> None:
        calls.append(len(holds))
        raise Unavailable("away")

    lease_many.work_as_one(lease.claim(SystemRound.objects.all(), at=AT), work)

    assert calls == [3]
    assert set(SystemRound.objects.values_list("failures", flat=True)) == {1}


WITHOUT_A_KEY = {
    "Campaign", "ClientRelation", "CustomerImport", "DueRound", "FoundSystemUser", "Heap", "Invitation", "NotificationPlan",
    "OfferedRound", "OutboxMessage", "PackageCheck", "RegisterRound",
}  # fmt: skip
"""Their work needs no token of a client of ours."""
BY_A_PERSON = {"KeyRotation"}


@pytest.mark.parametrize("model", LEASED, ids=[model.__name__ for model in LEASED])
def test_a_mended_key_wakes_every_model_whose_work_needs_one(model: type[Leased]) -> None:
    client = MaskinportenClient(pk=1)
    woken = {rows(client).model.__name__ for rows in keys.WAITING}

    assert (model.__name__ in woken) != (model.__name__ in WITHOUT_A_KEY | BY_A_PERSON)
