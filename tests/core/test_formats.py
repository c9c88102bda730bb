"""Dates and numbers inside sentences follow the language of the page; the time is Norwegian."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from django.utils import timezone, translation

from portal.core.formats import clock, decimal, spelled_date, spelled_day, spelled_time
from portal.templatetags.ui import NBSP, size

LATE = datetime(2026, 11, 28, 23, 30, tzinfo=UTC)
"""Already the next day in Norway."""


@pytest.mark.parametrize(
    ("language", "day", "megabytes"),
    [("nb", "29. november 2026", "2,5"), ("nn", "29. november 2026", "2,5"), ("en", "Nov. 29, 2026", "2.5")],
)
def test_formats_follow_the_language(language: str, day: str, megabytes: str) -> None:
    with translation.override(language):
        assert spelled_date(LATE) == day
        assert size(2_500_000) == f"{megabytes}{NBSP}MB"
        assert decimal(2.5) == megabytes


def test_a_time_is_norwegian() -> None:
    with translation.override("nb"):
        assert spelled_time(LATE).endswith("kl. 00.30")


def test_an_english_reader_gets_the_clock_and_the_day_of_the_week_as_they_are_written_in_english() -> None:
    with translation.override("en"):
        assert (clock(LATE), clock(LATE, seconds=True)) == ("00:30", "00:30:00")
        assert spelled_day(date(2026, 11, 29)) == "Sunday Nov. 29, 2026"


@pytest.mark.parametrize(("days", "word"), [(0, "i dag kl. "), (-1, "i går kl. "), (1, "i morgen kl. "), (2, "20")])
def test_near_days_have_names(days: int, word: str) -> None:
    with translation.override("nb"):
        assert word in spelled_time(timezone.now() + timedelta(days=days))
