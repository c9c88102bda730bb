"""The cards for a payroll system: the answer as it came (JSON), the same as XML, or one row for each forskuddstrekk (CSV).

The XML has the names of the JSON and no namespace: it is made here, and is not Skatteetaten's own XML.
"""

from __future__ import annotations

import csv
import io
import json
import re
from typing import Any
from xml.etree import ElementTree

from portal.gateways.decoding import json_of
from submissions.adapters.skattekort.cards import Card, Part

COLUMNS = (
    "organisasjonsnummer", "arbeidstakeridentifikator", "inntektsaar", "resultatForSkattekort", "utstedtDato",
    "skattekortidentifikator", "trekkode", "frikortbeloep", "tabellnummer", "prosentsats", "antallMaanederForTrekk",
    "tilleggsopplysning", "forskuddstrekk",
)  # fmt: skip
ROOT = "skattekortTilArbeidsgiver"
BOM = "\ufeff"
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
_UNWANTED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_NAME = re.compile(r"[A-Za-z_][\w.-]*")


def as_csv(cards: list[Card]) -> bytes:
    """Semicolons, UTF-8 with a BOM. No cell begins with what a spreadsheet would calculate."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for card in cards:
        for part in card.parts or (Part(""),):
            writer.writerow([_plain(cell) for cell in _cells(card, part)])
    return (BOM + text.getvalue()).encode("utf-8", "replace")


def _cells(card: Card, part: Part) -> tuple[str, ...]:
    return (
        card.orgnr, card.person, card.year, card.result, card.issued, card.identifier, part.code, part.allowance,
        part.table, part.rate, part.months, ", ".join(card.extras), part.kind,
    )  # fmt: skip


def _plain(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def as_xml(content: bytes) -> bytes:
    root = ElementTree.Element(ROOT)
    _fill(root, json_of(content))
    ElementTree.indent(root)
    document: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return document


def _fill(parent: ElementTree.Element, value: Any) -> None:
    """An object's fields as elements, a list as repeated ones. A name that XML cannot have is left out."""
    if not isinstance(value, dict):
        parent.text = _UNWANTED.sub(
            "", json.dumps(value) if isinstance(value, bool) else "" if value is None else str(value)
        )
        return
    for name, inner in value.items():
        if _NAME.fullmatch(name):
            for each in inner if isinstance(inner, list) else [inner]:
                _fill(ElementTree.SubElement(parent, name), each)
