"""The Celery application. Messages carry ids only; the database rows are the source of truth.

The request id of the sender is sent in a message header and set while the task runs.
"""

from __future__ import annotations

import os
import sys
import time
import warnings
from contextlib import AbstractContextManager, suppress
from contextvars import ContextVar
from typing import Any

from celery import Celery
from celery.exceptions import SecurityWarning
from celery.signals import (
    beat_init,
    before_task_publish,
    celeryd_after_setup,
    heartbeat_sent,
    setup_logging,
    task_postrun,
    task_prerun,
    worker_init,
    worker_process_init,
)
from django.conf import settings
from django.utils import timezone

from portal.core import database_roles, demonstration, tracing
from portal.core.database import WORKER, limit_statements
from portal.core.env import BadSetting
from portal.core.queues import Purpose, heartbeat_queue
from portal.core.request_id import new_request_id, request_id
from portal.core.valkey import ERRORS

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
try:
    settings.DATA_DIR  # noqa: B018 - reads them all
except BadSetting as error:
    sys.exit(f"The portal cannot start: {error}")

if os.environ.get("PORTAL_MODE") == "local":  # root is accepted on a laptop only
    warnings.filterwarnings("ignore", category=SecurityWarning)

began_at: ContextVar[float] = ContextVar("began_at", default=0.0)
running: ContextVar[AbstractContextManager[Any] | None] = ContextVar("running", default=None)
app = Celery("portal")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@setup_logging.connect
def keep_our_logging(**_: Any) -> None:
    """Django has configured logging already; connecting to this signal keeps Celery from replacing it."""


@worker_init.connect
@beat_init.connect
def refuse_wrong_database(**_: Any) -> None:
    try:
        database_roles.refuse_powerful()
        demonstration.refuse()
    except (database_roles.TooPowerful, demonstration.HoldsDemonstration) as error:
        sys.exit(f"The portal cannot start: {error}")


@worker_init.connect
def bound_statements(**_: Any) -> None:
    limit_statements(WORKER)


@worker_init.connect
def try_storage(**_: Any) -> None:
    """Before the processes of the worker are forked: they share what it loads."""
    from portal.core.storage import trying  # needs the settings

    trying.tell_at_start()


@worker_process_init.connect
def trace(**_: Any) -> None:
    tracing.set_up(service="portal-worker")


@celeryd_after_setup.connect
def set_up(*, sender: str, instance: Any, **_: Any) -> None:
    """A worker serves the heartbeat queue beside each of its queues, whatever it was started with, and reports that it runs."""
    from portal.core.operation.work import Reporter, throw_away_expired  # needs the apps

    queues = instance.app.amqp.queues
    served = set(queues.consume_from) & set(Purpose)
    for name in served:
        queues.select_add(heartbeat_queue(name))
    with suppress(*ERRORS):  # it takes them one by one then
        throw_away_expired(queues.consume_from, at=timezone.now())
    reporter = Reporter(name=sender, queues=served, processes=instance.concurrency)
    heartbeat_sent.connect(lambda **_: reporter.tell(), weak=False)


@before_task_publish.connect
def stamp(*, headers: dict[str, Any] | None = None, **_: Any) -> None:
    """Every message carries its request id and the time it was sent."""
    if headers is not None:
        headers["request_id"] = request_id.get() or new_request_id()
        headers["sent_at"] = timezone.now().isoformat()
        headers.update(tracing.carried())


@task_prerun.connect
def begin(*, task: Any, **_: Any) -> None:
    came_with = {
        **(task.request.headers or {}),
        **vars(task.request),
    }  # its location depends on how the task was started
    request_id.set(came_with.get("request_id") or new_request_id())
    began_at.set(time.monotonic())
    parent = {"traceparent": str(came_with["traceparent"])} if came_with.get("traceparent") else None
    about = tracing.span(task.name, parent=parent, messaging__destination__name=queue_name(task))
    about.__enter__()
    running.set(about)


def queue_name(task: Any) -> str:
    """Of the message that started the task; "" when it was called."""
    return str((task.request.delivery_info or {}).get("routing_key") or "")


@task_postrun.connect
def end(*, task: Any, state: str = "", retval: Any = None, **_: Any) -> None:
    """Counts the task, and the calls that it made."""
    from portal.core.operation import calls, work  # needs the apps

    if about := running.get():
        error = retval if isinstance(retval, Exception) else None
        with suppress(Exception):  # the span tells of the task's error, and raises it again
            about.__exit__(type(error) if error else None, error, None)
        running.set(None)
    queue = queue_name(task)
    if queue in set(Purpose):
        work.note_task(queue=queue, seconds=time.monotonic() - began_at.get(), failed=state == "FAILURE")
    calls.counter.write()
    request_id.set("")
