"""Checks a file by itself, and a package as a whole: for the right customer and year, complete, and with sums that agree.

Format faults are errors. Wrong sums are warnings: Skatteetaten accepts such a report and rejects it later, so a user may
send it after a warning.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from submissions.adapters.rf1086 import names, schema, sums
from submissions.adapters.rf1086.findings import Finding, Level
from submissions.adapters.rf1086.numbers import masked
from submissions.adapters.rf1086.parsing import Form, Kind, Unreadable, plain_name, read_form

MOST_FINDINGS = 300
"""Limit per package: a fault of the producing program is repeated in every file."""
_IDENTITIES = (names.PERSON, names.COMPANY, names.FOREIGNER)


@dataclass(frozen=True)
class NamedFile:
    name: str
    content: bytes = field(repr=False)


@dataclass(frozen=True)
class FileReport:
    """One file. `kind` and `form` are None when it could not be read; a file with errors is not to be kept."""

    kind: Kind | None
    findings: tuple[Finding, ...]
    form: Form | None = None

    @property
    def has_errors(self) -> bool:
        return any(finding.level == Level.ERROR for finding in self.findings)


def check_file(file: NamedFile, *, orgnr: str, year: int) -> FileReport:
    """All findings of one file alone."""
    try:
        form = read_form(file.content, file.name)
    except Unreadable as error:
        return FileReport(None, (error.finding,))
    findings = [*schema.compare(form), *_belongs(form, orgnr, year)]
    if form.kind == Kind.PART:
        findings += [*_identified(form), *sums.of_shareholder(form)]
    else:
        findings += sums.of_company(form)
    return FileReport(form.kind, tuple(findings), form)


def check_package(files: list[NamedFile], *, orgnr: str, year: int) -> list[Finding]:
    """All findings of all files, then those of the whole; at most MOST_FINDINGS, errors before warnings if there are more.

    Sums over files are checked only when every file can be read.
    """
    reports = [check_file(file, orgnr=orgnr, year=year) for file in files]
    forms = [report.form for report in reports if report.form]
    mains = [form for form in forms if form.kind == Kind.MAIN]
    parts = [form for form in forms if form.kind == Kind.PART]
    findings = [finding for report in reports for finding in report.findings]
    findings += [*_complete(mains, parts, is_readable=len(forms) == len(files)), *_twice(parts)]
    if len(mains) == 1:
        findings += _classes(mains[0], parts)
        if parts and len(forms) == len(files):
            findings += sums.of_package(mains[0], parts)
    return _bounded(findings)


def _bounded(findings: list[Finding]) -> list[Finding]:
    if len(findings) <= MOST_FINDINGS:
        return findings
    ordered = sorted(findings, key=lambda finding: finding.level != Level.ERROR)
    rest = ordered[MOST_FINDINGS:]
    message = ngettext("Det er %(n)s funn til.", "Det er %(n)s funn til.", len(rest)) % {"n": len(rest)}
    return [*ordered[:MOST_FINDINGS], Finding(rest[0].level, "MORE", message + " " + _("Rett disse først."))]


def _belongs(form: Form, orgnr: str, year: int) -> Iterator[Finding]:
    given = form.text(names.ORGNR)
    if given and given != orgnr:
        message = _(
            "Filen gjelder organisasjonsnummer %(given)s, men kunden har %(orgnr)s. Velg riktig kunde eller riktig fil."
        )
        values = {"given": masked(given[:20]), "orgnr": orgnr}
        yield _error("OTHER_CUSTOMER", message % values, form, names.ORGNR, given)
    given = form.text(names.YEAR)
    if given and given != str(year):
        message = _(
            "Filen gjelder inntektsåret %(given)s, men innsendingen gjelder %(year)s. Velg riktig fil eller riktig år."
        )
        yield _error("OTHER_YEAR", message % {"given": masked(given[:20]), "year": year}, form, names.YEAR, given)


def _identified(form: Form) -> Iterator[Finding]:
    given = [name for name in _IDENTITIES for _node in form.all(name)]
    if len(given) > 1:
        message = _(
            "Aksjonæren har %(n)s identifikasjonsnumre. La bare ett stå: fødselsnummer, organisasjonsnummer eller utenlandsk nummer."
        )
        yield _error("MANY_IDENTIFICATIONS", message % {"n": len(given)}, form, given[1])
    elif not given and form.text(names.NAME) and form.text(names.COUNTRY) not in ("", "NO"):
        message = _(
            "Den utenlandske aksjonæren har ikke noe nummer. Oppgi det (UTL og ni sifre) om Skatteetaten har gitt et."
        )
        yield _at(Level.WARNING, "NO_IDENTIFICATION", message, form, names.SHAREHOLDER)
    elif not given:
        message = _(
            "Aksjonæren mangler identifikasjon. Oppgi fødselsnummer, organisasjonsnummer eller utenlandsk nummer."
        )
        yield _error("NO_IDENTIFICATION", message, form, names.SHAREHOLDER)


def _complete(mains: list[Form], parts: list[Form], *, is_readable: bool) -> Iterator[Finding]:
    """Missing forms are not reported while a file is unreadable: it may be the missing one."""
    if not mains and is_readable:
        yield Finding(Level.ERROR, "NO_MAIN_FORM", _("Hovedskjemaet (RF-1086) mangler. Legg det til."))
    for extra in mains[1:]:
        message = _(
            "Det er flere hovedskjemaer. En innsending har ett, med sine underskjemaer. "
            "Ta ut dette, eller lag en innsending for hver aksjeklasse."
        )
        yield Finding(Level.ERROR, "MANY_MAIN_FORMS", message, extra.filename)
    if not parts and is_readable:
        message = _("Underskjemaene (RF-1086-U) mangler. Legg til ett for hver aksjonær.")
        yield Finding(Level.ERROR, "NO_SUB_FORM", message)


def _twice(parts: list[Form]) -> Iterator[Finding]:
    """The same shareholder in the same class. Another class is reported by `_classes`."""
    seen: dict[tuple[str, str], str] = {}
    for part in parts:
        name = next((name for name in _IDENTITIES if part.text(name)), "")
        if not name:
            continue
        key = part.text(name), part.text(names.SHARE_CLASS)
        if key in seen:
            message = _(
                "Samme aksjonær står også i %(other)s. Hver aksjonær skal ha ett underskjema. Slå dem sammen, eller ta ut det ene."
            )
            yield _error("SAME_SHAREHOLDER", message % {"other": seen[key]}, part, name, key[0])
        else:
            seen[key] = part.filename


def _classes(main: Form, parts: list[Form]) -> Iterator[Finding]:
    """The class is optional; when both forms state it, they must agree."""
    ours = main.text(names.SHARE_CLASS)
    for part in parts:
        given = part.text(names.SHARE_CLASS)
        if ours and given and given != ours:
            message = _(
                "Underskjemaet gjelder aksjeklasse «%(given)s», hovedskjemaet «%(ours)s». "
                "Rett klassen, eller lag en egen innsending for den."
            )
            values = {"given": masked(given), "ours": masked(ours)}
            yield _error("OTHER_CLASS", message % values, part, names.SHARE_CLASS, given)


def _error(code: str, message: str, form: Form, name: str, given: str = "") -> Finding:
    return _at(Level.ERROR, code, message, form, name, given=given)


def _at(level: Level, code: str, message: str, form: Form, name: str, *, given: str = "") -> Finding:
    node = next(form.all(name), None)
    path = schema.path_of(node) if node is not None else plain_name(name)
    return Finding(level, code, message, form.filename, form.line(name), path, masked(given[:80]))
