"""The calendar: what is due when, by the rules of the catalogue, those of the vendor, and dates set for one period."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from portal.core.audit import AuditEvent
from submissions.models import DeadlineDate, ServiceSetting
from submissions.period import Period
from submissions.services import catalogue
from submissions.services.due import calendar
from tests.submissions.due.rows import AT, HOUSING, SALARY, SHARES

pytestmark = pytest.mark.django_db
BSU = "innrapportering-bsu"
SHARES_2026 = {"environment": "SANDBOX", "service": SHARES, "period": Period.year(2026)}


def due(*services: str, first: date = date(2026, 12, 1), last: date = date(2027, 3, 31)) -> list[tuple[str, str, Any]]:
    settings = catalogue.local("SANDBOX")
    found = calendar.items(settings, first=first, last=last, today=date(2027, 1, 26), only=services)
    return [(item.service.id, str(item.period), item.day) for item in found]


def setting(service: str, **fields: Any) -> None:
    row = {"is_on": True, "changed_by": "user:x", "changed_at": AT, **fields}
    ServiceSetting.objects.create(environment="SANDBOX", service=service, **row)


def own_date(**fields: Any) -> DeadlineDate:
    row = DeadlineDate(**{**SHARES_2026, "day": date(2027, 2, 15), "note": "Utsatt for alle", **fields})
    calendar.set_date(row=row, by="user:ida@vendor.example", at=AT)
    return row


def test_what_is_due_is_in_the_order_of_the_last_days() -> None:
    assert due(SALARY, SHARES) == [
        (SALARY, "2026-11", date(2026, 12, 7)),
        (SALARY, "2026-12", date(2027, 1, 5)),
        (SHARES, "2026", date(2027, 1, 31)),
        (SALARY, "2027-01", date(2027, 2, 5)),
        (SALARY, "2027-02", date(2027, 3, 5)),
    ]


def test_the_second_way_to_deliver_the_same_is_no_row_of_its_own() -> None:
    assert calendar.ways_to_deliver(catalogue.service(SALARY)) == (SALARY, f"{SALARY}-filopplasting")
    assert f"{SALARY}-filopplasting" not in [one.id for one in calendar.with_periods(catalogue.local("SANDBOX"))]


def test_a_service_without_a_deadline_comes_last_with_its_newest_period() -> None:
    setting(BSU)

    assert due(BSU, HOUSING) == [(HOUSING, "2026", date(2027, 1, 31)), (BSU, "2026", None)]


def test_a_rule_of_the_vendor_counts_before_that_of_the_catalogue() -> None:
    setting(SHARES, deadline_day=31, deadline_month=1, deadline_weekend="next_working_day", note="Skatteetatens brev")
    found = catalogue.local("SANDBOX").deadline_of(catalogue.service(SHARES), Period.year(2026))

    assert found is not None
    assert (found.day, found.may_move, found.note) == (date(2027, 2, 1), False, "Skatteetatens brev")
    assert (found.source, found.checked) == ("", AT.date())


def test_a_date_set_for_one_period_counts_before_every_rule_and_is_recorded() -> None:
    row = own_date()
    event = AuditEvent.objects.get(what="date-set")

    assert due(SHARES) == [(SHARES, "2026", date(2027, 2, 15))]
    assert event.target == f"submissions.DeadlineDate:{row.pk}"
    assert event.detail["changes"]["day"] == ["", "2027-02-15"]


def test_the_same_date_again_records_nothing_and_another_one_the_change() -> None:
    own_date()
    own_date()
    own_date(day=date(2027, 2, 20))
    changed = AuditEvent.objects.filter(what="date-set").first()

    assert DeadlineDate.objects.get().day == date(2027, 2, 20)
    assert changed is not None
    assert changed.detail["changes"] == {"day": ["2027-02-15", "2027-02-20"]}


def test_the_rule_holds_again_when_the_date_is_removed() -> None:
    calendar.remove_date(row=own_date(), by="user:ida@vendor.example", at=AT)

    assert due(SHARES) == [(SHARES, "2026", date(2027, 1, 31))]
    assert AuditEvent.objects.filter(what="date-removed").exists()


def test_a_date_of_another_environment_is_not_used() -> None:
    own_date(environment="TEST")

    assert due(SHARES) == [(SHARES, "2026", date(2027, 1, 31))]
