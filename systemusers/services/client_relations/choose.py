"""What a person decides about the clients of an accountant. Nothing is called here; a worker does the rest."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from accounts.models import Portfolio
from portal.core.audit import record
from portal.core.audit_events import AuditType
from systemusers.models import Access, ClientRelationQuerySet
from systemusers.services.authorised_parties import ask_soon


def ask_now(*, access: Access, by: str, at: datetime) -> None:
    """Read the clients at the next chance."""
    with transaction.atomic():
        record(by=by, at=at, target=access, what=AuditType.CLIENTS_ASKED)
        ask_soon(access=access, at=at)


def choose(*, access: Access, rows: ClientRelationQuerySet, portfolio: Portfolio | None, by: str, at: datetime) -> int:
    """Let a worker make customers of those among `rows` that are none. Returns how many were chosen."""
    with transaction.atomic():
        waiting = rows.filter(access=access, chosen_at__isnull=True).unknown()
        number = waiting.update(
            chosen_at=at, chosen_by=by, portfolio=portfolio, next_attempt_at=at, failures=0, problem_code=""
        )
        record(by=by, at=at, target=access, what=AuditType.CLIENTS_CHOSEN, number=number)
    return number
