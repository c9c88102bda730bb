"""Controls that need more than one row: a founded company's figures of last year, and what both forms say of one event.

They are not among the published ones: they are known from the guidance to the form, and from what other vendors met.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from itertools import islice

from submissions.adapters.base import Finding, Level
from submissions.adapters.rf1086 import names
from submissions.adapters.rf1086.facts import MainFacts, PartFacts, Spot, number, spot, texts_of
from submissions.adapters.rf1086.parsing import Form

ROUNDING = Decimal(1)
"""Kroner by which the sums of the two forms may differ."""
MOST_TIMES = 3
"""Shown of the main form's times."""
Parts = Sequence[tuple[str, PartFacts]]
"""Each sub-form's file name and facts."""


def of_company(main: Form) -> Iterator[Finding]:
    """A main form alone. When the company was founded is in the business register, so only a stated formation counts."""
    is_founded = "T" in texts_of(main, names.ISSUE_TYPE)
    before = [main.number(names.OPENING), main.number(names.ALL_OPENING_CAPITAL), main.number(names.OPENING_CAPITAL)]
    if is_founded and any(before):
        at = spot(main, names.OPENING)
        yield _warning("FOUNDED_WITH_FIGURES", {"why": "observed"}, main.filename, at)


def of_package(main: tuple[str, MainFacts], parts: Parts) -> Iterator[Finding]:
    """One main form and all its sub-forms."""
    file, facts = main
    acquired = _total(part["acquired"] for _file, part in parts)
    increase = _total(part["increase"] for _file, part in parts)
    premium = _total(part["increase_premium"] for _file, part in parts)
    if facts["issued"] and _differ(facts["issued"], acquired):
        yield _warning("ACQUISITION_SUM", _both(facts["issued"], acquired), file, facts["issued_at"])
    for case, stated, total in (
        ("capital", facts["increase"], increase),
        ("premium", facts["increase_premium"], premium),
    ):
        if _differ(stated, total):
            yield _warning("CAPITAL_INCREASE_SUM", {"case": case, **_both(stated, total)}, file, facts["increase_at"])
    for name, part in parts:
        yield from _times(name, part, facts["times"])


def _total(texts: Iterable[str]) -> Decimal:
    return sum(map(number, texts), Decimal(0))


def _differ(stated: str, total: Decimal) -> bool:
    return abs(number(stated) - total) > ROUNDING


def _both(stated: str, total: Decimal) -> dict[str, str]:
    return {"stated": f"{number(stated):f}", "total": f"{total:f}", "why": "older"}


def _times(file: str, part: PartFacts, times: dict[str, list[str]]) -> Iterator[Finding]:
    """Silent where the main form has no such event: then the sums differ."""
    for event in part["events"]:
        stated = times.get(event["post"], [])
        if stated and event["time"] not in stated:
            shown = ", ".join(islice(stated, MOST_TIMES)) + (" …" if len(stated) > MOST_TIMES else "")
            yield _warning("TIME_DIFFERS", {"post": event["post"], "times": shown, "why": "help"}, file, event["at"])


def _warning(code: str, params: dict[str, str], file: str, at: Spot) -> Finding:
    return Finding(Level.WARNING, code, {**params, "given": at["given"]}, file, at["line"], at["path"])
