"""A deletion is said before it is done, is done batch by batch, and survives whatever happens to the worker."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.sessions.models import Session

from accounts.models import Customer, CustomerNote
from portal.core.audit import AuditEvent
from portal.core.retention import periods, work
from portal.core.retention.rule import Rule
from portal.core.retention.run import PurgeRun
from portal.desk.kept.rules import RULES
from portal.desk.kept.texts import OF_ONE, TEXTS
from tests.fixtures import AT

pytestmark = pytest.mark.django_db
OLD = AT - timedelta(days=2000)
NOTES = RULES["notes"]
BY = "user:ida@vendor.example"


@pytest.fixture
def notes(customer: Customer) -> list[CustomerNote]:
    made = [CustomerNote(customer=customer, author=BY, written_at=OLD, text=f"note {n}") for n in range(5)]
    CustomerNote.objects.bulk_create([*made, CustomerNote(customer=customer, author=BY, written_at=AT, text="young")])
    return list(CustomerNote.objects.filter(written_at=OLD))


def run_of(kind: str = "notes") -> PurgeRun:
    return PurgeRun.objects.get(kind=kind)


def go_on(rule: Rule = NOTES, *, at: datetime = AT + NOTES.notice) -> int:
    return work.work({rule.kind: rule}, at=at)


def told(what: str) -> list[dict[str, Any]]:
    return list(AuditEvent.objects.filter(what=what).values_list("detail", flat=True))


def test_every_period_has_a_rule_and_words() -> None:
    assert set(RULES) == set(periods.PERIODS) == set(TEXTS)
    assert {kind for kind, rule in RULES.items() if rule.of_customer} == set(OF_ONE)


def test_the_plan_says_what_will_be_done_before_anything_is_done(notes: list[CustomerNote]) -> None:
    planned = work.plan([NOTES], at=AT)

    assert planned == 1
    assert (run_of().planned, run_of().done, run_of().begins_at) == (5, 0, AT + NOTES.notice)
    assert told("purge-planned") == [{"kind": "notes", "number": 5}]
    assert go_on(at=AT + NOTES.notice - timedelta(seconds=1)) == 0
    assert CustomerNote.objects.count() == 6


def test_what_is_old_goes_and_the_rest_stays(notes: list[CustomerNote]) -> None:
    work.plan([NOTES], at=AT)

    assert go_on() == 5

    assert list(CustomerNote.objects.values_list("text", flat=True)) == ["young"]
    assert run_of().finished_at == AT + NOTES.notice
    assert told("purged") == [{"kind": "notes", "number": 5}]
    assert len(told("note-deleted")) == 5
    assert go_on(at=AT + timedelta(days=30)) == 0


def test_a_rule_has_one_open_run(notes: list[CustomerNote]) -> None:
    assert [work.plan([NOTES], at=AT + timedelta(days=day)) for day in range(3)] == [1, 0, 0]


def test_nothing_old_is_no_run(customer: Customer) -> None:
    assert work.plan(RULES.values(), at=AT) == 0


def test_without_end_means_that_nothing_goes(notes: list[CustomerNote], settings: Any) -> None:
    settings.KEPT = {**settings.KEPT, "notes": 0}

    assert work.plan([NOTES], at=AT) == 0


@pytest.mark.parametrize("stops_after", range(4))
def test_a_worker_that_dies_leaves_a_run_that_goes_on(notes: list[CustomerNote], stops_after: int) -> None:
    work.plan([NOTES], at=AT)
    calls: list[int] = []

    def dies(rows: Sequence[Any], by: str, at: datetime) -> set[str]:
        calls.append(len(rows))
        gone = NOTES.empty(rows, by, at)
        if len(calls) > stops_after:
            raise SystemExit
        return gone

    rule = replace(NOTES, batch=2, empty=dies)
    try:
        go_on(rule)
    except SystemExit:
        assert run_of().done == 2 * stops_after, "a batch and its count are one transaction"

    go_on(replace(NOTES, batch=2))
    assert run_of().done == 5
    assert run_of().finished_at is not None
    assert len(told("note-deleted")) == 5
    assert len(told("purged")) == 1


def test_a_file_goes_after_the_commit_of_its_row(notes: list[CustomerNote]) -> None:
    seen: list[tuple[set[str], int]] = []
    rule = replace(
        NOTES,
        empty=lambda rows, by, at: NOTES.empty(rows, by, at) or {"a hash"},
        forget=lambda hashes: seen.append((hashes, CustomerNote.objects.count())),
    )
    work.plan([rule], at=AT)

    go_on(rule)

    assert seen == [({"a hash"}, 1)]


def test_one_that_fails_does_not_stop_the_others(notes: list[CustomerNote], caplog: Any) -> None:
    def fails(rows: Sequence[Any], by: str, at: datetime) -> set[str]:
        raise ValueError("a fault of ours")

    Session.objects.create(session_key="old", session_data="", expire_date=OLD)
    broken = replace(NOTES, empty=fails)
    rules = {"notes": broken, "sessions": RULES["sessions"]}
    work.plan(rules.values(), at=AT)

    work.work(rules, at=AT + timedelta(days=8))

    assert not Session.objects.exists()
    assert run_of().problem_code == "INTERNAL_ERROR"
    assert go_on(at=AT + timedelta(days=9)) == 5
    assert run_of().problem_code == ""


def test_an_administrator_can_put_it_off_once_more_each_time(notes: list[CustomerNote]) -> None:
    work.plan([NOTES], at=AT)

    assert work.postpone(run_of(), by=BY, at=AT)

    assert run_of().begins_at == AT + NOTES.notice + work.POSTPONED_BY
    assert go_on() == 0
    assert told("purge-postponed") == [{"kind": "notes"}]


def test_what_is_done_is_not_put_off(notes: list[CustomerNote]) -> None:
    work.plan([NOTES], at=AT)
    go_on()

    assert not work.postpone(run_of(), by=BY, at=AT)
