"""The queue of each task, and the timetable: one place each, and nothing left out."""

from __future__ import annotations

import pytest
from django.conf import settings

from portal.celery import app
from portal.core import queues
from portal.core.enqueue import enqueue_by_name
from portal.core.queues import HEARTBEAT, TASKS, Purpose, heartbeat_queue, queue_of
from portal.core.schedule import EVERY, timetable
from portal.core.valkey import valkey

OURS = ("accounts.", "portal.", "submissions.", "systemusers.")
PLANNED = {entry["task"] for entry in timetable(heartbeat_limit=60).values()}


def test_every_task_has_a_queue_and_only_one() -> None:
    app.loader.import_default_modules()
    listed = [task for tasks in TASKS.values() for task in tasks]

    assert len(listed) == len(set(listed))
    assert {task for task in app.tasks if task.startswith(OURS)} == {*listed, HEARTBEAT}


def test_the_clock_starts_tasks_that_there_are() -> None:
    assert set(EVERY) <= {task for tasks in TASKS.values() for task in tasks}
    assert len(timetable(heartbeat_limit=60)) == len(EVERY) + len(Purpose), "two tasks share a name"


@pytest.mark.parametrize("purpose", Purpose)
def test_a_message_goes_to_the_queue_of_its_task(purpose: Purpose) -> None:
    for task in TASKS[purpose]:
        assert app.amqp.router.route({}, task)["queue"].name == purpose == queue_of(task)


def test_a_task_that_nobody_has_placed_goes_to_the_default_queue() -> None:
    assert app.amqp.router.route({}, "later.task")["queue"].name == Purpose.DEFAULT == queue_of("later.task")


@pytest.mark.django_db(transaction=True)
def test_waking_by_name_wakes_the_right_workers() -> None:
    enqueue_by_name("portal.tasks.send_outbox")
    enqueue_by_name("submissions.tasks.poll_cursors")

    assert [int(valkey().llen(f"portal:{queue}")) for queue in ("mail", "following", "celery")] == [1, 1, 0]


def test_a_heartbeat_goes_to_the_queue_beside_its_own() -> None:
    beats = [entry for entry in settings.CELERY_BEAT_SCHEDULE.values() if entry["task"] == HEARTBEAT]

    assert {entry["kwargs"]["queue"]: entry["options"]["queue"] for entry in beats} == {
        purpose: heartbeat_queue(purpose) for purpose in Purpose
    }


def test_a_worker_without_queues_serves_all() -> None:
    assert {queue.name for queue in queues.all_queues()} == {*Purpose, *map(heartbeat_queue, Purpose)}
