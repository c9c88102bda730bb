"""Synthetic RF-1086 packages: for the demonstration, the tour and the tests. No real company or person is in them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from lxml import etree

from submissions.rf1086.checking import NamedFile
from submissions.rf1086.reading import Kind
from submissions.rf1086.schema import _FIRST, _SECOND

ETAT = "974761076"  # Skatteetaten's own number, as the forms state it
ROOTS = {
    Kind.MAIN: {
        "skjemanummer": "890",
        "spesifikasjonsnummer": "12144",
        "blankettnummer": "RF-1086",
        "gruppeid": "2586",
    },
    Kind.PART: {
        "skjemanummer": "923",
        "spesifikasjonsnummer": "12232",
        "blankettnummer": "RF-1086-U",
        "gruppeid": "3983",
    },
}
_NUMBER = re.compile(r"-(datadef|grp)-(\d+)$")
Tree = list[tuple[str, "str | Tree"]]


@dataclass(frozen=True)
class Shareholder:
    """`ident` is a synthetic national identity number or an organisation number."""

    name: str
    ident: str
    before: int
    after: int


@dataclass(frozen=True)
class Company:
    orgnr: str
    name: str
    year: int
    shareholders: tuple[Shareholder, ...]
    nominal: Decimal = Decimal(100)
    stated_shares: int | None = None  # what the main form says when it is not the truth


def person_number(serial: int) -> str:
    """A synthetic national identity number (month + 80) with right check digits; the same serial, the same number."""
    stem = 10_01_87_000 + serial  # ddmmyy with 81 as January
    while True:
        digits = [int(d) for d in f"{10 + stem % 18:02}81{70 + stem % 29:02}{stem % 1000:03}"]
        first = (11 - sum(d * w for d, w in zip(digits, _FIRST, strict=True)) % 11) % 11
        second = (11 - sum(d * w for d, w in zip([*digits, first], _SECOND, strict=True)) % 11) % 11
        if first < 10 and second < 10:
            return "".join(map(str, [*digits, first, second]))
        stem += 7


def package(company: Company) -> list[NamedFile]:
    """The main form and one sub-form for each shareholder."""
    files = [NamedFile(f"rf1086-{company.orgnr}-{company.year}.xml", _xml(Kind.MAIN, _main(company)))]
    for place, holder in enumerate(company.shareholders, start=1):
        name = f"rf1086u-{company.orgnr}-{company.year}-{place:03}.xml"
        files.append(NamedFile(name, _xml(Kind.PART, _part(company, holder))))
    return files


def example(orgnr: str, name: str, year: int, *, shareholders: int = 2, wrong_sum: bool = False) -> list[NamedFile]:
    """A small company whose shares are evenly held; with `wrong_sum` the main form states ten shares too many."""
    seed = int(orgnr) % 100_000
    holders = tuple(Shareholder(f"Aksjonær {n + 1}", person_number(seed + n * 31), 50, 50) for n in range(shareholders))
    stated = 50 * shareholders + 10 if wrong_sum else None
    return package(Company(orgnr, name, year, holders, stated_shares=stated))


def _main(company: Company) -> Tree:
    before = sum(holder.before for holder in company.shareholders)
    after = company.stated_shares or sum(holder.after for holder in company.shareholders)
    capital, earlier = f"{company.nominal * after:.2f}", f"{company.nominal * before:.2f}"
    firm: Tree = [
        ("EnhetOrganisasjonsnummer-datadef-18", company.orgnr),
        ("EnhetNavn-datadef-1", company.name),
        ("AksjeType-datadef-17659", "01"),
        ("Inntektsar-datadef-692", str(company.year)),
    ]
    about: Tree = [
        (
            "AksjekapitalForHeleSelskapet-grp-3443",
            [("AksjekapitalFjoraret-datadef-7129", earlier),
             ("Aksjekapital-datadef-87", capital)],
        ),
        (
            "AksjekapitalIDenneAksjeklassen-grp-3444",
            [("AksjekapitalISINAksjetypeFjoraret-datadef-17663", earlier),
             ("AksjekapitalISINAksjetype-datadef-17664", capital)],
        ),
        (
            "PalydendePerAksje-grp-3447",
            [("AksjeMvPalydendeFjoraret-datadef-23944", f"{company.nominal}"),
             ("AksjeMvPalydende-datadef-23945", f"{company.nominal}")],
        ),
        (
            "AntallAksjerIDenneAksjeklassen-grp-3445",
            [("AksjerMvAntallFjoraret-datadef-29166", str(before)),
             ("AksjerMvAntall-datadef-29167", str(after))],
        ),
        (
            "InnbetaltAksjekapitalIDenneAksjeklassen-grp-3446",
            [("AksjekapitalInnbetaltFjoraret-datadef-8020", earlier),
             ("AksjekapitalInnbetalt-datadef-5867", capital)],
        ),
    ]  # fmt: skip
    return [("GenerellInformasjon-grp-2587", [("Selskap-grp-2588", firm)]), ("Selskapsopplysninger-grp-2589", about)]


def _part(company: Company, holder: Shareholder) -> Tree:
    firm: Tree = [
        ("EnhetOrganisasjonsnummer-datadef-18", company.orgnr),
        ("AksjeType-datadef-17659", "01"),
        ("Inntektsar-datadef-692", str(company.year)),
    ]
    is_person = len(holder.ident) == 11
    ident = "AksjonarFodselsnummer-datadef-1156" if is_person else "AksjonarOrganisasjonsnummer-datadef-7597"
    who: Tree = [(ident, holder.ident), ("AksjonarNavn-datadef-1153", holder.name)]
    shares: Tree = [
        ("AksjerAntallFjoraret-datadef-29168", str(holder.before)),
        ("AksjonarAksjerAntall-datadef-17741", str(holder.after)),
    ]
    return [
        (
            "SelskapsOgAksjonaropplysninger-grp-3987",
            [("Selskapsidentifikasjon-grp-3986", firm),
             ("NorskUtenlandskAksjonar-grp-3988", who)],
        ),
        ("AntallAksjerUtbytteOgTilbakebetalingAvTidligereInnbetaltKapit-grp-3990", [("AntallAksjerPerAksjonar-grp-3989", shares)]),
    ]  # fmt: skip


def _xml(kind: Kind, tree: Tree) -> bytes:
    root = etree.Element("Skjema", {**ROOTS[kind], "etatid": ETAT})
    _grow(root, tree)
    content: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)
    return content


def _grow(parent: etree._Element, tree: Tree) -> None:
    for name, value in tree:
        number = _NUMBER.search(name)
        assert number is not None  # noqa: S101 - every name of the forms ends so
        attribute = {"orid": number[2]} if number[1] == "datadef" else {"gruppeid": number[2]}
        child = etree.SubElement(parent, name, attribute)
        if isinstance(value, str):
            child.text = value
        else:
            _grow(child, value)
