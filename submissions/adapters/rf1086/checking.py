"""Checks a file by itself, and a package as a whole: for the right customer and year, complete, and with sums that agree.

Format faults are errors. Wrong sums are warnings: Skatteetaten accepts such a report and rejects it later, so a user may
send it after a warning. So are the published controls, of which it is not known whether they stop a report. The package is
checked from the reports of its files; no file is read again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import cast

from submissions.adapters import encoding
from submissions.adapters.base import About, FileReport, Finding, Level, NamedFile, Period, beyond
from submissions.adapters.numbers import is_orgnr, masked
from submissions.adapters.rf1086 import facts, names, schema, sums
from submissions.adapters.rf1086.controls import between, table
from submissions.adapters.rf1086.facts import IDENTITIES, MainFacts, PartFacts, Spot, spot
from submissions.adapters.rf1086.parsing import Form, Kind, Unreadable, read_form

MOST_FINDINGS = 300
"""Limit per package: a fault of the producing program is repeated in every file."""
ROLES = {Kind.MAIN: "MAIN", Kind.PART: "PART"}
Part = tuple[str, PartFacts]
"""A sub-form's file name and facts."""


def inspect(file: NamedFile, about: About) -> FileReport:
    """All findings of one file alone, and its facts. The role is "" for a file that cannot be read."""
    try:
        form = read_form(file.content, file.name)
    except Unreadable as error:
        return FileReport("", (error.finding,), file=file.name)
    findings = [*schema.compare(form), *_belongs(form, about), *encoding.of_xml(file)]
    if form.kind == Kind.PART:
        findings += [*_identified(form), *sums.of_shareholder(form)]
    else:
        findings += [*sums.of_company(form), *between.of_company(form)]
    findings += table.of_form(form)
    return FileReport(
        ROLES[form.kind],
        tuple(findings),
        orgnr=form.text(names.ORGNR) if is_orgnr(form.text(names.ORGNR)) else "",
        period=period_of(form.text(names.YEAR)),
        file=file.name,
        facts=cast("Mapping[str, object]", facts.of_form(form)),
    )


def check(reports: Sequence[FileReport], about: About) -> list[Finding]:
    """All findings of all files, then those of the whole; at most MOST_FINDINGS, errors before warnings if there are more.

    Sums over files are checked only when every file can be read.
    """
    mains = [(report.file, cast("MainFacts", report.facts)) for report in reports if report.role == ROLES[Kind.MAIN]]
    parts = [(report.file, cast("PartFacts", report.facts)) for report in reports if report.role == ROLES[Kind.PART]]
    is_readable = len(mains) + len(parts) == len(reports)
    findings = [finding for report in reports for finding in report.findings]
    findings += [*_complete([file for file, _facts in mains], parts, is_readable=is_readable), *_twice(parts)]
    if len(mains) == 1:
        findings += _classes(mains[0][1], parts)
        if parts and is_readable:
            findings += [*sums.of_package(mains[0], parts), *between.of_package(mains[0], parts)]
    return _bounded(findings)


def period_of(year: str) -> Period | None:
    return Period.found(year) if re.fullmatch("[12][0-9]{3}", year) else None


def _bounded(findings: list[Finding]) -> list[Finding]:
    if len(findings) <= MOST_FINDINGS:
        return findings
    ordered = sorted(findings, key=lambda finding: finding.level != Level.ERROR)
    return [*ordered[:MOST_FINDINGS], beyond([finding.level for finding in ordered[MOST_FINDINGS:]])]


def _belongs(form: Form, about: About) -> Iterator[Finding]:
    given = form.text(names.ORGNR)
    if given and given != about.orgnr:
        yield _error("OTHER_CUSTOMER", form.filename, _shown(form, names.ORGNR, given), orgnr=about.orgnr)
    given = form.text(names.YEAR)
    if given and given != str(about.period):
        yield _error("OTHER_YEAR", form.filename, _shown(form, names.YEAR, given), year=str(about.period))


def _identified(form: Form) -> Iterator[Finding]:
    given = [name for name in IDENTITIES for _node in form.all(name)]
    if len(given) > 1:
        yield _error("MANY_IDENTIFICATIONS", form.filename, spot(form, given[1]) | {"given": ""}, n=str(len(given)))
    elif not given:
        at = spot(form, names.SHAREHOLDER) | {"given": ""}
        if form.text(names.NAME) and form.text(names.COUNTRY):  # enough by the published control
            case = "norwegian" if form.text(names.COUNTRY) == "NO" else "abroad"
            yield _finding(Level.WARNING, "NO_IDENTIFICATION", form.filename, at, case=case)
        else:
            yield _error("NO_IDENTIFICATION", form.filename, at)


def _complete(mains: list[str], parts: list[Part], *, is_readable: bool) -> Iterator[Finding]:
    """Missing forms are not reported while a file is unreadable: it may be the missing one."""
    if not mains and is_readable:
        yield Finding(Level.ERROR, "NO_MAIN_FORM")
    for extra in mains[1:]:
        yield Finding(Level.ERROR, "MANY_MAIN_FORMS", file=extra)
    if not parts and is_readable:
        yield Finding(Level.ERROR, "NO_SUB_FORM")


def _twice(parts: list[Part]) -> Iterator[Finding]:
    """The same shareholder in the same class. Another class is reported by `_classes`."""
    seen: dict[tuple[str, str], str] = {}
    for file, part in parts:
        key = part["identity"], part["share_class"]
        if not key[0]:
            continue
        if key in seen:
            yield _error("SAME_SHAREHOLDER", file, part["identity_at"], other=seen[key])
        else:
            seen[key] = file


def _classes(main: MainFacts, parts: list[Part]) -> Iterator[Finding]:
    """The class is optional; when both forms state it, they must agree."""
    ours = main["share_class"]
    for file, part in parts:
        given = part["share_class"]
        if ours and given and given != ours:
            yield _error("OTHER_CLASS", file, part["share_class_at"] | {"given": masked(given)}, ours=masked(ours))


def _shown(form: Form, name: str, given: str) -> Spot:
    """Bounded further than elsewhere: the text stands in the middle of a sentence."""
    return spot(form, name) | {"given": masked(given[:20])}


def _error(code: str, file: str, at: Spot, **params: str) -> Finding:
    return _finding(Level.ERROR, code, file, at, **params)


def _finding(level: Level, code: str, file: str, at: Spot, **params: str) -> Finding:
    return Finding(level, code, {**params, "given": at["given"]}, file, at["line"], at["path"])


def replaces(new_role: str, old_role: str) -> bool:
    """A package has one main form: a new one takes the place of the old."""
    return new_role == old_role == ROLES[Kind.MAIN]
