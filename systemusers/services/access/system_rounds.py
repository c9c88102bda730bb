"""The rows that say when something is to be done for a system again. They are made when they are missing."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Count, QuerySet

from systemusers.models import System, SystemRound


def make(*, at: datetime) -> None:
    """Rows for registered systems that lack one, due now. Safe to run twice at once."""
    registered = System.objects.filter(status=System.Status.REGISTERED).annotate(rows=Count("rounds"))
    SystemRound.objects.bulk_create(
        [
            SystemRound(system=system, kind=kind, next_attempt_at=at)
            for system in registered.filter(rows__lt=len(SystemRound.Kind))
            for kind in SystemRound.Kind
        ],
        ignore_conflicts=True,
    )


def of_kind(kind: str) -> QuerySet[SystemRound]:
    rows = SystemRound.objects.filter(kind=kind, system__status=System.Status.REGISTERED)
    return rows.select_related("system__client", "system__admin_client")
