"""What this vendor has decided of the services in one environment: which are on, and what it knows better than the catalogue.

A service that was on once is followed for ever: answers to what was sent before still come.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property

from django.contrib.postgres.expressions import ArraySubquery
from django.db import transaction
from django.db.models import OuterRef
from django.db.models.functions import JSONObject
from django.utils import timezone

from portal.core.audit import record
from portal.core.audit_changes import changes, stored_values, values_of
from portal.core.audit_events import AuditType
from submissions.adapters import ADAPTERS, RETRIEVALS
from submissions.models import Approval, DeadlineDate, ServiceSetting
from submissions.period import Period, PeriodKind
from submissions.services.entries import Deadline, Openness, Service, Weekend


@dataclass(frozen=True)
class LastDay:
    """The last day to deliver for one period.

    `may_move`: it is no working day, and nobody has said whether it moves. `is_own`: set here for this period alone, and
    `note` tells why. `source` is the page that says it, "" when only the vendor does; it was last read on `checked`.
    """

    day: date
    may_move: bool
    is_own: bool
    note: str
    source: str
    checked: date


@dataclass(frozen=True)
class Local:
    """The settings of one environment by service. What has none is as the catalogue says."""

    environment: str
    settings: Mapping[str, ServiceSetting]

    def is_on(self, service: Service) -> bool:
        setting = self.settings.get(service.id)
        return is_possible(service) and (setting.is_on if setting else service.is_enabled(self.environment))

    def needs_approval(self, service: Service) -> bool:
        """Whether a second person must approve before a report is sent."""
        setting = self.settings.get(service.id)
        return setting is not None and setting.needs_approval

    def is_followed(self, service: Service) -> bool:
        """Whether dialogs of the service are asked for: it is on, or was."""
        return is_possible(service) and (service.is_enabled(self.environment) or service.id in self.settings)

    def openness(self, service: Service) -> Openness:
        setting = self.settings.get(service.id)
        return Openness(setting.openness) if setting and setting.openness else service.openness(self.environment)

    def deadline(self, service: Service) -> Deadline | None:
        """The rule for the last day to deliver; None when nobody has said it."""
        setting = self.settings.get(service.id)
        if setting and setting.deadline_day:
            checked = timezone.localdate(setting.changed_at)
            weekend = Weekend(setting.deadline_weekend)
            return Deadline(setting.deadline_day, setting.deadline_month, weekend, checked=checked)
        return service.deadline

    @cached_property
    def own_dates(self) -> Mapping[tuple[str, Period], LastDay]:
        """The last days that were set for one service and period."""
        return {
            (setting.service, Period(PeriodKind(one["kind"]), date.fromisoformat(one["start"]))): _own(one)
            for setting in self.settings.values()
            for one in getattr(setting, "dates", ())
        }

    def deadline_of(self, service: Service, period: Period) -> LastDay | None:
        """The last day to deliver with where it is known from; None when nobody has said it."""
        if own := self.own_dates.get((service.id, period)):
            return own
        rule = self.deadline(service)
        if rule is None:
            return None
        setting = self.settings.get(service.id)
        note = setting.note if setting and setting.deadline_day else ""
        checked = rule.checked or service.checked
        return LastDay(rule.of(period), rule.may_move(period), False, note, rule.source, checked)

    def last_day(self, service: Service, period: Period) -> date | None:
        found = self.deadline_of(service, period)
        return found.day if found else None


def local(environment: str) -> Local:
    """One query. A service that has dates of its own has a setting."""
    own = DeadlineDate.objects.filter(environment=OuterRef("environment"), service=OuterRef("service"))
    columns = {"kind": "period_kind", "start": "period_start", **{name: name for name in OWN_DATE}}
    dates = ArraySubquery(own.values(json=JSONObject(**columns)))
    rows = ServiceSetting.objects.filter(environment=environment).annotate(dates=dates)
    return Local(environment, {row.service: row for row in rows})


OWN_DATE = ("day", "note", "source", "changed_at")


def _own(one: dict[str, str]) -> LastDay:
    """`one` has the columns of a DeadlineDate as JSON."""
    checked = timezone.localdate(datetime.fromisoformat(one["changed_at"]))
    return LastDay(date.fromisoformat(one["day"]), False, True, one["note"], one["source"], checked)


def is_possible(service: Service) -> bool:
    """Whether the portal has a way to work with the service."""
    return service.adapter in ADAPTERS or service.adapter in RETRIEVALS


class CannotTurnOn(Exception):
    """The portal has no way to work with the service."""


def switch(*, service: Service, environment: str, on: bool, by: str, at: datetime) -> None:
    """Turn a service on or off. Nothing happens when it is so already. Raises CannotTurnOn."""
    if on and not is_possible(service):
        raise CannotTurnOn(service.id)
    with transaction.atomic():
        changed = {"is_on": on, "changed_by": by, "changed_at": at}
        new = {**changed, "environment": environment, "service": service.id}
        row, is_new = ServiceSetting.objects.select_for_update().get_or_create(
            environment=environment, service=service.id, defaults=new
        )
        if (service.is_enabled(environment) if is_new else row.is_on) == on:
            return
        ServiceSetting.objects.filter(pk=row.pk).update(**changed)
        what = AuditType.SERVICE_ON if on else AuditType.SERVICE_OFF
        record(by=by, at=at, target=row, what=what, service=service.id)


def switch_approval(*, service: Service, environment: str, on: bool, by: str, at: datetime) -> None:
    """Require a second person for a service that is on, or no longer. Raises CannotTurnOn.

    Turned off, open questions are deleted: anyone may send again.
    """
    settings = local(environment)
    if not settings.is_on(service):
        raise CannotTurnOn(service.id)
    with transaction.atomic():
        changed = {"needs_approval": on, "changed_by": by, "changed_at": at}
        new = {**changed, "is_on": True, "environment": environment, "service": service.id}
        row, is_new = ServiceSetting.objects.select_for_update().get_or_create(
            environment=environment, service=service.id, defaults=new
        )
        if (False if is_new else row.needs_approval) == on:
            return
        ServiceSetting.objects.filter(pk=row.pk).update(**changed)
        what = AuditType.APPROVAL_ON if on else AuditType.APPROVAL_OFF
        record(by=by, at=at, target=row, what=what, service=service.id)
        if not on:
            _forget_questions(row)


def _forget_questions(setting: ServiceSetting) -> None:
    rows = Approval.objects.unanswered().filter(submission__service=setting.service)
    rows.filter(submission__environment=setting.environment).delete()


OVERRULED = ("is_on", "needs_approval", "openness", "deadline_day", "deadline_month", "deadline_weekend", "note")


def save_setting(*, setting: ServiceSetting, by: str, at: datetime) -> None:
    """A new setting or a changed one, as the operator wrote it."""
    what = AuditType.ADDED if setting.pk is None else AuditType.EDITED
    setting.changed_by, setting.changed_at = by, at
    with transaction.atomic():
        edits = changes(old=stored_values(setting, OVERRULED), new=values_of(setting, OVERRULED))
        setting.save()
        if edits:
            record(by=by, at=at, target=setting, what=what, changes=edits)
        if not setting.needs_approval:
            _forget_questions(setting)
