"""Parses an untrusted RF-1086 file and detects whether it is a main form or a sub-form.

For a file that cannot be parsed the finding names the file type found or the line of the error.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from typing import cast

from lxml import etree

from submissions import safe_xml
from submissions.adapters.base import Finding, Level
from submissions.adapters.numbers import masked

MAX_FILE_BYTES = safe_xml.MAX_BYTES
OTHER_FORMS = ("NAMESPACE", "WRONG_ROOT", "WRONG_FORM")
"""Codes for readable XML that is no form of RF-1086."""
_SUFFIX = re.compile(r"-(?:datadef|grp)-\d+$")
_NUMBER = re.compile(r"[+-]?[0-9]{1,15}(\.[0-9]{1,15})?")


class Kind(StrEnum):
    """The kind of form, from the root's attribute `skjemanummer`."""

    MAIN = "890"
    PART = "923"


ATTRIBUTES: dict[Kind, tuple[dict[str, str], dict[str, str]]] = {
    Kind.MAIN: (
        {"skjemanummer": "890", "spesifikasjonsnummer": "12144"},
        {"blankettnummer": "RF-1086", "tittel": "Aksjonærregisteroppgaven", "gruppeid": "2586", "etatid": "974761076"},
    ),
    Kind.PART: (
        {"skjemanummer": "923", "spesifikasjonsnummer": "12232"},
        {
            "blankettnummer": "RF-1086-U",
            "tittel": "Aksjonærregisteroppgaven - underskjema",
            "gruppeid": "3983",
            "etatid": "974761076",
        },
    ),
}
"""Of each root: the attributes it must have, and those it may have. `etatid` is Skatteetaten's own organisation number."""


class Unreadable(Exception):
    """The file is not a readable RF-1086 form; `finding` says why."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.code)
        self.finding = finding


@dataclass(frozen=True)
class Form:
    """A parsed form. Look-ups are by the whole element name, data definition number included."""

    kind: Kind
    filename: str
    root: etree._Element

    def all(self, name: str) -> Iterator[etree._Element]:
        return self.root.iter(name)

    def text(self, name: str) -> str:
        """The text of the first element of that name; "" when absent or empty."""
        return text_of(next(self.root.iter(name), None))

    def line(self, name: str) -> int | None:
        node = next(self.root.iter(name), None)
        return line_of(node) if node is not None else None

    def number(self, name: str) -> Decimal | None:
        """The first element's number; None when absent or not a number."""
        return as_number(self.text(name))

    def total(self, *names: str) -> Decimal:
        """The sum over every element of these names; values that are no numbers are skipped."""
        values = (as_number(text_of(element)) for element in self.root.iter(*names))
        return sum((value for value in values if value is not None), Decimal(0))


def line_of(element: etree._Element) -> int | None:
    return cast("int | None", element.sourceline)  # the stubs of lxml declare another type


def text_of(element: etree._Element | None) -> str:
    return (element.text or "").strip() if element is not None else ""


def as_number(text: str) -> Decimal | None:
    """The number of at most 15 digits on each side of the point; None for any other text."""
    return Decimal(text) if _NUMBER.fullmatch(text) else None


@lru_cache(maxsize=1000)
def plain_name(name: str) -> str:
    """An element's name as people read it: without its definition number."""
    return _SUFFIX.sub("", name)


def read_form(content: bytes, filename: str) -> Form:
    """The form in a file. Raises Unreadable."""
    try:
        root = safe_xml.parse(content)
    except safe_xml.UnreadableXml as error:
        raise Unreadable(Finding(Level.ERROR, error.code, error.params, filename, error.line)) from None
    return Form(_kind(root, filename), filename, root)


def _kind(root: etree._Element, filename: str) -> Kind:
    name = etree.QName(root)
    number = root.get("skjemanummer", "")
    if name.namespace:
        raise _refuse(root, filename, "NAMESPACE", name.namespace)
    if name.localname != "Skjema":
        raise _refuse(root, filename, "WRONG_ROOT", name.localname)
    if number not in set(Kind):
        raise _refuse(root, filename, "WRONG_FORM", number, case="other" if number else "none")
    return Kind(number)


def _refuse(root: etree._Element, filename: str, code: str, given: str, **params: str) -> Unreadable:
    values = {**params, "given": masked(given[:80])}
    return Unreadable(Finding(Level.ERROR, code, values, filename, line_of(root)))
