"""Asks again for many accesses. Only our own rows are written; a worker sends."""

from __future__ import annotations

from datetime import datetime

from django.db.models import QuerySet

from portal.core.states import IllegalTransition, LostRace
from systemusers.models import Access
from systemusers.services.access.ask import NotPossible, renew_access
from systemusers.services.alone import check_alone


def renewable(rows: QuerySet[Access]) -> QuerySet[Access]:
    """Those that can be asked for again."""
    return rows.filter(status__in=Access.ENDED)


def renew_many(*, rows: QuerySet[Access], by: str, at: datetime) -> tuple[int, list[str]]:
    """The number of renewed accesses, and the reasons why others were not. Those that changed meanwhile are left alone.

    Raises NeedsSecondPerson.
    """
    if first := rows.first():
        check_alone(rows.count(), environment=first.environment, by=by)
    renewed, reasons = 0, dict[str, None]()
    for access in renewable(rows).select_related("customer", "profile__system").order_by("pk"):
        try:
            renew_access(access=access, by=by, at=at)
            renewed += 1
        except NotPossible as error:
            reasons[str(error)] = None
        except (LostRace, IllegalTransition):
            continue
    return renewed, list(reasons)
