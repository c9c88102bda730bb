"""The id of the request that led to the current work, for logs, calls outside and Celery messages."""

from __future__ import annotations

import re
import uuid
from contextvars import ContextVar

_WELL_FORMED = re.compile(r"[A-Za-z0-9_-]{8,64}")

request_id: ContextVar[str] = ContextVar("request_id", default="")


def new_request_id() -> str:
    return uuid.uuid4().hex


def well_formed(value: str) -> bool:
    """Whether an id from outside may stand in our logs and go out in our calls."""
    return _WELL_FORMED.fullmatch(value) is not None
