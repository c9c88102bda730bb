"""Hours in which a message that asks for it is not sent."""

from __future__ import annotations

from datetime import datetime, time
from zoneinfo import ZoneInfo

import pytest

from portal.core.outbox import delivery
from portal.core.outbox.quiet_hours import QuietHours
from tests.core.outbox.rig import again, put_one
from tests.core.outbox.smtp import MailServer
from tests.fixtures import AT

NIGHT = QuietHours(time(21), time(7))
OSLO = ZoneInfo("Europe/Oslo")


CLOCKS = [
    (NIGHT, "2026-11-23 20:59", "2026-11-23 20:59"),
    (NIGHT, "2026-11-23 21:00", "2026-11-24 07:00"),
    (NIGHT, "2026-11-24 03:00", "2026-11-24 07:00"),
    (NIGHT, "2026-11-24 07:00", "2026-11-24 07:00"),
    (NIGHT, "2026-07-01 22:30", "2026-07-02 07:00"),
    (NIGHT, "2026-03-28 23:00", "2026-03-29 07:00"),  # the night the clock is put forward
    (QuietHours(time(12), time(13)), "2026-11-23 12:30", "2026-11-23 13:00"),
    (QuietHours(time(12), time(13)), "2026-11-23 13:00", "2026-11-23 13:00"),
    (QuietHours(time(0), time(6)), "2026-11-23 00:00", "2026-11-23 06:00"),
    (QuietHours(time(8), time(8)), "2026-11-23 08:00", "2026-11-23 08:00"),
]


@pytest.mark.parametrize(
    ("hours", "at", "earliest"), CLOCKS, ids=[f"{c[0].start:%H}-{c[0].end:%H} at {c[1]}" for c in CLOCKS]
)
def test_the_end_of_quiet_hours_is_by_the_clock_in_norway(hours: QuietHours, at: str, earliest: str) -> None:
    def norway(text: str) -> datetime:
        return datetime.fromisoformat(text).replace(tzinfo=OSLO)

    assert hours.earliest(norway(at).astimezone(ZoneInfo("UTC"))) == norway(earliest)


@pytest.mark.django_db
def test_a_message_that_asks_for_it_is_not_sent_in_quiet_hours(smtp: MailServer) -> None:
    night = datetime(2026, 11, 23, 23, 30, tzinfo=OSLO)
    quiet = put_one("quiet", at=night, quiet_hours=NIGHT)
    at_once = put_one("at once", at=night)

    delivery.send_due(at=night)
    assert (again(quiet).status, again(at_once).status) == ("WAITING", "SENT")

    delivery.send_due(at=datetime(2026, 11, 24, 7, 0, tzinfo=OSLO))
    assert again(quiet).status == "SENT"


@pytest.mark.django_db
def test_a_message_that_was_late_for_the_day_waits_for_the_next(smtp: MailServer) -> None:
    message = put_one(at=AT, quiet_hours=NIGHT)

    delivery.send_due(at=datetime(2026, 11, 23, 22, 0, tzinfo=OSLO))

    waiting = again(message)
    assert (waiting.status, waiting.failures, smtp.connections) == ("WAITING", 0, 0)
    assert waiting.next_attempt_at == datetime(2026, 11, 24, 7, 0, tzinfo=OSLO)
