"""What a report is about in time: a year, a month, a term, or nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any


class PeriodKind(StrEnum):
    YEAR = "YEAR"
    MONTH = "MONTH"
    TERM = "TERM"  # two months, as for VAT
    NONE = "NONE"


@dataclass(frozen=True)
class Period:
    """`start` is the first day of the period; for NONE it is the day the report was begun."""

    kind: PeriodKind
    start: date

    @classmethod
    def year(cls, year: int) -> Period:
        return cls(PeriodKind.YEAR, date(year, 1, 1))

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
