"""Services that a person must finish at the authority: who, where, by when, and why the portal cannot."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from submissions.period import Period, PeriodKind
from submissions.services import catalogue
from submissions.services.catalogue import Local, Service


@dataclass(frozen=True)
class HandOver:
    """`period` is the newest that has ended, "" where the service has none. `deadline` None: nobody has said it.

    `made_ready`: the portal can do all but the last of it here.
    """

    service: Service
    period: str
    deadline: date | None
    is_late: bool
    made_ready: bool = False


def for_a_person() -> list[Service]:
    """The services that a person must finish, in the order of the catalogue."""
    return [service for service in catalogue.services() if service.needs_person]


def hand_over(service: Service, *, settings: Local, today: date) -> HandOver:
    period = newest_ended(service.period, today)
    deadline = settings.last_day(service, period) if period else None
    is_late = deadline is not None and deadline < today
    return HandOver(service, period.spoken if period else "", deadline, is_late, settings.is_on(service))


def newest_ended(kind: PeriodKind, today: date) -> Period | None:
    """The last period of the kind that ended before `today`; None for NONE."""
    if kind == PeriodKind.NONE:
        return None
    running = {
        PeriodKind.YEAR: Period.year(today.year),
        PeriodKind.MONTH: Period.month(today.year, today.month),
        PeriodKind.TERM: Period.term(today.year, (today.month + 1) // 2),
    }
    return running[kind].before
