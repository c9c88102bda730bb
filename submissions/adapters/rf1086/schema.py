"""The elements of RF-1086 in their order, with how often and in what form, and a walk that compares a file with them.

The two tables are facts about Skatteetaten's forms: indented lines of name, how often, and kind of value.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice
from pathlib import Path

from django.utils.translation import gettext as _
from lxml import etree

from submissions.adapters.rf1086 import kinds
from submissions.adapters.rf1086.findings import Finding, Level
from submissions.adapters.rf1086.numbers import hidden, masked
from submissions.adapters.rf1086.parsing import ATTRIBUTES, Form, Kind, line_of, plain_name

TABLES = {Kind.MAIN: "main_form.txt", Kind.PART: "part_form.txt"}
MOST_FINDINGS = 50
"""Of one file. Later findings are nearly always repeats."""
_NUMBER = re.compile(r"-(datadef|grp)-([0-9]+)$")


@dataclass
class Element:
    """`kind` is "" for a group; `most` how many times it may stand in its group."""

    name: str
    required: bool = True
    most: int = 1
    kind: str = ""
    children: list[Element] = field(default_factory=list)

    @property
    def attributes(self) -> dict[str, str]:
        """Every field repeats its number as `orid`, every group as `gruppeid`."""
        return number_attribute(self.name)


def number_attribute(name: str) -> dict[str, str]:
    """The one attribute that an element of the forms has."""
    match = _NUMBER.search(name)
    if match is None:
        raise ValueError(name)
    return {"orid" if match[1] == "datadef" else "gruppeid": match[2]}


@lru_cache(maxsize=2)
def root_of(kind: Kind) -> Element:
    """The table as a tree."""
    root = Element("Skjema")
    stack = [root]
    for line in Path(__file__).with_name(TABLES[kind]).read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            continue
        name, often, *value = line.split()
        element = Element(name, often == "1", int(often[1:] or 1), value[0] if value else "")
        del stack[(len(line) - len(line.lstrip())) // 2 + 1 :]
        stack[-1].children.append(element)
        stack.append(element)
    return root


@lru_cache(maxsize=2)
def _homes(kind: Kind) -> dict[str, str]:
    """The parent group of each element."""
    homes: dict[str, str] = {}
    waiting = [root_of(kind)]
    while waiting:
        parent = waiting.pop()
        homes |= {child.name: plain_name(parent.name) for child in parent.children}
        waiting += parent.children
    return homes


def compare(form: Form) -> list[Finding]:
    """What in the form is not as the table says: missing, unknown, out of order, too many, or with a wrong value."""
    return list(islice(_Walk(form).whole(), MOST_FINDINGS))


class _Walk:
    def __init__(self, form: Form) -> None:
        self.form = form

    def whole(self) -> Iterator[Finding]:
        required, allowed = ATTRIBUTES[self.form.kind]
        yield from self._attributes(self.form.root, required, allowed)
        yield from self._group(self.form.root, root_of(self.form.kind))

    def _finding(self, code: str, message: str, node: etree._Element, *, given: str = "") -> Finding:
        return Finding(Level.ERROR, code, message, self.form.filename, line_of(node), path_of(node), given[:80])

    def _attributes(self, node: etree._Element, required: dict[str, str], allowed: dict[str, str]) -> Iterator[Finding]:
        for name, wanted in {**allowed, **required}.items():
            given = node.get(name, "" if name in required else wanted)
            if given != wanted:
                message = _('«%(name)s» må ha attributtet %(attribute)s="%(wanted)s".')
                values = {"name": plain_name(str(node.tag)), "attribute": name, "wanted": wanted}
                yield self._finding("WRONG_ATTRIBUTE", message % values, node, given=masked(given))
        for name in sorted({str(name) for name in node.attrib} - set(required) - set(allowed)):
            message = _("Attributtet «%(attribute)s» hører ikke hjemme i «%(name)s». Ta det ut.")
            yield self._finding(
                "UNKNOWN_ATTRIBUTE", message % {"attribute": masked(name[:80]), "name": plain_name(str(node.tag))}, node
            )

    def _group(self, node: etree._Element, element: Element) -> Iterator[Finding]:
        positions = {child.name: position for position, child in enumerate(element.children)}
        counts = dict.fromkeys(positions, 0)
        highest = 0
        for child in node:
            name = str(child.tag)
            if name not in positions:
                yield self._unknown(child)
                continue
            if positions[name] < highest:
                yield self._out_of_order(child, element.children[highest])
            highest = max(highest, positions[name])
            counts[name] += 1
            if counts[name] == element.children[positions[name]].most + 1:
                yield self._too_many(child, element.children[positions[name]])
            yield from self._element(child, element.children[positions[name]])
        yield from self._missing(node, element, counts)
        yield from self._loose_text(node)

    def _element(self, node: etree._Element, element: Element) -> Iterator[Finding]:
        yield from self._attributes(node, element.attributes, {})
        if not element.kind:
            yield from self._group(node, element)
        elif len(node):
            message = _("«%(name)s» skal ha en verdi, ikke andre elementer i seg.") % {"name": plain_name(element.name)}
            yield self._finding("UNKNOWN_ELEMENT", message, node)
        else:
            yield from self._value(node, element.kind)

    def _value(self, node: etree._Element, kind: str) -> Iterator[Finding]:
        text = node.text or ""
        wanted = kinds.fault(text, kind)
        if wanted:
            given = hidden(text) if kind == "fnr" else masked(text)
            message = _("«%(name)s» %(wanted)s") % {"name": plain_name(str(node.tag)), "wanted": wanted}
            yield self._finding("WRONG_VALUE" if text else "EMPTY_VALUE", message, node, given=given)

    def _unknown(self, node: etree._Element) -> Finding:
        names = {"name": masked(plain_name(str(node.tag))[:80]), "home": _homes(self.form.kind).get(str(node.tag), "")}
        message = (
            _("«%(name)s» står på feil sted. Det hører hjemme i «%(home)s».")
            if names["home"]
            else _("«%(name)s» finnes ikke i dette skjemaet. Ta det ut, eller se over stavemåten.")
        )
        return self._finding("UNKNOWN_ELEMENT", message % names, node)

    def _out_of_order(self, node: etree._Element, after: Element) -> Finding:
        names = {"name": plain_name(str(node.tag)), "after": plain_name(after.name)}
        return self._finding("OUT_OF_ORDER", _("«%(name)s» må stå foran «%(after)s». Flytt det.") % names, node)

    def _too_many(self, node: etree._Element, element: Element) -> Finding:
        names = {"name": plain_name(element.name), "most": element.most}
        message = _("«%(name)s» står for mange ganger. Høyst %(most)s er lov her. Ta ut resten.")
        return self._finding("TOO_MANY", message % names, node)

    def _missing(self, node: etree._Element, element: Element, counts: dict[str, int]) -> Iterator[Finding]:
        for child in element.children:
            if child.required and not counts[child.name]:
                names = {"name": plain_name(child.name), "parent": plain_name(element.name)}
                message = _("«%(name)s» mangler i «%(parent)s». Legg det til.") % names
                yield self._finding("MISSING", message, node)

    def _loose_text(self, node: etree._Element) -> Iterator[Finding]:
        texts = [node.text or "", *(child.tail or "" for child in node)]
        if any(text.strip() for text in texts):
            message = _("Det står tekst rett i «%(name)s», der det bare skal være elementer. Ta den ut.")
            yield self._finding("LOOSE_TEXT", message % {"name": plain_name(str(node.tag))}, node)


def path_of(node: etree._Element) -> str:
    """The names from the root's child down, without their numbers."""
    nodes = (*reversed(list(node.iterancestors())), node)
    names = [masked(plain_name(str(one.tag))[:80]) for one in nodes]
    return "/".join(names[1:]) or names[0]
