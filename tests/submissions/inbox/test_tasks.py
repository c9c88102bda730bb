"""The reading worker's tasks: each message takes a batch of what is due, and a message too many changes nothing."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from celery import current_app
from django.db import transaction
from django.utils import timezone

from portal.core import lease
from submissions import tasks
from submissions.models import Dialog, PollCursor
from submissions.services.inbox import cursors, poll
from tests.submissions.inbox.reading import Reading


@pytest.fixture(autouse=True)
def same_clock(reading: Reading, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timezone, "now", lambda: reading.world.at)


@pytest.fixture
def woken(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The tasks that a message was sent for, by the last part of their names. Messages hold nothing else."""
    names: list[str] = []
    monkeypatch.setattr(current_app, "send_task", lambda name, **_: names.append(name.rsplit(".", 1)[-1]))
    return names


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The test's own transaction never ends, so what waits for a commit is done at once."""
    monkeypatch.setattr(transaction, "on_commit", lambda work: work())


def test_the_sweep_makes_a_cursor_and_polls_it_and_a_second_message_asks_nothing(reading: Reading) -> None:
    tasks.sweep_cursors.apply(throw=True)
    before = reading.calls()
    tasks.sweep_cursors.apply(throw=True)
    tasks.poll_cursors.apply(kwargs={"something_new": 1}, throw=True)

    assert PollCursor.objects.get().polled_at is not None
    assert before == reading.calls() != []


def test_a_poll_wakes_one_worker_for_all_dialogs_that_moved(reading: Reading, woken: list[str]) -> None:
    for _ in range(3):
        reading.opens()

    tasks.sweep_cursors.apply(throw=True)

    assert woken == ["pull_dialogs"]


@pytest.mark.parametrize(("waiting", "messages"), [(1, []), (2, ["poll_cursors"]), (3, ["poll_cursors"])])
def test_a_full_batch_wakes_one_more_worker(
    reading: Reading, woken: list[str], monkeypatch: pytest.MonkeyPatch, waiting: int, messages: list[str]
) -> None:
    for _ in range(waiting - 1):
        reading.world.another_access()
    cursors.make_cursors(at=reading.world.at)

    poll.poll_due(at=reading.world.at, limit=2)

    assert woken == messages


def test_a_pull_that_fails_is_tried_again_by_the_sweep(reading: Reading) -> None:
    reading.opens()
    reading.poll()
    reading.fault(status=500)

    tasks.pull_dialogs.apply(throw=True)
    failed = Dialog.objects.get()
    reading.world.let_pass(60)
    tasks.pull_dialogs.apply(throw=True)

    assert (failed.problem_code, failed.failures) == ("UNAVAILABLE", 1)
    assert Dialog.objects.get().next_attempt_at is None


def test_an_event_while_somebody_asks_asks_nothing_and_is_seen_to_afterwards(reading: Reading) -> None:
    cursors.make_cursors(at=reading.world.at)
    hold = lease.claim(cursors.usable(), at=reading.world.at)[0]
    cursors.make_due(access_id=reading.world.access.pk, at=reading.world.at)
    before = reading.calls()

    tasks.poll_cursors.apply(throw=True)
    while_held = reading.calls()
    hold.finish(next_attempt_at=reading.world.at + timedelta(hours=1))
    tasks.poll_cursors.apply(throw=True)

    assert while_held == before
    assert len(reading.calls()) > len(before)


def test_the_first_success_after_an_outage_wakes_those_that_wait_for_the_same(
    reading: Reading, woken: list[str]
) -> None:
    reading.world.another_access()
    reading.fault(status=503, times=2)
    reading.poll()
    waiting = PollCursor.objects.filter(problem_code="UNAVAILABLE").order_by("pk")
    failed = len(waiting)
    waiting.filter(pk=waiting[0].pk).update(next_attempt_at=reading.world.at + timedelta(minutes=1))
    waiting.exclude(pk=waiting[0].pk).update(next_attempt_at=reading.world.at + timedelta(hours=1))
    reading.world.let_pass(61)

    tasks.poll_cursors.apply(throw=True)
    due = lease.due(PollCursor.objects.all(), at=reading.world.at).count()

    assert (failed, due, woken) == (2, 1, ["poll_cursors"])


def test_the_sweep_asks_for_the_subscriptions_that_lack(reading: Reading, settings: Any) -> None:
    settings.PORTAL_URL = "https://portal.example"
    next(iter(reading.world.app.state.clients.values())).scopes.append("altinn:events.subscribe")

    tasks.sweep_subscriptions.apply(throw=True)
    tasks.subscribe.apply(throw=True)

    assert len(reading.calls("/subscriptions")) == 2  # one order, and a look for older ones


def test_the_clock_starts_every_sweep(settings: Any) -> None:
    scheduled = {entry["task"]: entry["schedule"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}

    assert scheduled["submissions.tasks.sweep_cursors"] == 5
    assert scheduled["submissions.tasks.pull_dialogs"] == 10
    assert {"sweep_subscriptions", "plan_purges", "purge"} <= {name.rsplit(".", 1)[-1] for name in scheduled}
    assert scheduled["portal.tasks.seal_audit"] == 60
