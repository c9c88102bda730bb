"""Builds a form with the elements that a test names by number, in the order of the schema."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from lxml import etree

from submissions.adapters.base import NamedFile
from submissions.adapters.rf1086 import Kind, schema
from submissions.adapters.rf1086.samples import Company, Shareholder, package
from tests.submissions.adapters.rf1086.packages import ORGNR, PERSON, YEAR

STILL = Company(ORGNR, "Rask Tiger AS", YEAR, (Shareholder("Kjell Kjøper", PERSON, 100, 100),))
"""A company in which nothing happened."""
VALUES = {
    "moment": f"{YEAR}-06-15T12:00:00",
    "orgnr": "310123455",
    "isin": "NO0010096985",
    "fnr": PERSON,
    "country": "SE",
    "percent": "15",
    "cents": "10.00",
    "code:class": "01",
}
"""A right text of each kind; "10" for the others, which are numbers."""
Path = tuple[schema.Element, ...]


def form_with(kind: Kind, row: str, *, company: Company = STILL) -> NamedFile:
    """The main form or the first sub-form of a company, with the elements of `row`."""
    file = package(company)[0 if kind == Kind.MAIN else 1]
    root = etree.fromstring(file.content)
    wanted = dict(entry.partition("=")[::2] for entry in row.split())
    for path in paths(schema.root_of(kind)):
        number = path[-1].name.rpartition("-")[2]
        if path[-1].kind and number in wanted:
            text = wanted.pop(number) or VALUES.get(path[-1].kind, "10")
            put(root, path, text)
    assert not wanted, f"the form has no element {wanted}"
    return replace(file, content=etree.tostring(root, xml_declaration=True, encoding="UTF-8"))


def paths(parent: schema.Element, above: Path = ()) -> Iterator[Path]:
    """The way to each element of the schema, in its order."""
    for child in parent.children:
        yield (*above, child)
        yield from paths(child, (*above, child))


def put(root: etree._Element, path: Path, text: str) -> None:
    """Set the element at the end of the path, and make what is missing of the way."""
    node, parents = root, [None, *path[:-1]]
    for element, parent in zip(path, parents, strict=True):
        siblings = parent.children if parent else schema.root_of(Kind(root.get("skjemanummer", ""))).children
        node = child_of(node, element, [sibling.name for sibling in siblings])
    node.text = text


def child_of(node: etree._Element, element: schema.Element, order: list[str]) -> etree._Element:
    found = node.find(element.name)
    if found is not None:
        return found
    made = etree.Element(element.name, element.attributes)
    before = [child for child in node if order.index(str(child.tag)) < order.index(element.name)]
    node.insert(len(before), made)
    return made
