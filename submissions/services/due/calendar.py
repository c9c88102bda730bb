"""The calendar: which reports are due in a span of time, in the order of their last days."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction

from portal.core.audit import record
from portal.core.audit_changes import changes, stored_values, values_of
from portal.core.audit_events import AuditType
from submissions.models import DeadlineDate, ServiceSetting
from submissions.period import Period, PeriodKind
from submissions.services import catalogue
from submissions.services.catalogue import Local, Service
from submissions.services.handing_over import newest_ended
from submissions.services.local import LastDay

LONGEST = 370
"""Days that one span of the calendar has at most."""
DATED = ("day", "note", "source")


@dataclass(frozen=True)
class Item:
    """One service and period. `last_day` None: nobody has said the deadline.

    `services` are the ids of all services whose reports count: some have two ways to deliver the same.
    """

    service: Service
    period: Period
    last_day: LastDay | None

    @property
    def day(self) -> date | None:
        return self.last_day.day if self.last_day else None

    @property
    def services(self) -> tuple[str, ...]:
        return ways_to_deliver(self.service)

    def is_late(self, today: date) -> bool:
        return self.day is not None and self.day < today


def ways_to_deliver(service: Service) -> tuple[str, ...]:
    return (service.id, *(other.id for other in catalogue.services() if other.fulfils == service.id))


def with_periods(settings: Local) -> list[Service]:
    """The services that have periods, and are on. A second way to deliver the same is not named by itself."""
    return [one for one in catalogue.reports(settings) if one.period != PeriodKind.NONE and not one.fulfils]


def items(settings: Local, *, first: date, last: date, today: date, only: Collection[str]) -> list[Item]:
    """What is due from `first` to `last`, of the services with these ids; those without a deadline come last, once each,
    for the newest period that has ended. Two queries at most."""
    found = [
        item
        for service in with_periods(settings)
        if service.id in only
        for item in _of_service(service, settings, first, last, today)
    ]
    return sorted(found, key=lambda item: item.day or date.max)


def item_of(settings: Local, *, service: Service, period: Period) -> Item:
    return Item(service, period, settings.deadline_of(service, period))


def _of_service(service: Service, settings: Local, first: date, last: date, today: date) -> Iterator[Item]:
    if settings.deadline(service) is None and not _has_own_date(service, settings):
        newest = newest_ended(service.period, today)
        if newest is not None:
            yield Item(service, newest, None)
        return
    for period in periods(service.period, first, last):
        item = item_of(settings, service=service, period=period)
        if item.day is not None and first <= item.day <= last:
            yield item


def _has_own_date(service: Service, settings: Local) -> bool:
    return any(code == service.id for code, _period in settings.own_dates)


def periods(kind: PeriodKind, first: date, last: date) -> Iterator[Period]:
    """Those whose deadline may be in the span, the oldest first: it is after the period, and at most some 14 months later."""
    newest = newest_ended(kind, last)
    found = []
    while newest is not None and newest.start.year >= first.year - 2:
        found.append(newest)
        newest = newest.before
    yield from reversed(found)


def set_date(*, row: DeadlineDate, by: str, at: datetime) -> None:
    """Set the last day of one service and period in place of the one by the rule, or change it."""
    with transaction.atomic():
        key = {"environment": row.environment, "service": row.service, **row.period.columns()}
        stored = DeadlineDate.objects.select_for_update().filter(**key).first()
        if stored:
            row.pk = stored.pk
        _keep_setting(row, by=by, at=at)
        edits = changes(old=stored_values(row, DATED), new=values_of(row, DATED))
        if not edits:
            return
        row.changed_by, row.changed_at = by, at
        row.save()
        record(by=by, at=at, target=row, what=AuditType.DATE_SET, changes=edits, **_about(row))


def _keep_setting(row: DeadlineDate, *, by: str, at: datetime) -> None:
    """The dates of a service are read with its setting. A service without one is on, as the catalogue says."""
    new = {"is_on": catalogue.service(row.service).is_enabled(row.environment), "changed_by": by, "changed_at": at}
    ServiceSetting.objects.get_or_create(environment=row.environment, service=row.service, defaults=new)


def remove_date(*, row: DeadlineDate, by: str, at: datetime) -> None:
    """The rule holds again."""
    with transaction.atomic():
        edits = changes(old=stored_values(row, DATED), new={})
        record(by=by, at=at, target=row, what=AuditType.DATE_REMOVED, changes=edits, **_about(row))
        row.delete()


def _about(row: DeadlineDate) -> dict[str, Any]:
    return {"service": row.service, "period": str(row.period)}
