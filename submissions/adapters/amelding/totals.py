"""What a message adds up to, for each virksomhet, and whether the stated sums agree with it.

Deductions are negative in the printed example, and what the service makes of the sign is not published: sums are compared without it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, TypedDict

from submissions.adapters import source_system
from submissions.adapters.amelding.fields import PAYMENT, UNITS
from submissions.adapters.json_files import kinds
from submissions.adapters.json_files.rules import Fault, Names, Path, find_list

MOST_UNITS = 50
"""Virksomheter that are shown one by one."""
WITHHELD, CONTRIBUTION = "sumForskuddstrekkPerLoennsutbetalingsdato", "sumArbeidsgiveravgift"
LINES = ("arbeidsgiveravgift", "loennOgGodtgjoerelse")
Lines = list[Mapping[str, Any]]


class Unit(TypedDict):
    """One virksomhet. Amounts are decimal texts."""

    orgnr: str
    people: int
    gross: str
    withheld: str
    basis: str


class Facts(TypedDict):
    """The program that made it, the virksomheter (at most MOST_UNITS), how many there are, and all of them together."""

    source: str
    units: list[Unit]
    count: int
    total: Unit


def facts(delivery: Mapping[str, Any]) -> Facts:
    units = [_unit(unit) for unit in _units(delivery)]
    total: Unit = {
        "orgnr": "",
        "people": sum(unit["people"] for unit in units),
        "gross": _added(unit["gross"] for unit in units),
        "withheld": _added(unit["withheld"] for unit in units),
        "basis": _added(unit["basis"] for unit in units),
    }
    source = source_system.source_of([delivery.get(source_system.NAME)])
    return {"source": source, "units": units[:MOST_UNITS], "count": len(units), "total": total}


def compare(path: Path, delivery: Mapping[str, Any]) -> Iterator[Fault]:
    """Stated sums that are not those of the virksomheter. They are probably rejected, as the printed rules do not say."""
    block = find_list(delivery, PAYMENT)
    if not isinstance(block, dict):
        return
    days = lines(block, (WITHHELD,))
    if days:
        yield from _differs(
            (*path, *PAYMENT, WITHHELD), WITHHELD, _sum(days, "beloep"), _withheld(delivery), Decimal(1)
        )
    stated = number(block.get(CONTRIBUTION))
    counted = _contribution(delivery)
    if stated is not None and counted is not None:
        total, count = counted
        yield from _differs((*path, *PAYMENT, CONTRIBUTION), CONTRIBUTION, abs(stated), total, Decimal(max(1, count)))


def _differs(where: Path, name: str, stated: Decimal, total: Decimal, allowed: Decimal) -> Iterator[Fault]:
    """`allowed`: amounts may be rounded to whole kroner."""
    if abs(stated - total) >= allowed:
        yield Fault("SUM", where, {"name": name, "stated": f"{stated:f}", "total": f"{total:f}"}, is_certain=False)


def _unit(unit: Mapping[str, Any]) -> Unit:
    people = lines(unit, ("inntektsmottaker",))
    given = unit.get("norskIdentifikator")
    return {
        "orgnr": given if isinstance(given, str) and len(given) == 9 else "",
        "people": len(people),
        "gross": f"{sum((_sum(lines(one, ('inntekt',)), 'beloep', signed=True) for one in people), Decimal(0)):f}",
        "withheld": f"{sum((_sum(lines(one, ('forskuddstrekk',)), 'beloep') for one in people), Decimal(0)):f}",
        "basis": f"{_sum(_contributions(unit), 'avgiftsgrunnlagBeloep', signed=True):f}",
    }


def _withheld(delivery: Mapping[str, Any]) -> Decimal:
    people = (one for unit in _units(delivery) for one in lines(unit, ("inntektsmottaker",)))
    return sum((_sum(lines(one, ("forskuddstrekk",)), "beloep") for one in people), Decimal(0))


def _contribution(delivery: Mapping[str, Any]) -> tuple[Decimal, int] | None:
    """Basis by rate, and how many lines there are. None when a rate is missing, or there are kinds that no example shows."""
    units = _units(delivery)
    if any(name != LINES[-1] for unit in units for name in _object(unit, LINES[0])):
        return None
    found = [line for unit in units for line in _contributions(unit)]
    pairs = [
        (number(line.get("avgiftsgrunnlagBeloep")), number(line.get("prosentsatsForAvgiftsberegning")))
        for line in found
    ]
    amounts = [basis * rate / 100 for basis, rate in pairs if basis is not None and rate is not None]
    return (sum(amounts, Decimal(0)), len(found)) if found and len(amounts) == len(found) else None


def _contributions(unit: Mapping[str, Any]) -> Lines:
    return lines(unit, LINES)


def _object(container: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = container.get(name)
    return value if isinstance(value, dict) else {}


def _units(delivery: Mapping[str, Any]) -> Lines:
    return lines(delivery, UNITS)


def lines(container: Mapping[str, Any], names: Names) -> Lines:
    """The objects of the list at `names`; [] when it is absent or no list."""
    value = find_list(container, names)
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def number(value: Any) -> Decimal | None:
    """None for what is no number, and for one of more than fifteen digits or with an exponent."""
    if not isinstance(value, int | Decimal) or isinstance(value, bool) or not kinds.DECIMAL.fullmatch(str(value)):
        return None
    return Decimal(value)


def _sum(entries: Lines, name: str, *, signed: bool = False) -> Decimal:
    numbers = [value for entry in entries if (value := number(entry.get(name))) is not None]
    total = sum(numbers, Decimal(0))
    return total if signed else abs(total)


def _added(amounts: Iterator[str]) -> str:
    return f"{sum(map(Decimal, amounts), Decimal(0)):f}"
