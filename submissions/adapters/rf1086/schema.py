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

from lxml import etree

from submissions.adapters.base import Finding, Level
from submissions.adapters.numbers import hidden, masked
from submissions.adapters.rf1086 import kinds
from submissions.adapters.rf1086.parsing import ATTRIBUTES, Form, Kind, line_of, plain_name

TABLES = {Kind.MAIN: "main_form.txt", Kind.PART: "part_form.txt"}
MOST_FINDINGS = 50
"""Of one file. Later findings are nearly always repeats."""
_NUMBER = re.compile(r"-(datadef|grp)-([0-9]+)$")
_XSI = "{http://www.w3.org/2001/XMLSchema-instance}"
EVERYWHERE = {f"{_XSI}schemaLocation", f"{_XSI}noNamespaceSchemaLocation"}
"""Attributes that XML Schema itself allows on every element. The others of its namespace (type, nil) it refuses here."""


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


@lru_cache(maxsize=500)
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

    def _finding(self, code: str, node: etree._Element, **params: str) -> Finding:
        values = {"name": plain_name(str(node.tag)), **params}
        return Finding(Level.ERROR, code, values, self.form.filename, line_of(node), path_of(node))

    def _attributes(self, node: etree._Element, required: dict[str, str], allowed: dict[str, str]) -> Iterator[Finding]:
        if not allowed and dict(node.attrib.items()) == required:
            return  # nearly every element: the loops below cost more than all other checks of it
        for name, wanted in {**allowed, **required}.items():
            given = node.get(name, "" if name in required else wanted)
            if given != wanted:
                yield self._finding("WRONG_ATTRIBUTE", node, attribute=name, wanted=wanted, given=masked(given)[:80])
        for name in sorted({str(name) for name in node.attrib} - set(required) - set(allowed) - EVERYWHERE):
            yield self._finding("UNKNOWN_ATTRIBUTE", node, attribute=masked(name[:80]))

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
            yield self._finding("UNKNOWN_ELEMENT", node, case="in a value", name=plain_name(element.name))
        else:
            yield from self._value(node, element.kind)

    def _value(self, node: etree._Element, kind: str) -> Iterator[Finding]:
        text = node.text or ""
        fault = kinds.fault(text, kind)
        if fault:
            given = hidden(text) if kind == "fnr" else masked(text)
            code = "WRONG_VALUE" if text else "EMPTY_VALUE"
            yield self._finding(code, node, **fault.params, rule=fault.rule, given=given[:80])

    def _unknown(self, node: etree._Element) -> Finding:
        name, home = masked(plain_name(str(node.tag))[:80]), _homes(self.form.kind).get(str(node.tag), "")
        case = {"case": "elsewhere", "home": home} if home else {}
        return self._finding("UNKNOWN_ELEMENT", node, name=name, **case)

    def _out_of_order(self, node: etree._Element, after: Element) -> Finding:
        return self._finding("OUT_OF_ORDER", node, after=plain_name(after.name))

    def _too_many(self, node: etree._Element, element: Element) -> Finding:
        return self._finding("TOO_MANY", node, name=plain_name(element.name), most=str(element.most))

    def _missing(self, node: etree._Element, element: Element, counts: dict[str, int]) -> Iterator[Finding]:
        for child in element.children:
            if child.required and not counts[child.name]:
                yield self._finding("MISSING", node, name=plain_name(child.name), parent=plain_name(element.name))

    def _loose_text(self, node: etree._Element) -> Iterator[Finding]:
        texts = [node.text or "", *(child.tail or "" for child in node)]
        if any(text.strip() for text in texts):
            yield self._finding("LOOSE_TEXT", node)


def path_of(node: etree._Element) -> str:
    """The names from the root's child down, without their numbers."""
    nodes = (*reversed(list(node.iterancestors())), node)
    names = [_shown_name(str(one.tag)) for one in nodes]
    return "/".join(names[1:]) or names[0]


@lru_cache(maxsize=1000)
def _shown_name(tag: str) -> str:
    return masked(plain_name(tag)[:80])
