"""The last day to deliver, when it is no working day."""

from __future__ import annotations

from datetime import date

import pytest

from portal.core.working_days import is_working_day, next_working_day
from submissions.period import Period
from submissions.services import catalogue
from submissions.services.entries import Deadline, Weekend

SALARY = catalogue.service("innrapportering-amelding")
SHARES = catalogue.service("innrapportering-aksjonaerregisteroppgave")


@pytest.mark.parametrize(
    ("day", "moved"),
    [
        (date(2026, 12, 4), date(2026, 12, 4)),  # a Friday
        (date(2026, 12, 5), date(2026, 12, 7)),  # a Saturday
        (date(2027, 5, 17), date(2027, 5, 18)),  # a holiday of Norway alone
        (date(2027, 3, 25), date(2027, 3, 30)),  # Easter
        (date(2026, 12, 25), date(2026, 12, 28)),
    ],
)
def test_the_next_working_day_is_neither_in_a_weekend_nor_a_norwegian_holiday(day: date, moved: date) -> None:
    assert next_working_day(day) == moved
    assert is_working_day(day) == (day == moved)


def test_the_a_melding_moves_to_the_next_working_day_as_its_owner_says() -> None:
    assert SALARY.last_day(Period.month(2026, 11)) == date(2026, 12, 7)
    assert SALARY.last_day(Period.month(2027, 2)) == date(2027, 3, 5)


def test_a_date_of_which_no_page_says_that_it_moves_stands_and_is_doubted() -> None:
    assert SHARES.deadline is not None
    assert SHARES.last_day(Period.year(2026)) == date(2027, 1, 31)  # a Sunday
    assert SHARES.deadline.may_move(Period.year(2026))
    assert not SHARES.deadline.may_move(Period.year(2027))  # a Monday


@pytest.mark.parametrize("service", [one for one in catalogue.services() if one.deadline], ids=lambda one: one.id)
def test_every_deadline_of_the_catalogue_names_the_page_that_says_it(service: catalogue.Service) -> None:
    assert service.deadline is not None
    assert service.deadline.source.startswith("https://www.skatteetaten.no/")
    assert service.deadline.checked is not None


def test_a_date_that_is_said_to_stand_is_not_doubted() -> None:
    rule = Deadline(31, 1, Weekend.STANDS)

    assert rule.of(Period.year(2026)) == date(2027, 1, 31)
    assert not rule.may_move(Period.year(2026))


def test_the_day_is_the_last_of_a_shorter_month() -> None:
    assert Deadline(31).of(Period.month(2027, 1)) == date(2027, 2, 28)


def test_a_term_is_due_in_the_month_after_its_two() -> None:
    assert Deadline(10).of(Period.term(2026, 6)) == date(2027, 1, 10)
