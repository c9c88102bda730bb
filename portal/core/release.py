"""What an operator does with a row that workers take: give it back from a worker that is gone, or have it tried at once."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F

from portal.core import lease
from portal.core.audit import record
from portal.core.audit_events import AuditType
from portal.core.lease import Leased
from portal.core.states import LostRace


def release(row: Leased, *, by: str, at: datetime) -> None:
    """End the lease of whoever has the row, and make it due. Should that worker live after all, it can write nothing any more:
    a report whose call is not answered is then settled by asking, as after any worker that dies.

    Raises LostRace when nobody has the row, or another worker than the one that `row` tells of.
    """
    rows = type(row)._base_manager.filter(pk=row.pk, attempts=row.attempts, lease_until__isnull=False)
    with transaction.atomic():
        if not rows.update(lease_until=None, attempts=F("attempts") + 1, next_attempt_at=at):
            raise LostRace(f"{row._meta.label} {row.pk} is not held by attempt {row.attempts}")
        _record(row, AuditType.LEASE_RELEASED, by=by, at=at, attempt=row.attempts)


def try_now(row: Leased, *, by: str, at: datetime) -> None:
    """Do not wait for the next attempt. Raises LostRace when the row waits for none, or its time has come."""
    rows = type(row)._base_manager.filter(pk=row.pk, next_attempt_at__gt=at)
    with transaction.atomic():
        if not lease.make_due(rows, at=at):
            raise LostRace(f"{row._meta.label} {row.pk} does not wait for a time")
        _record(row, AuditType.MADE_DUE, by=by, at=at)


def _record(row: Leased, what: AuditType, *, by: str, at: datetime, **detail: Any) -> None:
    """With environment and customer, where the row has them or leads to an access."""
    about: Any = getattr(row, "access", None) or row
    environment, customer = getattr(about, "environment", ""), getattr(about, "customer_id", None)
    record(by=by, at=at, target=row, what=what, environment=environment, customer_id=customer, **detail)
