"""The Celery application. Messages carry ids only; the database rows are the source of truth.

The request id of the sender is sent in a message header and set while the task runs.
"""

from __future__ import annotations

import os
import sys
import warnings
from typing import Any

from celery import Celery
from celery.exceptions import SecurityWarning
from celery.signals import before_task_publish, setup_logging, task_postrun, task_prerun, worker_init
from django.conf import settings
from django.utils import timezone

from portal.core.database import WORKER, limit_statements
from portal.core.env import BadSetting
from portal.core.request_id import new_request_id, request_id

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
try:
    settings.DATA_DIR  # noqa: B018 - reads them all
except BadSetting as error:
    sys.exit(f"The portal cannot start: {error}")

if os.environ.get("PORTAL_MODE") == "local":  # root is accepted on a laptop only
    warnings.filterwarnings("ignore", category=SecurityWarning)

app = Celery("portal")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@setup_logging.connect
def keep_our_logging(**_: Any) -> None:
    """Django has configured logging already; connecting to this signal keeps Celery from replacing it."""


@worker_init.connect
def bound_statements(**_: Any) -> None:
    limit_statements(WORKER)


@before_task_publish.connect
def stamp(*, headers: dict[str, Any] | None = None, **_: Any) -> None:
    """Every message carries its request id and the time it was sent."""
    if headers is not None:
        headers["request_id"] = request_id.get() or new_request_id()
        headers["sent_at"] = timezone.now().isoformat()


@task_prerun.connect
def take_request_id(*, task: Any, **_: Any) -> None:
    came_with = {
        **(task.request.headers or {}),
        **vars(task.request),
    }  # its location depends on how the task was started
    request_id.set(came_with.get("request_id") or new_request_id())


@task_postrun.connect
def drop_request_id(**_: Any) -> None:
    request_id.set("")
