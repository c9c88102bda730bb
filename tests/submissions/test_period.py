"""Periods as texts and in the form."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from django.utils import translation

from submissions.forms import NewSubmissionForm, period_choices
from submissions.period import Period, PeriodKind
from submissions.services import catalogue
from submissions.services.offers import Offer
from systemusers.models import Access

TODAY = date(2026, 1, 20)
PERIODS = [Period.year(2025), Period.month(2026, 12), Period.month(2026, 1), Period.term(2026, 1), Period.term(2026, 6)]


@pytest.mark.parametrize("period", PERIODS, ids=str)
def test_a_period_is_read_from_its_own_text(period: Period) -> None:
    assert Period.read(str(period)) == period


@pytest.mark.parametrize(
    "text",
    [
        "",
        "25",
        "2025-13",
        "2025-00",
        "2025-T7",
        "2025-T0",
        "2025-1",
        "2025-01-01",
        "２０２５",
        "0000",
        "1899",
        "2200",
        "9999",
        "9999-12",
    ],
)
def test_other_texts_are_no_periods(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        Period.read(text)


def test_the_period_before_is_of_the_same_kind() -> None:
    assert [str(period.before) for period in PERIODS] == ["2024", "2026-11", "2025-12", "2025-T6", "2026-T5"]


def test_a_period_is_spoken_in_the_readers_language() -> None:
    with translation.override("nb"):
        assert [period.spoken for period in PERIODS[:2]] == ["2025", "desember 2026"]
        assert Period.term(2026, 6).spoken == "6. termin 2026 (november–desember)"
    with translation.override("en"):
        assert Period.month(2026, 12).spoken == "December 2026"


def test_periods_of_several_kinds_are_under_headings() -> None:
    one = period_choices({PeriodKind.MONTH}, today=TODAY)
    several = period_choices({PeriodKind.MONTH, PeriodKind.YEAR, PeriodKind.NONE}, today=TODAY)

    assert (one[0][0], one[1][0], len(one)) == ("2026-01", "2025-12", 36)
    assert next(group for _heading, group in several[1:])[:2] == [("2026", "2026"), ("2025", "2025")]
    assert several[0][0] == ""


@pytest.mark.parametrize(
    ("kind", "given", "result"),
    [
        ("YEAR", "2024", Period.year(2024)),
        ("MONTH", "2025-12", Period.month(2025, 12)),
        ("NONE", "", Period(PeriodKind.NONE, TODAY)),
        ("MONTH", "2024", None),
        ("MONTH", "", None),
        ("YEAR", "2025-12", None),
    ],
)
def test_the_period_must_fit_the_service(access: Access, kind: str, given: str, result: Period | None) -> None:
    entries = [replace(one, period=PeriodKind(kind)) for one in catalogue.services()[:1]]
    entries += [replace(one, period=PeriodKind.YEAR if kind != "YEAR" else PeriodKind.MONTH) for one in entries]
    offers = {str(n): Offer(entry, access) for n, entry in enumerate(entries)}
    form: Any = NewSubmissionForm({"offer": "0", "period": given}, offers=offers, today=TODAY)

    assert form.is_valid() == (result is not None)
    if result is None:
        assert list(form.errors) == ["period"]
    else:
        assert form.cleaned_data["period"] == result
