"""A company with every kind of shareholder, and ways to spoil its files."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from lxml import etree

from submissions.adapters.base import About, FileReport, Period
from submissions.adapters.numbers import synthetic_person
from submissions.adapters.rf1086 import Finding, NamedFile, inspect
from submissions.adapters.rf1086 import check as check_reports
from submissions.adapters.rf1086.samples import Company, Shareholder, package

ORGNR, YEAR = "310629499", 2025
PERSON = synthetic_person(7)
OWNERS = (
    Shareholder("Kjell Kjøper", PERSON, 50, 70),
    Shareholder("Selma Selger", synthetic_person(8), 50, 10),
    Shareholder("Eierlaget AS", "310123455", 0, 40),
    Shareholder("Foreign Owner Ltd", "UTL123456789", 5, 5),
)
COMPANY = Company(ORGNR, "Rask Tiger AS", YEAR, OWNERS, per_share=Decimal("1.5"))


def files(company: Company = COMPANY) -> list[NamedFile]:
    """The main form first, then a sub-form for each owner in their order."""
    return package(company)


def about(*, orgnr: str = ORGNR, year: int = YEAR) -> About:
    return About(orgnr, Period.year(year), "innrapportering-aksjonaerregisteroppgave")


def check(package: list[NamedFile], *, year: int = YEAR) -> list[Finding]:
    """The findings of the whole, from a report of each file."""
    return check_reports([report(file, year=year) for file in package], about(year=year))


def report(file: NamedFile, *, year: int = YEAR) -> FileReport:
    return inspect(file, about(year=year))


def codes(package: list[NamedFile]) -> list[str]:
    return [finding.code for finding in check(package)]


def edited(file: NamedFile, edit: Callable[[etree._Element], object]) -> NamedFile:
    """The file after `edit` has had its root."""
    root = etree.fromstring(file.content)
    edit(root)
    return NamedFile(file.name, etree.tostring(root, xml_declaration=True, encoding="UTF-8"))


def spoilt(edit: Callable[[etree._Element], object], *, place: int = 0) -> list[NamedFile]:
    """The whole package with one file edited: 0 is the main form."""
    package = files()
    package[place] = edited(package[place], edit)
    return package


def with_text(name: str, text: str, *, place: int = 0) -> list[NamedFile]:
    """The whole package with one element of one file given another text."""

    def edit(root: etree._Element) -> None:
        node = next(root.iter(name))
        node.text = text

    return spoilt(edit, place=place)


def element(root: etree._Element, name: str) -> etree._Element:
    return next(root.iter(name))


def drop(node: etree._Element) -> None:
    parent = node.getparent()
    assert parent is not None
    parent.remove(node)
