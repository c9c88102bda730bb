"""Reads a `melding` in XML with one or more leveranser, element by element: such a file is too large for a tree.

Only the example for one scheme is public. What follows from it alone is a warning, and unknown elements are passed over.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from lxml import etree

from submissions import safe_xml
from submissions.adapters import source_system
from submissions.adapters.base import Finding, Level, Period
from submissions.adapters.numbers import masked
from submissions.adapters.upload.facts import MOST_BYTES, MOST_LISTED, Facts, Read

ROOT, DELIVERY = "melding", "leveranse"
NUMBER, YEAR = ("oppgavegiver", "organisasjonsnummer"), ("inntektsaar",)
REFERENCE, ITEM, COUNT = ("oppgavegiversLeveranseReferanse",), ("oppgave",), ("oppgaveoppsummering", "antallOppgaver")
SOURCE = (source_system.NAME,)
WANTED = frozenset({NUMBER, YEAR, REFERENCE, COUNT, SOURCE})


class NotAFile(Exception):
    """Not a file of this form; `finding` says why."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.code)
        self.finding = finding


@dataclass
class _Delivery:
    """One leveranse: the texts of the WANTED elements, and how many oppgaver it has."""

    line: int = 1
    texts: dict[safe_xml.Path, str] = field(default_factory=dict)
    items: int = 0


def read(content: bytes, name: str, schemes: Mapping[str, Any]) -> Read:
    """`schemes`: the name of a scheme by the word for it in the namespace. Raises NotAFile."""
    try:
        namespace, deliveries = _deliveries(content, name)
    except safe_xml.UnreadableXml as error:
        raise NotAFile(Finding(Level.ERROR, error.code, error.params, name, error.line)) from None
    word = scheme_of(namespace)
    facts = Facts(
        kind=str(schemes.get(word, "")),
        deliveries=len(deliveries),
        items=sum(delivery.items for delivery in deliveries),
        references=[text for one in deliveries if (text := one.texts.get(REFERENCE, ""))][:MOST_LISTED],
        source=source_system.source_of(_values(deliveries, SOURCE)),
    )
    findings = [*_about_scheme(namespace, word in schemes, name), *_about_deliveries(deliveries, name)]
    numbers, years = _values(deliveries, NUMBER), _values(deliveries, YEAR)
    stated = years[0] if years else ""
    return Read(numbers[0] if numbers else "", _period(years), facts, tuple(findings), stated)


def scheme_of(namespace: str) -> str:
    """`aksjesparekonto` of `urn:ske:fastsetting:innsamling:aksjesparekonto:v3`."""
    before, _colon, version = namespace.rpartition(":")
    return before.rpartition(":")[2].lower() if version.startswith("v") else ""


def _deliveries(content: bytes, name: str) -> tuple[str, list[_Delivery]]:
    namespace, deliveries, current = "", [], _Delivery()
    for path, element in safe_xml.walk(content, most_bytes=MOST_BYTES):
        if len(path) == 1:
            namespace = namespace or _is_root(element, name)
        elif path == (ROOT, DELIVERY):
            current.line = cast("int | None", element.sourceline) or 1  # the stubs of lxml declare another type
            deliveries.append(current)
            current = _Delivery()
        elif path[2:] == ITEM:
            current.items += 1
        elif path[2:] in WANTED and path[1] == DELIVERY:
            current.texts[path[2:]] = (element.text or "").strip()[:200]
    return namespace, deliveries


def _is_root(element: etree._Element, name: str) -> str:
    """The namespace. Raises NotAFile for another kind of document."""
    found = etree.QName(element)
    if found.localname != ROOT:
        raise NotAFile(Finding(Level.ERROR, "OTHER_ROOT", {"given": found.localname[:60], "wanted": ROOT}, name, 1))
    return found.namespace or ""


def _about_scheme(namespace: str, is_known: bool, name: str) -> Iterator[Finding]:
    if not is_known:
        yield Finding(Level.WARNING, "UNKNOWN_SCHEME", {"given": namespace[:100] or "–"}, name, 1, ROOT)


def _about_deliveries(deliveries: list[_Delivery], name: str) -> Iterator[Finding]:
    if not deliveries:
        yield Finding(Level.ERROR, "NO_DELIVERY", {}, name, 1, ROOT)
    for one in deliveries[:MOST_LISTED]:
        for wanted in (NUMBER, YEAR):
            if not one.texts.get(wanted):
                where = f"{DELIVERY}.{'.'.join(wanted)}"
                yield Finding(Level.ERROR, "MISSING", {"name": wanted[-1]}, name, one.line, where)
        stated = one.texts.get(COUNT, "")
        if stated.isascii() and stated.isdigit() and int(stated) != one.items:
            params = {"stated": stated, "counted": str(one.items)}
            yield Finding(Level.WARNING, "COUNT", params, name, one.line, f"{DELIVERY}.{'.'.join(COUNT)}")
    for code, wanted in (("MIXED_PARTIES", NUMBER), ("MIXED_YEARS", YEAR)):
        if len(values := _values(deliveries, wanted)) > 1:
            yield Finding(
                Level.ERROR, code, {"given": masked(", ".join(values[:MOST_LISTED]))}, name, deliveries[0].line
            )


def _values(deliveries: list[_Delivery], wanted: safe_xml.Path) -> list[str]:
    """The different texts, in their order."""
    return list(dict.fromkeys(text for one in deliveries if (text := one.texts.get(wanted, ""))))


def _period(years: list[str]) -> Period | None:
    first = years[0] if years else ""
    return Period.found(first) if len(first) == 4 else None
