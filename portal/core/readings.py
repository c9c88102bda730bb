"""Reading in the audit trail: one row for each person, thing and hour, however often a page is loaded again."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import models

from portal.core.audit import AuditEvent, record, target_of
from portal.core.audit_events import AuditType

COLUMNS = ("environment", "customer_id")
"""Arguments of `record` that are no details."""


def note(*, by: str, at: datetime, target: models.Model, what: AuditType, **more: Any) -> None:
    """As `record`, once in each hour for the same details. The first reading of an hour is recorded before anything is shown."""
    hour = at.replace(minute=0, second=0, microsecond=0)
    same = AuditEvent.objects.filter(target=target_of(target), by=by, what=what, at__gte=hour)
    if part := {name: value for name, value in more.items() if name not in COLUMNS}:
        same = same.filter(detail__contains=part)
    if not same.exists():
        record(by=by, at=at, target=target, what=what, **more)
