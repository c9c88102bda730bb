"""The elements of RF-1086 in their order, with how often and in what form, and a walk that compares a file with them.

The two tables are facts about Skatteetaten's forms, written as indented lines: name, `1` or `?` (with a highest number
when it may repeat), and the kind of value.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from pathlib import Path

from django.utils.translation import gettext as _
from lxml import etree
from stdnum.no import orgnr

from submissions.rf1086.findings import Finding, Level, masked
from submissions.rf1086.reading import Form, Kind, plain_name

TABLES = {Kind.MAIN: "main_form.txt", Kind.PART: "part_form.txt"}
MOST_FINDINGS = 200
_DECIMAL = {
    "decimal2": r"\d{1,15}(\.\d{1,2})?",
    "decimal2-": r"-?\d{1,15}(\.\d{1,2})?",
    "decimal6": r"\d{1,11}(\.\d{1,6})?",
    "amount0": r"\d{1,15}",
    "count": r"\d{1,15}",
    "count+": r"0*[1-9]\d{0,14}",
    "isin": r"NO\d{10}",
    "utl": r"UTL\d{9}",
    "country": r"[A-Z]{2}",
    "digits4": r"\d{4}",
    "year": r"\d{4}",
}
PATTERNS = {kind: re.compile(pattern) for kind, pattern in _DECIMAL.items()}


@dataclass
class Element:
    name: str
    required: bool
    most: int
    kind: str = ""
    children: list[Element] = field(default_factory=list)


@lru_cache(maxsize=2)
def root_of(kind: Kind) -> Element:
    """The table as a tree."""
    stack: list[tuple[int, Element]] = []
    for line in Path(__file__).with_name(TABLES[kind]).read_text(encoding="utf-8").splitlines():
        depth = (len(line) - len(line.lstrip())) // 2
        name, often, *value = line.split()
        element = Element(name, often == "1", int(often[1:] or 1) if often[0] == "?" else 1, value[0] if value else "")
        del stack[depth:]
        if stack:
            stack[-1][1].children.append(element)
        stack.append((depth, element))
    return stack[0][1]


def compare(form: Form) -> list[Finding]:
    """What in the form is not as the table says: missing, unknown, out of order, too many, or with a wrong value."""
    found: list[Finding] = []
    for finding in _walk(form.root, root_of(form.kind), form.filename):
        found.append(finding)
        if len(found) >= MOST_FINDINGS:
            break
    return found


def _finding(code: str, message: str, filename: str, node: etree._Element, given: str = "") -> Finding:
    return Finding(Level.ERROR, code, message, filename, node.sourceline, plain_name(str(node.tag)), masked(given[:80]))


def _walk(node: etree._Element, element: Element, filename: str) -> Iterator[Finding]:
    if element.kind:
        yield from _value(node, element.kind, filename)
        return
    known = {child.name: place for place, child in enumerate(element.children)}
    counts = dict.fromkeys(known, 0)
    highest = -1
    for child in node.iterchildren(tag=etree.Element):
        name = str(child.tag)
        if name not in known:
            yield _finding(
                "UNKNOWN_ELEMENT",
                _("«%(name)s» hører ikke hjemme her. Ta det ut.") % {"name": name[:80]},
                filename,
                child,
            )
            continue
        counts[name] += 1
        if known[name] < highest:
            message = _("«%(name)s» står for langt ned. Elementene må komme i skjemaets rekkefølge.") % {
                "name": plain_name(name)
            }
            yield _finding("OUT_OF_ORDER", message, filename, child)
        highest = max(highest, known[name])
        yield from _walk(child, element.children[known[name]], filename)
    yield from _counted(node, element, counts, filename)


def _counted(node: etree._Element, element: Element, counts: dict[str, int], filename: str) -> Iterator[Finding]:
    for child in element.children:
        names = {"name": plain_name(child.name), "parent": plain_name(element.name), "most": child.most}
        if child.required and not counts[child.name]:
            yield _finding("MISSING", _("«%(name)s» mangler i «%(parent)s». Legg det til.") % names, filename, node)
        elif counts[child.name] > child.most:
            yield _finding(
                "TOO_MANY", _("«%(name)s» kan stå høyst %(most)s gang(er) i «%(parent)s».") % names, filename, node
            )


def _value(node: etree._Element, kind: str, filename: str) -> Iterator[Finding]:
    text = (node.text or "").strip()
    wanted = _fault(text, kind)
    if wanted:
        message = _("«%(name)s» %(wanted)s") % {"name": plain_name(str(node.tag)), "wanted": wanted}
        yield _finding("WRONG_VALUE", message, filename, node, text)


def _fault(text: str, kind: str) -> str:
    """What the value should have been; "" when it is right."""
    if kind.startswith("text"):
        most = int(kind[4:])
        return "" if 1 <= len(text) <= most else _("må ha mellom 1 og %(most)s tegn.") % {"most": most}
    if kind == "orgnr":
        return (
            "" if orgnr.is_valid(text) else _("må være et organisasjonsnummer med ni sifre og riktig kontrollsiffer.")
        )
    if kind == "fnr":
        return (
            ""
            if is_person_number(text)
            else _("må være et fødselsnummer eller d-nummer med elleve sifre og riktige kontrollsifre.")
        )
    if kind == "moment":
        return "" if _is_moment(text) else _("må være en dato med klokkeslett, for eksempel 2025-12-31T00:00:00.")
    if kind == "percent":
        return "" if text.isdecimal() and int(text) <= 100 else _("må være et helt tall fra 0 til 100.")
    return "" if PATTERNS[kind].fullmatch(text) else _FORMS[kind]()


_FORMS = {
    "decimal2": lambda: _("må være et tall med høyst to desimaler og punktum som skille, for eksempel 1200.50."),
    "decimal2-": lambda: _("må være et tall med høyst to desimaler og punktum som skille, for eksempel -1200.50."),
    "decimal6": lambda: _("må være et tall med høyst seks desimaler og punktum som skille, for eksempel 1000.25."),
    "amount0": lambda: _("må være et helt tall uten skille og desimaler."),
    "count": lambda: _("må være et helt antall uten skille og desimaler."),
    "count+": lambda: _("må være et helt antall, minst 1."),
    "isin": lambda: _("må være et ISIN: NO og ti sifre."),
    "utl": lambda: _("må være UTL og ni sifre."),
    "country": lambda: _("må være en landkode med to store bokstaver, for eksempel SE."),
    "digits4": lambda: _("må være fire sifre."),
    "year": lambda: _("må være et årstall med fire sifre."),
}


def _is_moment(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return "T" in text


_FIRST, _SECOND = (3, 7, 6, 1, 8, 9, 4, 5, 2), (5, 4, 3, 2, 7, 6, 5, 4, 3, 2)


def is_person_number(text: str) -> bool:
    """Eleven digits with right check digits; synthetic numbers (month + 80) and d-numbers (day + 40) too."""
    if len(text) != 11 or not text.isdecimal():
        return False
    day, month = int(text[:2]) % 40, int(text[2:4])
    month = month - 80 if month > 80 else month - 40 if month > 40 else month
    digits = [int(digit) for digit in text]
    checks = [
        (11 - sum(d * w for d, w in zip(digits, weights, strict=False)) % 11) % 11 for weights in (_FIRST, _SECOND)
    ]
    return 1 <= day <= 31 and 1 <= month <= 12 and checks == digits[9:]
