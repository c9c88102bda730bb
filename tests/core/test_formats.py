"""Dates and numbers inside sentences follow the language of the page; the time is Norwegian."""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import timezone, translation

from portal.core import upstream
from portal.core.formats import amount, clock, decimal, spelled_date, spelled_day, spelled_time
from portal.templatetags.ui import NBSP, size
from submissions.adapters.base import FileReport
from submissions.adapters.gld_json import labels

FOR_SPREADSHEETS = {"exports.py", "export.py"}
"""Cells: a Norwegian spreadsheet reads them as dates."""
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


@pytest.mark.parametrize(("language", "mark"), [("nb", ","), ("nn", ","), ("en", ".")])
def test_an_amount_has_the_decimal_mark_of_the_language(language: str, mark: str) -> None:
    with translation.override(language):
        assert amount(Decimal("-1234567.5")) == f"-1{NBSP}234{NBSP}567{mark}5"
        assert amount(Decimal("1234.5"), places=2) == f"1{NBSP}234{mark}50"
        assert [amount(Decimal(whole), places=2) for whole in ("100", "1200.00")] == ["100", f"1{NBSP}200"]
        assert [label for name, label in facts_shown() if name.startswith("Sum")] == [f"1{NBSP}500{mark}25"]


def facts_shown() -> list[tuple[str, str]]:
    """Of a file in JSON, on the page of its submission."""
    facts = {"deliveries": 1, "items": 2, "deletions": 0, "sums": {"sumBeloep": "1500.25"}}
    return [(str(name), text) for name, text in labels.summary(FileReport(role="MESSAGE", facts=facts))]


def test_a_slow_service_says_how_slow_in_the_language() -> None:
    calls = [json.dumps([LATE.timestamp(), 2.5, True, 200]).encode()] * 5
    with translation.override("en"):
        assert upstream._light("Altinn", calls, LATE).text == "slow, 2.5 s"


def test_no_sentence_has_a_format_of_one_language() -> None:
    """A date or a number in code: names of files, keys and rows for programs are written so, and no page."""
    written = [
        f"{path}: {line.strip()}"
        for app in ("accounts", "systemusers", "submissions", "portal")
        for path in Path(settings.BASE_DIR, app).rglob("*.py")
        if not {"sandbox", "local", "migrations"} & set(path.parts)
        for line in path.read_text().splitlines()
        if re.search(r"%d\.%m|%H\.%M|replace\(\"\.\", \",\"\)", line)
    ]

    assert {line.split(":")[0].rpartition("/")[2] for line in written} == FOR_SPREADSHEETS


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
