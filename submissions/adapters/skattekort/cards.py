"""The cards of an answer, read tolerantly: what is missing is "", what is new is left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from portal.gateways.decoding import json_of

FREE, TABLE, RATE = "frikort", "trekktabell", "trekkprosent"


@dataclass(frozen=True)
class Part:
    """One forskuddstrekk. Amounts, rates and months as the authority writes them."""

    code: str
    kind: str = ""
    """FREE, TABLE or RATE; "" for one that is new."""
    allowance: str = ""
    table: str = ""
    rate: str = ""
    months: str = ""


@dataclass(frozen=True)
class Card:
    """The answer for one employee of one employer."""

    orgnr: str
    person: str = field(repr=False)
    result: str
    year: str = ""
    issued: str = ""
    identifier: str = ""
    parts: tuple[Part, ...] = ()
    extras: tuple[str, ...] = ()


def read(content: bytes) -> list[Card]:
    """Raises ValueError when the content is no answer."""
    payload = json_of(content)
    if not isinstance(payload, dict):
        raise ValueError("no object")
    return [card for employer in _objects(payload.get("arbeidsgiver")) for card in _of_employer(employer)]


def counts(cards: list[Card]) -> dict[str, int]:
    """How many there are of each result."""
    return dict(Counter(card.result for card in cards))


def _of_employer(employer: Mapping[str, Any]) -> Iterator[Card]:
    identity = employer.get("arbeidsgiveridentifikator")
    orgnr = _text(identity.get("organisasjonsnummer")) if isinstance(identity, dict) else ""
    for person in _objects(employer.get("arbeidstaker")):
        stored = person.get("skattekort")
        card: Mapping[str, Any] = stored if isinstance(stored, dict) else {}
        extras = person.get("tilleggsopplysning")
        yield Card(
            orgnr,
            _text(person.get("arbeidstakeridentifikator")),
            _text(person.get("resultatForSkattekort")),
            _text(person.get("inntektsaar")),
            _text(card.get("utstedtDato")),
            _text(card.get("skattekortidentifikator")),
            tuple(_part(each) for each in _objects(card.get("forskuddstrekk"))),
            tuple(map(_text, extras)) if isinstance(extras, list) else (),
        )


def _part(entry: Mapping[str, Any]) -> Part:
    free, table, rate = (_object(entry.get(name)) for name in (FREE, TABLE, RATE))
    return Part(
        _text(entry.get("trekkode")),
        kind=next((kind for kind in (FREE, TABLE, RATE) if isinstance(entry.get(kind), dict)), ""),
        allowance=_text(free.get("frikortbeloep")),
        table=_text(table.get("tabellnummer")),
        rate=_text(table.get("prosentsats")) or _text(rate.get("prosentsats")),
        months=_text(table.get("antallMaanederForTrekk")) or _text(rate.get("antallMaanederForTrekk")),
    )


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _objects(value: Any) -> list[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _text(value: Any) -> str:
    """Numbers are strings in the answers; a number is taken too."""
    return str(value).strip() if isinstance(value, str | int | float) and not isinstance(value, bool) else ""
