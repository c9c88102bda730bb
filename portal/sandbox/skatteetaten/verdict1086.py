"""The content check of a whole RF-1086: each sub-form must agree with itself and all of them with the main form.

Of the checks after reception only a few are known: MAKS_025 as vendors met it, and from the guidance to the form that shares
add up and an event has one time. The other findings, all texts and most codes are the sandbox's own.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from xml.etree.ElementTree import Element

from ..orgnr import is_orgnr
from . import controls1086, events1086
from .forms1086 import Form, parse, read
from .records import Finding

SHARE_CLASS = "AksjeType-datadef-17659"
IDENTITIES = (
    "AksjonarFodselsnummer-datadef-1156",
    "AksjonarOrganisasjonsnummer-datadef-7597",
    "AksjonarUtenlandskIdenifikasjonsnummer-datadef-26626",
)
GAINED = ("AksjerKjopAntall-datadef-12153", "AksjerTilgangFondsemisjonMvAntall-datadef-17748")
LOST = ("AksjerArvMvOmsattAntall-datadef-17752", "AksjerSpleisMvAvgangAntall-datadef-24007")
ISSUED = ("AksjerNyutstedteStiftelseMvAntall-datadef-17668", "AksjerNyutstedteFondsemisjonMvAntall-datadef-17677")
DELETED = ("AksjerSlettedeLikvidasjonMvAntall-datadef-17688", "AksjerSlettedeSpleisMvAntall-datadef-17693")


def findings(main_xml: str, part_xmls: list[str], *, founded: str = "") -> list[Finding]:
    """Every contradiction in a package; an empty list when there is none. `founded` is the company's date, as in the register."""
    roots = [parse(xml.encode()) for xml in (main_xml, *part_xmls)]
    main, *parts = [read(root) for root in roots]
    result = [*_totals(main, parts), *_company(main), *_founded(main, founded)]
    for number, part in enumerate(parts, 1):
        result += [*_same_company(main, part, number), *_shareholder(part, number)]
    result += events1086.findings(roots[0], roots[1:])
    return [*result, *_twice(parts), *_interpreted(roots)]


def _interpreted(roots: list[Element]) -> Iterator[Finding]:
    """The published controls that had to be interpreted."""
    for number, root in enumerate(roots):
        where = f"Underskjema {number}" if number else "Hovedskjemaet"
        for control in controls1086.warnings(root):
            yield Finding(code=control.id, text=control.text, description=where, severity="advarsel")


def _founded(main: Form, founded: str) -> Iterator[Finding]:
    opening = main.amount("AksjekapitalFjoraret-datadef-7129", "AksjerMvAntallFjoraret-datadef-29166")
    if opening and founded[:4] == main.first("Inntektsar-datadef-692"):
        yield Finding(
            code="MAKS_025",
            text="Selskapet har tall per 1. januar, men ble stiftet i inntektsåret",
            description=f"Enhetsregisteret har stiftelsesdato {founded}.",
            guidance="Sett antall aksjer og aksjekapital i fjor til 0.",
        )


def _totals(main: Form, parts: list[Form]) -> Iterator[Finding]:
    pairs = (
        ("ANTALL_AKSJER", "ved årets slutt", "AksjerMvAntall-datadef-29167", "AksjonarAksjerAntall-datadef-17741"),
        (
            "ANTALL_AKSJER_FJORAARET",
            "ved forrige årsslutt",
            "AksjerMvAntallFjoraret-datadef-29166",
            "AksjerAntallFjoraret-datadef-29168",
        ),
    )
    for code, when, of_company, of_holder in pairs:
        company, holders = main.whole(of_company), sum(part.whole(of_holder) for part in parts)
        if company != holders:
            yield Finding(
                code=code,
                text=f"Antall aksjer {when} stemmer ikke",
                description=f"Hovedskjemaet har {company} aksjer, underskjemaene har til sammen {holders}.",
                guidance="Rett antallet i hovedskjemaet eller i underskjemaene, og lever hele oppgaven på nytt.",
            )
    yield from _dividend(main, parts)


def _dividend(main: Form, parts: list[Form]) -> Iterator[Finding]:
    company = main.amount("AksjeUtbytteISINAksjetype-datadef-17665")
    holders = sum((part.amount("Aksjeutbytte-datadef-29169") for part in parts), Decimal(0))
    if company != holders:
        yield Finding(
            code="UTBYTTE",
            text="Utdelt utbytte stemmer ikke",
            description=f"Hovedskjemaet har {company} kroner, underskjemaene har til sammen {holders}.",
            guidance="Kontroller utbyttet for hver aksjonær.",
            severity="advarsel",
        )


def _company(main: Form) -> Iterator[Finding]:
    opening, closing = (
        main.whole("AksjerMvAntallFjoraret-datadef-29166"),
        main.whole("AksjerMvAntall-datadef-29167"),
    )
    moved = opening + main.whole(*ISSUED) - main.whole(*DELETED)
    if moved != closing:
        yield Finding(
            code="BEVEGELSE_SELSKAP",
            text="Endringene i året forklarer ikke antall aksjer",
            description=f"{opening} aksjer ved forrige årsslutt, med årets endringer {moved}, oppgitt {closing}.",
            guidance="Oppgi utstedelse eller sletting av aksjer i hovedskjemaet.",
        )
    nominal = main.amount("AksjeMvPalydende-datadef-23945") * closing
    capital = main.amount("AksjekapitalISINAksjetype-datadef-17664")
    if abs(nominal - capital) > Decimal("0.01") * max(closing, 1):
        yield Finding(
            code="AKSJEKAPITAL",
            text="Aksjekapitalen i aksjeklassen stemmer ikke med antall og pålydende",
            description=f"{closing} aksjer ganger pålydende blir {nominal}, oppgitt aksjekapital er {capital}.",
            guidance="Kontroller pålydende per aksje og aksjekapitalen.",
            severity="advarsel",
        )


def _same_company(main: Form, part: Form, number: int) -> Iterator[Finding]:
    """Company and year were compared when the sub-form came in; the share class was not."""
    ours, theirs = main.first(SHARE_CLASS), part.first(SHARE_CLASS)
    if ours and theirs and ours != theirs:
        yield Finding(
            code="AKSJEKLASSE",
            text="Aksjeklassen er ikke den samme i hovedskjema og underskjema",
            description=f"Hovedskjemaet har {ours}, underskjema {number} har {theirs}.",
            guidance="Lever en egen oppgave for hver aksjeklasse.",
        )


def _shareholder(part: Form, number: int) -> Iterator[Finding]:
    orgnr = part.first("AksjonarOrganisasjonsnummer-datadef-7597")
    if orgnr and not is_orgnr(orgnr):
        yield Finding(
            code="AKSJONAER_ORGNR",
            text="Aksjonærens organisasjonsnummer er ikke gyldig",
            description=f"Underskjema {number}: kontrollsifferet i {orgnr} stemmer ikke.",
            guidance="Kontroller nummeret i Enhetsregisteret.",
        )
    opening = part.whole("AksjerAntallFjoraret-datadef-29168")
    closing = part.whole("AksjonarAksjerAntall-datadef-17741")
    moved = opening + part.whole(*GAINED) - part.whole(*LOST)
    if moved != closing:
        yield Finding(
            code="BEVEGELSE_AKSJONAER",
            text="Tilgang og avgang forklarer ikke aksjonærens beholdning",
            description=f"Underskjema {number}: {opening} aksjer ved forrige årsslutt, med tilgang og avgang {moved}, "
            f"oppgitt {closing}.",
            guidance="Oppgi kjøp, salg og andre endringer i underskjemaet.",
        )


def _twice(parts: list[Form]) -> Iterator[Finding]:
    seen: dict[str, int] = {}
    for number, part in enumerate(parts, 1):
        identity = next((part.first(name) for name in IDENTITIES if part.first(name)), "")
        if identity in seen:
            yield Finding(
                code="AKSJONAER_TO_GANGER",
                text="Samme aksjonær er oppgitt to ganger",
                description=f"Underskjema {seen[identity]} og {number} gjelder samme aksjonær.",
                guidance="Lever ett underskjema for hver aksjonær.",
            )
        elif identity:
            seen[identity] = number
