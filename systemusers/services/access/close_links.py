"""Closes all customers' links of an environment, when links may have come into the wrong hands.

Each is opened again for itself, with a new address (`reopen_link`). Done in parts: what was closed stays closed, and the act may be
repeated until nothing is left.
"""

from __future__ import annotations

import time
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from portal.core import lease
from portal.core.audit import event, record_all
from portal.core.audit_events import AuditType
from systemusers.models import Access, Invitation

PART = 2_000
"""Links in one transaction."""


def open_links(environment: str) -> QuerySet[Access]:
    """In no order."""
    return Access.objects.filter(environment=environment, link_revoked_at=None).order_by()


def close_links(*, environment: str, by: str, at: datetime, seconds: float | None = None) -> int:
    """Returns how many were closed. With `seconds` no further part is begun after them; `open_links` says what is left."""
    begun, number = time.monotonic(), 0
    while part := _close_part(environment, by, at):
        number += part
        if seconds is not None and time.monotonic() - begun > seconds:
            break
    return number


def _close_part(environment: str, by: str, at: datetime) -> int:
    with transaction.atomic():
        rows = list(open_links(environment).order_by("pk").select_for_update(no_key=True).only("customer_id")[:PART])
        Access.objects.filter(pk__in=[row.pk for row in rows]).update(link_revoked_at=at)
        lease.make_due(Invitation.objects.running().filter(access__in=[row.pk for row in rows]), at=at)
        record_all(
            event(
                by=by, at=at, target=row, what=AuditType.LINK_REVOKED, environment=environment, customer_id=row.customer_id
            )
            for row in rows
        )  # fmt: skip
    return len(rows)
