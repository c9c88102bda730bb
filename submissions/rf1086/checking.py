"""Checks a file by itself, and a package as a whole: for the right customer and year, complete, and with sums that agree.

Faults of form are errors. Sums that do not add up are warnings: Skatteetaten takes such a report and then rejects it, so
a person may send it on purpose but must have been told.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _

from submissions.rf1086 import schema
from submissions.rf1086.findings import Finding, Level, masked
from submissions.rf1086.reading import Form, Kind, Unreadable, plain_name, read_form

ORGNR = "EnhetOrganisasjonsnummer-datadef-18"
YEAR = "Inntektsar-datadef-692"
SHARE_CLASS = "AksjeType-datadef-17659"
CLOSING, OPENING = "AksjerMvAntall-datadef-29167", "AksjerMvAntallFjoraret-datadef-29166"
HOLDS, HELD = "AksjonarAksjerAntall-datadef-17741", "AksjerAntallFjoraret-datadef-29168"
PERSON, COMPANY = "AksjonarFodselsnummer-datadef-1156", "AksjonarOrganisasjonsnummer-datadef-7597"
FOREIGNER = "AksjonarUtenlandskIdenifikasjonsnummer-datadef-26626"
GAINED = ("AksjerKjopAntall-datadef-12153", "AksjerTilgangFondsemisjonMvAntall-datadef-17748")
LOST = ("AksjerArvMvOmsattAntall-datadef-17752", "AksjerSpleisMvAvgangAntall-datadef-24007")
DIVIDEND, PAID = "AksjeUtbytteISINAksjetype-datadef-17665", "Aksjeutbytte-datadef-29169"


@dataclass(frozen=True)
class NamedFile:
    name: str
    content: bytes


@dataclass(frozen=True)
class FileReport:
    """One file. `kind` is None when it could not be read; a file with errors is not to be kept."""

    kind: Kind | None
    findings: tuple[Finding, ...]

    @property
    def has_errors(self) -> bool:
        return any(finding.level == Level.ERROR for finding in self.findings)


def check_file(file: NamedFile, *, orgnr: str, year: int) -> FileReport:
    """Everything that can be told of one file alone."""
    try:
        form = read_form(file.content, file.name)
    except Unreadable as error:
        return FileReport(None, (error.finding,))
    findings = [*schema.compare(form), *_belongs(form, orgnr, year)]
    if form.kind == Kind.PART:
        findings += _shareholder(form)
    return FileReport(form.kind, tuple(findings))


def check_package(files: list[NamedFile], *, orgnr: str, year: int) -> list[Finding]:
    """All findings of all files, then those of the whole. Unreadable files are named and left out of the rest."""
    found: list[Finding] = []
    forms: list[Form] = []
    for file in files:
        found += check_file(file, orgnr=orgnr, year=year).findings
        try:
            forms.append(read_form(file.content, file.name))
        except Unreadable:
            continue
    return [*found, *_complete(forms), *_together(forms)]


def _belongs(form: Form, orgnr: str, year: int) -> Iterator[Finding]:
    given = form.text(ORGNR)
    if given and given != orgnr:
        message = _(
            "Filen gjelder organisasjonsnummer %(given)s, men kunden har %(orgnr)s. Velg riktig kunde eller riktig fil."
        )
        yield _error("OTHER_CUSTOMER", message % {"given": given, "orgnr": orgnr}, form, ORGNR, given)
    given = form.text(YEAR)
    if given and given != str(year):
        message = _("Filen gjelder inntektsåret %(given)s, men innsendingen gjelder %(year)s.")
        yield _error("OTHER_YEAR", message % {"given": given, "year": year}, form, YEAR, given)


def _shareholder(form: Form) -> Iterator[Finding]:
    idents = [name for name in (PERSON, COMPANY, FOREIGNER) if form.text(name)]
    if len(idents) != 1:
        message = _(
            "En aksjonær må ha ett fødselsnummer, ett organisasjonsnummer eller ett utenlandsk nummer. Her er det %(n)s."
        )
        yield _error("IDENTIFICATION", message % {"n": len(idents)}, form, PERSON)
    held, holds = form.number(HELD), form.number(HOLDS)
    if held is None or holds is None:
        return
    expected = held + form.total(*GAINED) - form.total(*LOST)
    if expected != holds:
        message = _(
            "Aksjonæren hadde %(held)s aksjer, og med kjøp og salg blir det %(expected)s, men skjemaet sier %(holds)s."
        )
        numbers = {"held": held, "expected": expected, "holds": holds}
        yield _warning("SHAREHOLDER_SUM", message % numbers, form, HOLDS, str(holds))


def _complete(forms: list[Form]) -> Iterator[Finding]:
    mains = [form for form in forms if form.kind == Kind.MAIN]
    parts = [form for form in forms if form.kind == Kind.PART]
    if not mains:
        yield Finding(Level.ERROR, "NO_MAIN_FORM", _("Hovedskjemaet mangler. Legg det til."))
    for extra in mains[1:]:
        message = _("Det er flere hovedskjemaer. En innsending har ett, med sine underskjemaer.")
        yield Finding(Level.ERROR, "MANY_MAIN_FORMS", message, extra.filename)
    if not parts:
        yield Finding(Level.ERROR, "NO_SUB_FORM", _("Underskjemaene mangler. Legg til ett for hver aksjonær."))
    yield from _twice(parts)


def _twice(parts: list[Form]) -> Iterator[Finding]:
    seen: dict[str, str] = {}
    for part in parts:
        ident = part.text(PERSON) or part.text(COMPANY) or part.text(FOREIGNER)
        if ident and ident in seen:
            message = _("Aksjonæren %(ident)s står også i %(other)s. Hver aksjonær skal ha ett underskjema.")
            text = message % {"ident": masked(ident), "other": seen[ident]}
            yield Finding(Level.ERROR, "SAME_SHAREHOLDER", text, part.filename, part.line(PERSON), given=masked(ident))
        seen.setdefault(ident, part.filename)


def _together(forms: list[Form]) -> Iterator[Finding]:
    main = next((form for form in forms if form.kind == Kind.MAIN), None)
    parts = [form for form in forms if form.kind == Kind.PART]
    if main is None or not parts:
        return
    yield from _classes(main, parts)
    yield from _sum(main, CLOSING, parts, HOLDS, _("ved årets slutt"))
    yield from _sum(main, OPENING, parts, HELD, _("ved årets begynnelse"))
    yield from _dividend(main, parts)


def _classes(main: Form, parts: list[Form]) -> Iterator[Finding]:
    ours = main.text(SHARE_CLASS)
    for part in parts:
        given = part.text(SHARE_CLASS)
        if given != ours:
            message = _("Underskjemaet gjelder aksjeklasse «%(given)s», hovedskjemaet «%(ours)s».")
            yield _error("OTHER_CLASS", message % {"given": given, "ours": ours}, part, SHARE_CLASS, given)


def _sum(main: Form, wanted: str, parts: list[Form], name: str, when: str) -> Iterator[Finding]:
    total = sum((part.number(name) or Decimal(0) for part in parts), Decimal(0))
    stated = main.number(wanted)
    if stated is not None and stated != total:
        message = _(
            "Hovedskjemaet sier %(stated)s aksjer %(when)s, men aksjonærene har %(total)s til sammen. Rett det som er feil."
        )
        yield _warning(
            "TOTAL_SHARES", message % {"stated": stated, "when": when, "total": total}, main, wanted, str(stated)
        )


def _dividend(main: Form, parts: list[Form]) -> Iterator[Finding]:
    stated, paid = main.total(DIVIDEND), sum((part.total(PAID) for part in parts), Decimal(0))
    if stated and stated != paid:
        message = _("Hovedskjemaet sier %(stated)s kr i utbytte, men aksjonærene har fått %(paid)s kr til sammen.")
        yield _warning("TOTAL_DIVIDEND", message % {"stated": stated, "paid": paid}, main, DIVIDEND, str(stated))


def _error(code: str, message: str, form: Form, name: str, given: str = "") -> Finding:
    return Finding(Level.ERROR, code, message, form.filename, form.line(name), plain_name(name), masked(given))


def _warning(code: str, message: str, form: Form, name: str, given: str = "") -> Finding:
    return Finding(Level.WARNING, code, message, form.filename, form.line(name), plain_name(name), given)
