"""The calendar of deadlines as its page shows it: rules with their sources, and dates of single periods."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext as _

from submissions.models import DeadlineDate
from submissions.period import PeriodKind
from submissions.services import catalogue
from submissions.services.catalogue import Local, Service
from submissions.services.due import calendar
from submissions.services.entries import Deadline, Weekend
from submissions.services.local import LastDay


@dataclass(frozen=True)
class Rule:
    """`text` "": nobody has said it. `next` is the next last day with its period, None without one."""

    service: Service
    text: str
    weekend: str
    period: str
    next: LastDay | None


@dataclass(frozen=True)
class OwnDate:
    row: DeadlineDate
    service: str
    period: str


def rules(settings: Local, *, today: date) -> list[Rule]:
    """Of every service that is on and has periods, those with a known deadline first. Two queries at most."""
    found = [_rule(service, settings, today) for service in calendar.with_periods(settings)]
    return sorted(found, key=lambda rule: (rule.next is None, not rule.text))


def _rule(service: Service, settings: Local, today: date) -> Rule:
    rule = settings.deadline(service)
    last = date(today.year + 2, 1, 1)
    coming = calendar.items(settings, first=today, last=last, today=today, only={service.id})
    first = next((item for item in coming if item.last_day), None)
    period = first.period.spoken if first else ""
    return Rule(service, in_words(rule, service), _weekend(rule), period, first.last_day if first else None)


def in_words(rule: Deadline | None, service: Service) -> str:
    if rule is None:
        return ""
    if rule.month:
        return _("%(day)s.%(month)s. året etter") % {"day": rule.day, "month": rule.month}
    if service.period == PeriodKind.TERM:
        return _("Den %(day)s. i måneden etter terminen") % {"day": rule.day}
    return _("Den %(day)s. i måneden etter") % {"day": rule.day}


def _weekend(rule: Deadline | None) -> str:
    texts = {
        Weekend.NEXT_WORKING_DAY: _("I helg og på helligdag: neste virkedag"),
        Weekend.STANDS: _("I helg og på helligdag: flyttes ikke"),
        Weekend.UNKNOWN: _("I helg og på helligdag: ikke kjent om den flyttes"),
    }
    return texts[rule.weekend] if rule else ""


def own_dates(environment: str) -> list[OwnDate]:
    """The dates of single periods, the newest period first. One query."""
    rows = DeadlineDate.objects.filter(environment=environment).order_by("-period_start", "service")
    return [OwnDate(row, catalogue.name_of(row.service), row.period.spoken) for row in rows]
