"""Parsing of RF-1086: the required content of a main form and of a sub-form.

Written from the published structure of the forms (names, number formats, required fields). The form of every element is
checked, with the published controls and code lists. The order of elements and unknown names, which the real schema checks, are not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from xml.etree.ElementTree import Element, ParseError, tostring

import defusedxml.ElementTree as safe_xml
import msgspec

from . import controls1086
from .errors import Spec, spec

NUMBERED = re.compile(r"-(datadef|grp)-(\d+)$")
WHOLE = re.compile(r"\d{1,15}")
AMOUNT = re.compile(r"\d{1,15}(\.\d{1,2})?")
SIGNED = re.compile(r"-?\d{1,15}(\.\d{1,2})?")
FINE = re.compile(r"\d{1,11}(\.\d{1,6})?")
NUMBER = re.compile(r"-?\d{1,15}(\.\d{1,6})?")
"""What any of the above takes; the field's own form was checked when the form was received."""

MAIN_ROOT = {"skjemanummer": "890", "spesifikasjonsnummer": "12144"}
PART_ROOT = {"skjemanummer": "923", "spesifikasjonsnummer": "12232"}
MAIN_REQUIRED: dict[str, re.Pattern[str]] = {
    "EnhetOrganisasjonsnummer-datadef-18": re.compile(r"\d{9}"),
    "Inntektsar-datadef-692": re.compile(r"\d{4}"),
    "AksjekapitalFjoraret-datadef-7129": AMOUNT,
    "Aksjekapital-datadef-87": AMOUNT,
    "AksjekapitalISINAksjetypeFjoraret-datadef-17663": AMOUNT,
    "AksjekapitalISINAksjetype-datadef-17664": AMOUNT,
    "AksjeMvPalydendeFjoraret-datadef-23944": FINE,
    "AksjeMvPalydende-datadef-23945": FINE,
    "AksjerMvAntallFjoraret-datadef-29166": WHOLE,
    "AksjerMvAntall-datadef-29167": WHOLE,
    "AksjekapitalInnbetaltFjoraret-datadef-8020": SIGNED,
    "AksjekapitalInnbetalt-datadef-5867": SIGNED,
}
PART_REQUIRED: dict[str, re.Pattern[str]] = {
    "EnhetOrganisasjonsnummer-datadef-18": re.compile(r"\d{9}"),
    "AksjerAntallFjoraret-datadef-29168": WHOLE,
    "AksjonarAksjerAntall-datadef-17741": WHOLE,
}
OPTIONAL: dict[str, re.Pattern[str]] = {
    "EnhetPostnummer-datadef-6673": re.compile(r"\d{4}"),
    "Inntektsar-datadef-692": re.compile(r"\d{4}"),
    "AksjonarFodselsnummer-datadef-1156": re.compile(r"\d{11}"),
    "AksjonarOrganisasjonsnummer-datadef-7597": re.compile(r"\d{9}"),
    "AksjonarUtenlandskIdenifikasjonsnummer-datadef-26626": re.compile(r"UTL\d{9}"),
    "AksjerNyutstedteStiftelseMvAntall-datadef-17668": WHOLE,
    "AksjerKjopAntall-datadef-12153": WHOLE,
    "AksjerArvMvOmsattAntall-datadef-17752": WHOLE,
}


class Form(msgspec.Struct):
    """A parsed form: the texts of the elements by name (a repeated element has many)."""

    texts: dict[str, list[str]]

    def first(self, name: str) -> str:
        return next(iter(self.texts.get(name, [])), "")

    def whole(self, *names: str) -> int:
        """The sum of every number under these names; 0 when there is none."""
        return int(self.amount(*names))

    def amount(self, *names: str) -> Decimal:
        values = (text for name in names for text in self.texts.get(name, []))
        return sum((Decimal(text) for text in values if NUMBER.fullmatch(text)), Decimal(0))


class Unreadable(Exception):
    """Not well-formed XML, or XML with a document type or entities, which are unsafe to parse."""


def parse(data: bytes) -> Element:
    """The root of `data`. Raises Unreadable."""
    try:
        return safe_xml.fromstring(data, forbid_dtd=True)
    except (ParseError, ValueError, LookupError) as error:
        raise Unreadable(type(error).__name__) from None


def read(root: Element) -> Form:
    """The texts of a form, trimmed."""
    texts: dict[str, list[str]] = {}
    for element in root.iter():
        if element.text and element.text.strip() and "-datadef-" in str(element.tag):
            texts.setdefault(str(element.tag), []).append(element.text.strip())
    return Form(texts)


def faults_of_main(root: Element) -> list[Spec]:
    return [*_faults(root, MAIN_ROOT, MAIN_REQUIRED), *controls1086.refusals(root)]


def faults_of_part(root: Element) -> list[Spec]:
    faults = [*_faults(root, PART_ROOT, PART_REQUIRED)]
    if not any(element.tag == "NorskUtenlandskAksjonar-grp-3988" for element in root.iter()):
        faults.append(spec("1001", "Påkrevd element mangler", sti="NorskUtenlandskAksjonar-grp-3988"))
    return [*faults, *controls1086.refusals(root)]


def _faults(root: Element, attributes: dict[str, str], required: dict[str, re.Pattern[str]]) -> Iterator[Spec]:
    if root.tag != "Skjema":
        yield spec("1001", "Rotelementet må være Skjema, uten navnerom", sti="/", value=root.tag)
        return
    for name, wanted in attributes.items():
        if root.get(name) != wanted:
            yield spec("1001", f"Må være {wanted}", sti=f"/Skjema/@{name}", value=root.get(name, ""))
    yield from _wrong_numbers(root)
    form = read(root)
    for name, pattern in required.items():
        if not form.first(name):
            yield spec("1001", "Påkrevd element mangler", sti=name)
        elif not pattern.fullmatch(form.first(name)):
            yield spec("1001", "Verdien har feil format", sti=name, value=form.first(name))
    yield from _wrong_optional(form, skip=set(required))


def _wrong_numbers(root: Element) -> Iterator[Spec]:
    """Every field repeats its number as `orid`, every group as `gruppeid`."""
    for element in root.iter():
        match = NUMBERED.search(str(element.tag))
        if element is root:
            continue
        if match is None:
            yield spec("1001", "Ukjent element", sti=str(element.tag))
            continue
        attribute = "orid" if match[1] == "datadef" else "gruppeid"
        if element.get(attribute) != match[2]:
            yield spec(
                "1001", f"Må være {match[2]}", sti=f"{element.tag}/@{attribute}", value=element.get(attribute, "")
            )


def _wrong_optional(form: Form, *, skip: set[str]) -> Iterator[Spec]:
    for name, pattern in OPTIONAL.items():
        for text in [] if name in skip else form.texts.get(name, []):
            if not pattern.fullmatch(text):
                # The value may be a national identity number, so the answer does not repeat it.
                yield spec("1001", "Verdien har feil format", sti=name)


def as_text(data: bytes) -> str:
    """`data` as text. Encodings other than UTF-8 are parsed and serialised again."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return tostring(parse(data), encoding="unicode")
