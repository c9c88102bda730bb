"""The worker's tasks: quiet on duplicates, patient with remotes, and sweeps that ring for what is due."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from submissions import tasks
from submissions.models import Submission
from tests.submissions.world import World

S = Submission.Status


@pytest.fixture(autouse=True)
def same_clock(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timezone, "now", lambda: world.at)


@pytest.fixture
def rung(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    calls: list[tuple[str, int]] = []
    for task in (tasks.send_submission, tasks.reconcile_submission):
        name = task.name.rsplit(".", 1)[-1]
        monkeypatch.setattr(task, "delay", lambda submission_id, name=name: calls.append((name, submission_id)))
    return calls


def test_the_task_sends(world: World) -> None:
    submission = world.queued()

    tasks.send_submission.apply(kwargs={"submission_id": submission.pk}, throw=True)

    submission.refresh_from_db()
    assert submission.status == S.DELIVERED


def test_a_second_message_and_arguments_of_a_newer_release_do_no_harm(world: World) -> None:
    submission = world.send(world.queued())

    tasks.send_submission.apply(kwargs={"submission_id": submission.pk, "something_new": 1}, throw=True)

    assert len(world.received) == 1


def test_a_remote_that_is_away_is_asked_again_by_the_task(world: World) -> None:
    world.order(step="1086H", kind="status", status=503)
    submission = world.queued()

    tasks.send_submission.apply(kwargs={"submission_id": submission.pk})

    submission.refresh_from_db()
    assert (submission.status, submission.problem_code) == (S.QUEUED, "UNAVAILABLE")


def test_the_sweep_rings_for_what_is_due_and_for_nothing_else(world: World, rung: list[tuple[str, int]]) -> None:
    due, later = world.queued(), world.queued()
    Submission.objects.filter(pk=later.pk).update(next_attempt_at=timezone.now() + timedelta(hours=1))

    tasks.sweep_submissions.apply(throw=True)

    assert rung == [("send_submission", due.pk)]


def test_the_sweep_takes_back_what_a_dead_worker_held(world: World, rung: list[tuple[str, int]]) -> None:
    submission = world.queued()
    Submission.objects.update(status=S.SENDING, next_attempt_at=world.at)

    tasks.sweep_submissions.apply(throw=True)

    assert rung == [("send_submission", submission.pk)]


def test_uncertain_ones_are_rung_for_when_their_look_is_due(world: World, rung: list[tuple[str, int]]) -> None:
    world.order(step="bekreft", kind="lost")
    submission = world.send(world.queued())
    world.let_pass(30)

    tasks.reconcile_submissions.apply(throw=True)

    assert rung == [("reconcile_submission", submission.pk)]


def test_reconciling_is_a_task_of_its_own(world: World) -> None:
    world.order(step="bekreft", kind="lost")
    submission = world.send(world.queued())
    world.let_pass(30)

    tasks.reconcile_submission.apply(kwargs={"submission_id": submission.pk}, throw=True)

    submission.refresh_from_db()
    assert submission.status == S.DELIVERED


def test_the_clock_starts_every_sweep(settings: Any) -> None:
    scheduled = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}

    assert {
        "submissions.tasks.sweep_submissions",
        "submissions.tasks.reconcile_submissions",
        "submissions.tasks.sweep_documents",
    } <= scheduled
