"""Dates and numbers inside sentences follow the language of the page; the time is Norwegian."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.utils import translation

from portal.core.formats import decimal, spelled_date, spelled_time
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
        assert "00:30" in spelled_time(LATE)
