"""Reads an uploaded RF-1086 file without trusting it: no entities, no DTD, no network, bounded size and depth.

A file that cannot be read says why in words its owner understands: what it is instead, or where it breaks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from enum import StrEnum

from django.utils.translation import gettext as _
from lxml import etree

from submissions.rf1086.findings import Finding, Level

MAX_FILE_BYTES = 20 * 10**6
"""A main form with every list full is below 10 MB; Skatteetaten states no limit for RF-1086."""
MAX_DEPTH = 12  # the forms go five levels deep
MAX_ELEMENTS = 500_000
_OTHER_KINDS = {b"%PDF": "PDF", b"PK\x03\x04": "ZIP", b"{": "JSON", b"[": "JSON", b"\xd0\xcf\x11\xe0": "Office"}
_DOCTYPE = re.compile(rb"<!\s*(DOCTYPE|ENTITY)", re.IGNORECASE)
_SUFFIX = re.compile(r"-(?:datadef|grp)-\d+$")


class Kind(StrEnum):
    """What a form is, told by the root's attribute `skjemanummer`."""

    MAIN = "890"
    PART = "923"


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
        found = next(self.root.iter(name), None)
        return (found.text or "").strip() if found is not None else ""

    def line(self, name: str) -> int | None:
        found = next(self.root.iter(name), None)
        return found.sourceline if found is not None else None

    def number(self, name: str) -> Decimal | None:
        """The first element's number; None when absent or not a number."""
        return as_number(self.text(name))

    def total(self, *names: str) -> Decimal:
        """The sum over every element of these names; what is not a number counts nothing."""
        values = (as_number((element.text or "").strip()) for element in self.root.iter(*names))
        return sum((value for value in values if value is not None), Decimal(0))


def as_number(text: str) -> Decimal | None:
    try:
        value = Decimal(text)
    except InvalidOperation:
        return None
    return value if value.is_finite() else None


def plain_name(name: str) -> str:
    """An element's name as people read it: without its definition number."""
    return _SUFFIX.sub("", name)


def read_form(content: bytes, filename: str) -> Form:
    """The form in a file. Raises Unreadable."""
    _check_outside(content, filename)
    root = _parse(content, filename)
    _check_size(root, filename)
    return Form(_kind(root, filename), filename, root)


def _refuse(filename: str, code: str, message: str, *, line: int | None = None, given: str = "") -> Unreadable:
    return Unreadable(Finding(Level.ERROR, code, message, filename, line, given=given[:80]))


def _check_outside(content: bytes, filename: str) -> None:
    if not content.strip():
        raise _refuse(
            filename, "EMPTY_FILE", _("Filen er tom. Velg filen på nytt, eller lag den på nytt i fagsystemet.")
        )
    if len(content) > MAX_FILE_BYTES:
        raise _refuse(filename, "TOO_LARGE", too_large(len(content)))
    start = content.lstrip()[:8]
    for signature, kind in _OTHER_KINDS.items():
        if start.startswith(signature):
            message = _("Dette er en %(kind)s-fil. Aksjonærregisteroppgaven må være XML-filer.") % {"kind": kind}
            raise _refuse(filename, "NOT_XML", message)
    if _DOCTYPE.search(content.replace(b"\x00", b"")):  # also in UTF-16
        message = _("Filen har en DOCTYPE eller ENTITY, og det tar vi ikke imot. Lag filen på nytt uten.")
        raise _refuse(filename, "DOCTYPE", message)


def too_large(size: int) -> str:
    sizes = {"size": f"{size / 10**6:.0f}", "most": f"{MAX_FILE_BYTES / 10**6:.0f}"}
    return _("Filen er på %(size)s MB. En fil kan være på høyst %(most)s MB.") % sizes


def _parse(content: bytes, filename: str) -> etree._Element:
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True
    )
    try:
        return etree.fromstring(content, parser)
    except etree.XMLSyntaxError as error:
        line, column = error.position
        message = _(
            "Filen er ikke gyldig XML. Den stopper på linje %(line)s, tegn %(column)s. Lag filen på nytt i fagsystemet."
        )
        raise _refuse(filename, "MALFORMED", message % {"line": line, "column": column}, line=line) from None
    except (ValueError, LookupError):
        message = _("Tegnsettet filen oppgir, stemmer ikke med innholdet. Lagre filen som UTF-8.")
        raise _refuse(filename, "ENCODING", message) from None


def _check_size(root: etree._Element, filename: str) -> None:
    depth = count = 0
    for event, _element in etree.iterwalk(root, events=("start", "end")):
        depth += 1 if event == "start" else -1
        count += event == "start"
        if depth > MAX_DEPTH or count > MAX_ELEMENTS:
            raise _refuse(
                filename, "TOO_DEEP", _("Filen er bygd opp på en måte RF-1086 aldri er. Lag den på nytt i fagsystemet.")
            )


def _kind(root: etree._Element, filename: str) -> Kind:
    name = etree.QName(root)
    if name.namespace:
        message = _("Filen har navnerommet «%(given)s». RF-1086 skal ikke ha navnerom.") % {
            "given": name.namespace[:80]
        }
        raise _refuse(filename, "NAMESPACE", message, line=root.sourceline, given=name.namespace)
    if name.localname != "Skjema":
        message = _("Filen begynner med «%(given)s». Et RF-1086-skjema begynner med «Skjema».") % {
            "given": name.localname[:80]
        }
        raise _refuse(filename, "WRONG_ROOT", message, line=root.sourceline, given=name.localname)
    number = root.get("skjemanummer", "")
    if number not in set(Kind):
        message = _("Skjemanummeret er «%(given)s». Hovedskjemaet har 890 og underskjemaene 923.") % {
            "given": number[:20]
        }
        raise _refuse(filename, "WRONG_FORM", message, line=root.sourceline, given=number)
    return Kind(number)
