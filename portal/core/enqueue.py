"""Enqueue a task after commit. When the broker is down nothing is lost: a sweep finds the row later."""

from __future__ import annotations

import logging
from functools import partial
from typing import Any

from celery import Task, current_app
from django.db import transaction
from kombu.exceptions import OperationalError

logger = logging.getLogger(__name__)


def enqueue_on_commit(task: Task[..., Any], **ids: int) -> None:
    """Start `task` with `ids` once the current transaction has committed."""
    transaction.on_commit(partial(_enqueue_now, task, ids))


def enqueue_by_name(task: str, **ids: int) -> None:
    """Start the task of this name once the current transaction has committed: for code below the tasks."""
    transaction.on_commit(partial(_send_now, task, ids))


def _send_now(task: str, ids: dict[str, int]) -> None:
    try:
        current_app.send_task(task, kwargs=ids, retry=False)
    except OperationalError:
        logger.warning("the broker does not answer; %s waits for the sweep", task)


def _enqueue_now(task: Task[..., Any], ids: dict[str, int]) -> None:
    try:
        task.apply_async(kwargs=ids, retry=False)
    except OperationalError:
        logger.warning("the broker does not answer; %s %s waits for the sweep", task.name, ids)
