"""When a machine may send mail to customers: not at night, not at weekends, not on Norwegian holidays, as the plan says."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from portal.core.outbox.quiet_hours import NORWAY, QuietHours
from portal.core.working_days import is_holiday, is_weekend
from systemusers.models import MailPlan

LONGEST = 31
"""Days to look ahead: more than any row of free days has."""


@dataclass(frozen=True)
class Hours:
    """Of the clock and the calendar in Norway."""

    quiet: QuietHours
    skips_weekends: bool
    skips_holidays: bool

    def earliest(self, at: datetime) -> datetime:
        """`at`, or the first moment after it in which a mail may leave."""
        for _ in range(LONGEST):
            at = self.quiet.earliest(at)
            day = at.astimezone(NORWAY).date()
            if not self._is_free(day):
                return at
            at = datetime.combine(day + timedelta(days=1), time(), tzinfo=NORWAY)
        return at

    def _is_free(self, day: date) -> bool:
        return (self.skips_weekends and is_weekend(day)) or (self.skips_holidays and is_holiday(day))


def hours_of(plan: MailPlan) -> Hours:
    return Hours(QuietHours(plan.quiet_from, plan.quiet_to), plan.skips_weekends, plan.skips_holidays)


def next_reminder(plan: MailPlan, *, began_at: datetime, reminders: int) -> datetime | None:
    """When the reminder after so many is sent; None when there is none: by the days of the plan, or by its limit."""
    if reminders >= len(plan.reminder_days) or reminders + 1 >= plan.most_mails:
        return None
    return hours_of(plan).earliest(began_at + timedelta(days=plan.reminder_days[reminders]))
