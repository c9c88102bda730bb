"""What the sandbox looks at inside an a-melding, and what it says is to be paid.

The real service publishes no list of its controls. These are the sandbox's own: sums that do not agree reject the message, and an
income without an employment is a warning. Names of the payment information are those of the older XML feedback (unverified).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import msgspec

from .records import Finding

ACCOUNT = "12345678903"
KINDS = {"Forskuddstrekk": "1", "Arbeidsgiveravgift": "2", "FinansskattLoenn": "3"}


def delivery_of(text: str) -> dict[str, Any]:
    """The leveranse of a JSON text; {} when there is none."""
    try:
        body = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return {}
    delivery = body.get("leveranse") if isinstance(body, dict) else None
    return delivery if isinstance(delivery, dict) else {}


def findings(delivery: dict[str, Any]) -> Iterator[Finding]:
    for name, total in (("Forskuddstrekk", _withheld(delivery)), ("Arbeidsgiveravgift", _contribution(delivery))):
        stated = _stated(delivery, name)
        if stated is not None and abs(stated - total) >= 1:
            yield Finding(
                code=f"SUM_{name.upper()}",
                text=f"Summen av {name.lower()} stemmer ikke",
                description=f"Oppgitt er {stated:.0f}, men virksomhetene har til sammen {total:.0f}.",
                guidance="Rett summen i betalingsinformasjon, eller beløpene den er summen av.",
            )
    for path, person in _people(delivery):
        if _entries(person, "inntekt") and not _entries(person, "arbeidsforhold"):
            yield Finding(
                code="ARBEIDSFORHOLD_MANGLER",
                text="Inntekt uten arbeidsforhold",
                description=f"Inntektsmottakeren i {path} har lønn, men ikke noe arbeidsforhold.",
                guidance="Legg til arbeidsforholdet i neste melding.",
                severity="advarsel",
            )


def payment(text: str, orgnr: str, month: str) -> dict[str, Any]:
    """The members of `mottak` that say what is to be paid; {} when the message states no sums."""
    delivery = delivery_of(text)
    sums = {name: stated for name in KINDS if (stated := _stated(delivery, name)) is not None}
    if not sums:
        return {}
    return {
        "mottattPeriode": {
            "kalendermaaned": month,
            "mottattAvgiftOgTrekkTotalt": {f"sum{name}": round(value, 2) for name, value in sums.items()},
        },
        "innbetalingsinformasjon": {
            "kontonummer": ACCOUNT,
            **{f"kidFor{name}": _kid(orgnr, month, KINDS[name]) for name in sums},
            "forfallsdato": _due(month).isoformat(),
        },
    }


def _stated(delivery: dict[str, Any], name: str) -> float | None:
    block = _object(_object(delivery, "oppgave"), "betalingsinformasjon")
    if name == "Forskuddstrekk":
        days = _entries(block, "sumForskuddstrekkPerLoennsutbetalingsdato")
        return sum(_amount(day) for day in days) if days else None
    value = block.get(f"sum{name}")
    return abs(float(value)) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _withheld(delivery: dict[str, Any]) -> float:
    return sum(_amount(line) for _path, person in _people(delivery) for line in _entries(person, "forskuddstrekk"))


def _contribution(delivery: dict[str, Any]) -> float:
    lines = [line for unit in _units(delivery) for line in _lines(unit)]
    return sum(
        _number(line, "avgiftsgrunnlagBeloep") * _number(line, "prosentsatsForAvgiftsberegning") / 100 for line in lines
    )


def _lines(unit: dict[str, Any]) -> list[dict[str, Any]]:
    return _entries(_object(unit, "arbeidsgiveravgift"), "loennOgGodtgjoerelse")


def _people(delivery: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for n, unit in enumerate(_units(delivery)):
        for m, person in enumerate(_entries(unit, "inntektsmottaker")):
            yield f"virksomhet[{n}].inntektsmottaker[{m}]", person


def _units(delivery: dict[str, Any]) -> list[dict[str, Any]]:
    return _entries(_object(delivery, "oppgave"), "virksomhet")


def _amount(line: dict[str, Any]) -> float:
    """Deductions are negative in the published example; the sign is not looked at."""
    return abs(_number(line, "beloep"))


def _number(line: dict[str, Any], name: str) -> float:
    value = line.get(name)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else 0.0


def _object(container: dict[str, Any], name: str) -> dict[str, Any]:
    value = container.get(name)
    return value if isinstance(value, dict) else {}


def _entries(container: dict[str, Any], name: str) -> list[dict[str, Any]]:
    value = container.get(name)
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def _kid(orgnr: str, month: str, kind: str) -> str:
    """Organisation, month and kind, and a check digit (mod 10)."""
    stem = orgnr + month.replace("-", "")[2:] + kind
    digits = [int(digit) * (2 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(stem))]
    return stem + str(-sum(digit // 10 + digit % 10 for digit in digits) % 10)


def _due(month: str) -> date:
    """The 15th of the month after a term of two months."""
    year, number = int(month[:4]), int(month[5:])
    after = number + 2 - (number + 1) % 2
    return date(year + (after > 12), after - 12 if after > 12 else after, 15)
