"""What a report is about in time: a year, a month, a term, or nothing."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _


class PeriodKind(StrEnum):
    YEAR = "YEAR"
    MONTH = "MONTH"
    TERM = "TERM"  # two months, as for VAT
    NONE = "NONE"


FIRST_YEAR, LAST_YEAR = 1900, 2199
"""Others are slips of the keyboard, or attempts: a year after 9999 does not exist for Python, and a deadline is in the year after."""


@dataclass(frozen=True)
class Period:
    """`start` is the first day of the period; for NONE it is the day the report was begun."""

    kind: PeriodKind
    start: date

    @classmethod
    def year(cls, year: int) -> Period:
        return cls(PeriodKind.YEAR, date(year, 1, 1))

    @classmethod
    def month(cls, year: int, month: int) -> Period:
        return cls(PeriodKind.MONTH, date(year, month, 1))

    @classmethod
    def term(cls, year: int, term: int) -> Period:
        """`term` from 1 to 6."""
        return cls(PeriodKind.TERM, date(year, term * 2 - 1, 1))

    @classmethod
    def read(cls, text: str) -> Period:
        """The period of a text that `str` gave. Raises ValueError, also for a year that no report is about."""
        found = re.fullmatch(r"(\d{4})(?:-(\d{2})|-T([1-6]))?", text, re.ASCII)
        if found is None or not FIRST_YEAR <= int(found[1]) <= LAST_YEAR:
            raise ValueError(f"{text[:20]!r} is not a period")
        year, month, term = found.groups()
        if term:
            return cls.term(int(year), int(term))
        return cls.month(int(year), int(month)) if month else cls.year(int(year))

    @classmethod
    def found(cls, text: str) -> Period | None:
        """The period of a text from outside; None when it is none."""
        try:
            return cls.read(text)
        except ValueError:
            return None

    @property
    def before(self) -> Period:
        """The period of the same kind that ends when this one begins. Not for NONE."""
        months = {PeriodKind.YEAR: 12, PeriodKind.MONTH: 1, PeriodKind.TERM: 2}[self.kind]
        year, month = divmod(self.start.year * 12 + self.start.month - 1 - months, 12)
        return Period(self.kind, date(year, month + 1, 1))

    @property
    def spoken(self) -> str:
        """In the current language: `2025`, `mars 2025`, `2. termin 2025 (mars–april)`; "" for NONE."""
        if self.kind == PeriodKind.MONTH:
            return date_format(self.start, "F Y")
        if self.kind == PeriodKind.TERM:
            last = date(self.start.year, self.start.month + 1, 1)
            parts = {"n": (self.start.month + 1) // 2, "year": self.start.year}
            months = {"first": date_format(self.start, "F"), "last": date_format(last, "F")}
            return _("%(n)s. termin %(year)s (%(first)s–%(last)s)") % {**parts, **months}
        return str(self)

    def columns(self) -> dict[str, Any]:
        """The columns of a row that is about this period."""
        return {"period_kind": self.kind, "period_start": self.start}

    def __str__(self) -> str:
        """`2025`, `2025-03`, `2025-T2`; "" for NONE."""
        if self.kind == PeriodKind.MONTH:
            return f"{self.start:%Y-%m}"
        if self.kind == PeriodKind.TERM:
            return f"{self.start.year}-T{(self.start.month + 1) // 2}"
        return str(self.start.year) if self.kind == PeriodKind.YEAR else ""
