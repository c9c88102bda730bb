"""The reading worker's tasks: sweeps ring for what is due, in batches, and faults of others end in the log."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from submissions import tasks
from submissions.models import Dialog, PollCursor
from tests.submissions.inbox.reading import Reading


@pytest.fixture(autouse=True)
def same_clock(reading: Reading, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timezone, "now", lambda: reading.world.at)


@pytest.fixture
def rung(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Any]]:
    calls: list[tuple[str, Any]] = []
    for name in ("poll_cursors", "pull_dialog", "subscribe_access"):
        monkeypatch.setattr(getattr(tasks, name), "delay", lambda name=name, **ids: calls.append((name, *ids.values())))
    return calls


def test_the_sweep_makes_a_cursor_leases_it_and_rings(reading: Reading, rung: list[tuple[str, Any]]) -> None:
    tasks.sweep_cursors.apply(throw=True)
    tasks.sweep_cursors.apply(throw=True)

    assert rung == [("poll_cursors", [PollCursor.objects.get().pk])]


def test_a_poll_rings_for_each_dialog_that_moved(reading: Reading, rung: list[tuple[str, Any]]) -> None:
    reading.opens()
    tasks.sweep_cursors.apply(throw=True)

    tasks.poll_cursors.apply(kwargs={"cursor_ids": rung[0][1], "something_new": 1}, throw=True)

    assert rung[1:] == [("pull_dialog", Dialog.objects.get().pk)]


def test_a_pull_that_fails_waits_for_the_sweep(reading: Reading, rung: list[tuple[str, Any]]) -> None:
    reading.opens()
    reading.poll()
    pk = Dialog.objects.get().pk
    reading.fault(status=500)

    tasks.pull_dialog.apply(kwargs={"dialog_id": pk}, throw=True)
    reading.world.let_pass(60)
    tasks.sweep_dialogs.apply(throw=True)

    assert rung == [("pull_dialog", pk)]


def test_a_nudge_while_somebody_asks_does_nothing(reading: Reading, rung: list[tuple[str, Any]]) -> None:
    tasks.sweep_cursors.apply(throw=True)
    before = reading.calls()

    tasks.poll_one.apply(kwargs={"cursor_id": PollCursor.objects.get().pk}, throw=True)

    assert reading.calls() == before


def test_the_sweep_rings_for_accesses_without_subscription(reading: Reading, rung: list[tuple[str, Any]]) -> None:
    tasks.sweep_subscriptions.apply(throw=True)

    assert rung == [("subscribe_access", reading.world.access.pk)]


def test_the_clock_starts_every_sweep(settings: Any) -> None:
    scheduled = {entry["task"]: entry["schedule"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}

    assert scheduled["submissions.tasks.sweep_cursors"] == 5
    assert scheduled["submissions.tasks.sweep_dialogs"] == 10
    assert {"sweep_subscriptions", "forget_events"} <= {name.rsplit(".", 1)[-1] for name in scheduled}
    assert scheduled["portal.tasks.seal_audit"] == 60
