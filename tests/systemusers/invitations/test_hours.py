"""When a machine may write to customers: Norwegian clock and calendar."""

from __future__ import annotations

from datetime import datetime, time

import pytest

from systemusers.models import MailPlan
from systemusers.services.invitations.hours import hours_of, next_reminder

PLAN = MailPlan(pk=1, quiet_from=time(18), quiet_to=time(7))


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("at", "earliest"),
    [
        ("2026-03-04T10:00+01:00", "2026-03-04T10:00+01:00"),
        ("2026-03-04T18:00+01:00", "2026-03-05T07:00+01:00"),
        ("2026-03-04T06:59+01:00", "2026-03-04T07:00+01:00"),
        ("2026-03-06T20:00+01:00", "2026-03-09T07:00+01:00"),  # Friday evening
        ("2026-03-28T12:00+01:00", "2026-03-30T07:00+02:00"),  # summer time begins at the weekend
        ("2026-04-01T19:00+02:00", "2026-04-07T07:00+02:00"),  # Easter
        ("2026-05-13T19:00+02:00", "2026-05-15T07:00+02:00"),  # Ascension Day
        ("2027-05-16T12:00+02:00", "2027-05-18T07:00+02:00"),  # 16 May is Whit Sunday, and the 17th Whit Monday
        ("2026-12-24T19:00+01:00", "2026-12-28T07:00+01:00"),
        ("2026-12-31T19:00+01:00", "2027-01-04T07:00+01:00"),
    ],
)
def test_mail_waits_for_a_working_hour(at: str, earliest: str) -> None:
    assert hours_of(PLAN).earliest(moment(at)) == moment(earliest)


def test_the_plan_may_send_at_any_time() -> None:
    always = MailPlan(pk=1, quiet_from=time(0), quiet_to=time(0), skips_weekends=False, skips_holidays=False)

    assert hours_of(always).earliest(moment("2026-12-25T03:00+01:00")) == moment("2026-12-25T03:00+01:00")


def test_holidays_and_weekends_are_two_settings() -> None:
    weekends = MailPlan(pk=1, quiet_from=time(18), quiet_to=time(7), skips_holidays=False)
    holidays = MailPlan(pk=1, quiet_from=time(18), quiet_to=time(7), skips_weekends=False)

    assert hours_of(weekends).earliest(moment("2026-05-14T10:00+02:00")) == moment("2026-05-14T10:00+02:00")
    assert hours_of(holidays).earliest(moment("2026-05-16T10:00+02:00")) == moment("2026-05-16T10:00+02:00")
    assert hours_of(holidays).earliest(moment("2026-05-17T10:00+02:00")) == moment("2026-05-18T07:00+02:00")


def test_reminders_follow_the_days_of_the_plan_and_end_at_its_limit() -> None:
    began = moment("2026-03-04T10:00+01:00")
    plan = MailPlan(pk=1, quiet_from=time(18), quiet_to=time(7), reminder_days=[3, 7, 14], most_mails=3)

    times = [next_reminder(plan, began_at=began, reminders=number) for number in range(4)]

    assert times == [moment("2026-03-09T07:00+01:00"), moment("2026-03-11T10:00+01:00"), None, None]
