"""Checks of the published fields of items of boligsameie and boligselskap. Items of other services are not checked."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from .errors import Spec, spec

Rule = Callable[[Any], bool]


def _text(pattern: str) -> Rule:
    return lambda value: isinstance(value, str) and re.fullmatch(pattern, value) is not None


def _whole(low: int, high: int = 999_999_999_999) -> Rule:
    return lambda value: type(value) is int and low <= value <= high


AMOUNT = _whole(0)
OWNER: dict[str, tuple[bool, Rule]] = {
    "oppgaveeier.navn": (True, _text(r"(?s).{1,200}")),
    "oppgaveeier.foedselsnummer": (False, _text(r"\d{11}")),
    "oppgaveeier.organisasjonsnummer": (False, _text(r"\d{9}")),
    "eiertid.start": (True, _text(r"\d{4}")),
    "eiertid.slutt": (True, _text(r"\d{4}")),
}
FIELDS: dict[str, dict[str, tuple[bool, Rule]]] = {
    "innrapportering-boligsameie": {
        **OWNER,
        "matrikkelnummer.kommunenummer": (True, _text(r"\d{4}")),
        "matrikkelnummer.gaardsnummer": (True, _whole(1, 99_999)),
        "matrikkelnummer.bruksnummer": (True, _whole(1, 9_999)),
        "matrikkelnummer.seksjonsnummer": (True, _whole(1, 9_999)),
        "andelSkattepliktigeInntekter": (False, AMOUNT),
        "andelFradragsberettigedeKostnader": (False, AMOUNT),
        "andelFormue": (False, AMOUNT),
        "andelGjeld": (False, AMOUNT),
    },
    "innrapportering-boligselskap": {
        **OWNER,
        "boenhet.andelsnummer": (False, _whole(1, 99_999)),
        "boenhet.aksjeboenhetsnummer": (False, _whole(1, 99_999)),
        "boenhet.kommunenummer": (False, _text(r"\d{4}")),
        "eierandel.eierandelTeller": (True, _whole(1)),
        "eierandel.eierandelNevner": (True, _whole(1)),
        "andelLikningsverdiBoenhet": (False, AMOUNT),
        "andelFormue": (False, AMOUNT),
        "andelGjeld": (False, AMOUNT),
    },
}
ONE_OF: dict[str, list[tuple[str, str]]] = {
    "innrapportering-boligsameie": [("oppgaveeier.foedselsnummer", "oppgaveeier.organisasjonsnummer")],
    "innrapportering-boligselskap": [
        ("oppgaveeier.foedselsnummer", "oppgaveeier.organisasjonsnummer"),
        ("boenhet.andelsnummer", "boenhet.aksjeboenhetsnummer"),
    ],
}


def faults_of_item(service_id: str, item_path: str, item: dict[str, Any]) -> Iterator[Spec]:
    """Errors in the fields of one item. `item_path` is its JSON path."""
    for path, (required, fits) in FIELDS.get(service_id, {}).items():
        value = _at(item, path)
        if value is None and required:
            yield spec("1022", "Påkrevd felt mangler", sti=f"{item_path}.{path}")
        elif value is not None and not fits(value):
            yield spec("1022", "Verdien har feil format", sti=f"{item_path}.{path}")
    for one, other in ONE_OF.get(service_id, []):
        if (_at(item, one) is None) == (_at(item, other) is None):
            yield spec("1022", f"Må ha enten {one} eller {other}", sti=f"{item_path}.{one.split('.')[0]}")


def _at(item: dict[str, Any], path: str) -> Any:
    value: Any = item
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value
