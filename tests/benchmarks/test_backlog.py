"""A night without a worker: what waits in the broker and in the table, and how soon the first report leaves in the morning."""

from __future__ import annotations

import json
import os
import time
import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import Portfolio, Vendor
from portal.celery import app
from portal.core.operation.work import PREFIX, counter
from portal.core.queues import Purpose, queue_of
from portal.core.schedule import EVERY
from portal.core.valkey import valkey
from submissions.models import Submission
from tests.benchmarks.figures import Figures
from tests.benchmarks.followed import followed
from tests.benchmarks.process import Remote, remote
from tests.benchmarks.worker import working
from tests.fixtures import portfolio, vendor
from tests.submissions.rows import own_storage
from tests.submissions.world import make_draft, package, queue_package

__all__ = ["own_storage", "portfolio", "remote", "vendor"]
ROWS = int(os.environ.get("BACKLOG", "500"))
HOURS = 8
MOST_MESSAGES = 2
"""For each row."""
MOST_TIMES = 2
"""The first report leaves after so many times the time that it takes a worker with an empty queue."""
PATIENCE = 600
QUEUE, TASK = Purpose.SENDING, "submissions.tasks.send_submissions"


@pytest.fixture
def backlog(remote: Remote, vendor: Vendor, portfolio: Portfolio) -> None:
    """Reports that are due, of as many customers."""
    now = timezone.now()
    for access in followed(remote, vendor, portfolio, customers=ROWS):
        draft = make_draft(access, at=now)
        queue_package(draft, package(draft), at=now)


@pytest.mark.benchmark
@pytest.mark.django_db(transaction=True)
def test_the_first_report_leaves_at_once_after_a_night_and_few_messages_are_needed(
    backlog: None, remote: Remote
) -> None:
    figures = Figures("backlog after a night")
    later = timezone.now() + timedelta(days=1)
    first = Submission.objects.order_by("pk")[0]
    Submission.objects.exclude(pk=first.pk).update(next_attempt_at=later)
    ring()
    with working(origin=remote.origin, queues=[QUEUE]):
        usual = until_sent(1)
    Submission.objects.filter(status="QUEUED").update(next_attempt_at=timezone.now())
    old = sum(HOURS * 3600 // every for task, every in EVERY.items() if queue_of(task) == QUEUE)
    pile_up(old)
    ring()
    before = done()
    with working(origin=remote.origin, queues=[QUEUE]):
        morning = until_sent(2)
        until_sent(ROWS)
        messages = done() - before + left()
    figures.fact("expired messages in the queue", old)
    figures.fact("seconds until the first report left", [round(usual, 2), round(morning, 2)])
    figures.at_most("the first report, of one with an empty queue", morning / usual, MOST_TIMES)
    figures.at_most("messages for each row", messages / ROWS, MOST_MESSAGES, about=f"{messages} for {ROWS}")
    figures.settle()


def ring() -> None:
    """What beat sends last: it has not expired."""
    app.send_task(TASK)


def pile_up(number: int) -> None:
    """What beat has sent in the meantime: each message has expired with the next."""
    app.send_task(TASK, expires=timezone.now() - timedelta(minutes=1))
    key = f"{PREFIX}{QUEUE}"
    message = json.loads(valkey().lpop(key))  # type: ignore[arg-type]
    with valkey().pipeline(transaction=False) as pipe:
        for _ in range(number):
            task, tag = str(uuid.uuid4()), str(uuid.uuid4())
            message["headers"]["id"] = message["headers"]["root_id"] = message["properties"]["correlation_id"] = task
            message["properties"]["delivery_tag"] = tag
            pipe.lpush(key, json.dumps(message))
        pipe.execute()


def until_sent(number: int) -> float:
    """Seconds until so many reports are delivered."""
    began = time.perf_counter()
    while Submission.objects.filter(status="DELIVERED").count() < number:
        assert time.perf_counter() - began < PATIENCE
        time.sleep(0.01)
    return time.perf_counter() - began


def done() -> int:
    """Messages that workers have worked on."""
    return int(counter.total("").get(f"{QUEUE} done", 0))


def left() -> int:
    return int(valkey().llen(f"{PREFIX}{QUEUE}"))  # type: ignore[arg-type]
