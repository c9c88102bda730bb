"""Ring a worker after commit. The row is the truth: when the broker is down, nothing is lost and the sweep finds it."""

from __future__ import annotations

import logging
from functools import partial
from typing import Any

from celery import Task, current_app
from django.db import transaction
from kombu.exceptions import OperationalError

logger = logging.getLogger(__name__)


def ring(task: Task[..., Any], **ids: int) -> None:
    """Start `task` with `ids` once the current transaction has committed."""
    transaction.on_commit(partial(_ring_now, task, ids))


def enqueue_by_name(task: str) -> None:
    """Start the task of this name once the current transaction has committed: for code that stands below the tasks."""
    transaction.on_commit(partial(_send_now, task))


def _send_now(task: str) -> None:
    try:
        current_app.send_task(task, retry=False)
    except OperationalError:
        logger.warning("the broker does not answer; %s waits for the sweep", task)


def _ring_now(task: Task[..., Any], ids: dict[str, int]) -> None:
    try:
        task.apply_async(kwargs=ids, retry=False)
    except OperationalError:
        logger.warning("the broker does not answer; %s %s waits for the sweep", task.name, ids)


def is_reachable() -> bool:
    """Whether the broker answers now, so that a page can say when a thing will be sent."""
    try:
        with current_app.connection_for_write(connect_timeout=1) as connection:
            connection.ensure_connection(max_retries=1, timeout=1)
    except (OperationalError, OSError):
        return False
    return True
