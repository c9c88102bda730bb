"""The worker's tasks: they take what is due, whatever the message says, and wake another worker when there is more."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from portal.core import lease
from submissions import tasks
from submissions.models import Submission
from submissions.services.sending import reconcile, send
from tests.submissions.world import World

S = Submission.Status


@pytest.fixture(autouse=True)
def same_clock(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timezone, "now", lambda: world.at)


@pytest.fixture
def woken(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The tasks that were enqueued."""
    names: list[str] = []
    for task in (tasks.send_submissions, tasks.reconcile_submissions):
        name = task.name.rsplit(".", 1)[-1]
        monkeypatch.setattr(task, "apply_async", lambda name=name, **_: names.append(name))
    return names


def run(task: Any, **arguments: Any) -> None:
    task.apply(kwargs=arguments, throw=True)


def test_the_task_sends_what_is_due_and_nothing_else(world: World) -> None:
    due, later = world.queued(), world.queued()
    Submission.objects.filter(pk=later.pk).update(next_attempt_at=world.at + timedelta(hours=1))

    run(tasks.send_submissions)

    assert list(Submission.objects.filter(status=S.DELIVERED)) == [due]


def test_a_second_message_and_arguments_of_another_release_do_no_harm(world: World) -> None:
    world.send(world.queued())

    run(tasks.send_submissions, submission_id=1, something_new=1)

    assert len(world.received) == 1


def test_a_remote_that_is_away_leaves_it_in_the_queue(world: World) -> None:
    world.order(step="1086H", kind="status", status=503)
    submission = world.queued()

    run(tasks.send_submissions)

    submission.refresh_from_db()
    assert (submission.status, submission.problem_code, submission.failures) == (S.QUEUED, "UNAVAILABLE", 1)


def test_the_task_takes_back_what_a_dead_worker_held(world: World) -> None:
    submission = world.queued()
    Submission.objects.update(status=S.SENDING, lease_until=world.at)

    run(tasks.send_submissions)

    submission.refresh_from_db()
    assert submission.status == S.DELIVERED


def test_what_another_worker_holds_is_left_alone(world: World) -> None:
    world.queued()
    Submission.objects.update(status=S.SENDING, lease_until=lease.by_database(world.at + timedelta(minutes=1)))

    run(tasks.send_submissions)

    assert not world.transport.requests


def test_uncertain_ones_are_settled_when_their_look_is_due(world: World) -> None:
    world.order(step="bekreft", kind="lost")
    submission = world.send(world.queued())

    run(tasks.reconcile_submissions)
    submission.refresh_from_db()
    assert submission.status == S.UNCERTAIN

    world.let_pass(30)
    run(tasks.reconcile_submissions)
    submission.refresh_from_db()
    assert submission.status == S.DELIVERED


@pytest.mark.parametrize("status", [S.QUEUED, S.UNCERTAIN])
def test_only_a_full_batch_wakes_one_more_worker(
    world: World,
    woken: list[str],
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: Any,
    status: str,
) -> None:
    monkeypatch.setattr(send, "BATCH", 2)
    monkeypatch.setattr(reconcile, "BATCH", 2)
    task = tasks.send_submissions if status == S.QUEUED else tasks.reconcile_submissions
    for _ in range(3):
        world.queued()
    Submission.objects.update(status=status)

    for _ in range(2):  # two of the three, then the last
        with django_capture_on_commit_callbacks(execute=True):
            run(task)

    assert woken == [task.name.rsplit(".", 1)[-1]]


def test_the_clock_starts_each_and_old_messages_expire(settings: Any) -> None:
    scheduled = {entry["task"]: entry for entry in settings.CELERY_BEAT_SCHEDULE.values()}

    for name in ("send_submissions", "reconcile_submissions"):
        entry = scheduled[f"submissions.tasks.{name}"]
        assert entry["options"]["expires"] <= entry["schedule"]
    assert "submissions.tasks.sweep_documents" in scheduled
