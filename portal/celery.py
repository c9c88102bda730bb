"""The Celery application. Messages carry ids only; rows in the database carry the truth.

The request id of whoever rang travels in a header of the message and is set while the task runs.
"""

from __future__ import annotations

import os
import sys
import warnings
from typing import Any

from celery import Celery
from celery.exceptions import SecurityWarning
from celery.signals import before_task_publish, setup_logging, task_postrun, task_prerun
from django.conf import settings

from portal.core.env import BadSetting
from portal.core.request_id import new_request_id, request_id

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
try:
    settings.DATA_DIR  # noqa: B018 - reads them all
except BadSetting as error:
    sys.exit(f"The portal cannot start: {error}")

if os.environ.get("PORTAL_MODE") == "local":  # a laptop may be root's; elsewhere the warning is right
    warnings.filterwarnings("ignore", category=SecurityWarning)

app = Celery("portal")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@setup_logging.connect
def keep_our_logging(**_: Any) -> None:
    """Django has set the logs up already; a listener here keeps Celery from putting its own in their place."""


@before_task_publish.connect
def send_request_id(*, headers: dict[str, Any] | None = None, **_: Any) -> None:
    if headers is not None:
        headers["request_id"] = request_id.get() or new_request_id()


@task_prerun.connect
def take_request_id(*, task: Any, **_: Any) -> None:
    came_with = {
        **(task.request.headers or {}),
        **vars(task.request),
    }  # where it lies depends on how the task was started
    request_id.set(came_with.get("request_id") or new_request_id())


@task_postrun.connect
def drop_request_id(**_: Any) -> None:
    request_id.set("")
