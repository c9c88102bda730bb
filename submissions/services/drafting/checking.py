"""Connects drafts to the adapter of their service: one file, the whole package, and how findings are stored and shown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import PurePath
from typing import cast

from django.db.models import Count
from django.utils.translation import gettext_lazy as _

from portal.core.masking import visible
from submissions.adapters import adapter
from submissions.adapters.base import FileReport, Finding, Level, NamedFile, Period, PeriodKind
from submissions.adapters.texts import Text, render
from submissions.models import Document, Submission, stored
from submissions.services.catalogue import Service
from submissions.services.documents import DocumentDamaged
from submissions.services.drafting.preflight import is_what_was_turned_down
from submissions.services.versions import about_whole
from submissions.services.ways import about_of, adapter_of

TEXTS: dict[str, Text] = {
    "FILE_TOO_LARGE": _("Filen er på %(size)s MB. En fil kan være på høyst %(most)s MB."),
    "WRONG_ENDING": _("%(service)s leveres som %(kinds)s-filer."),
    "SAME_FILE": _("Filen er den samme som %(other)s, og er tatt med én gang."),
    "REPLACED": _("Filen er erstattet av %(other)s, som ble lastet opp senere. Det kan bare være én slik fil."),
    "SAME_AS_REJECTED": _("Filene er de samme som ble avvist. Last opp en rettet fil."),
    DocumentDamaged.code: _("Filen kan ikke leses lenger. Fjern den, og last den opp på nytt."),
}
"""Codes that no adapter gives: they hold for every service."""


@dataclass(frozen=True)
class Shown:
    """A finding for the page, in the reader's language."""

    level: str
    text: str
    file: str
    line: int | None
    path: str


def outside(*, filename: str, size: int, service: Service) -> Finding | None:
    """What can be said without opening the file: its size and its extension."""
    if size > service.max_file_bytes:
        sizes = {"size": f"{size / 10**6:.0f}", "most": f"{service.max_file_bytes / 10**6:.0f}"}
        return Finding(Level.ERROR, "FILE_TOO_LARGE", sizes, filename)
    if PurePath(filename).suffix.lower() not in service.extensions:
        kinds = " / ".join(ending.removeprefix(".").upper() for ending in service.extensions)
        return Finding(Level.ERROR, "WRONG_ENDING", {"kinds": kinds}, filename)
    return None


def inspect(*, filename: str, content: bytes, submission: Submission) -> FileReport:
    """What one file is, and its own findings."""
    return adapter_of(submission).inspect(NamedFile(filename, content), about_of(submission))


def damaged(filename: str) -> FileReport:
    """The report of a stored file whose bytes cannot be read."""
    return FileReport("", (Finding(Level.ERROR, DocumentDamaged.code, file=filename),), file=filename)


def is_damaged(report: FileReport) -> bool:
    return any(finding.code == DocumentDamaged.code for finding in report.findings)


def package(submission: Submission, reports: Sequence[FileReport]) -> list[Finding]:
    """The findings of all files and of the whole; empty without files. Only the damaged ones while there are any."""
    lost = [finding for report in reports if is_damaged(report) for finding in report.findings]
    if lost or not reports:
        return lost
    found = adapter_of(submission).check(reports, about_whole(submission))
    return [Finding(Level.ERROR, "SAME_AS_REJECTED"), *found] if is_what_was_turned_down(submission) else found


def replaces(submission: Submission, new_role: str, old_role: str) -> bool:
    """Whether a file takes the place of an earlier upload's file with the other role, whatever its name."""
    return adapter_of(submission).replaces(new_role, old_role)


def summary(submission: Submission) -> list[tuple[str, str]]:
    """What a person should recognise before sending. Reads one report for each role, and no file."""
    checked = submission.documents.checked()
    counts = dict(checked.order_by().values_list("role").annotate(n=Count("pk")))
    firsts = [checked.defer(None).filter(role=role).order_by("pk")[0] for role in counts if role]
    return adapter_of(submission).summary([of_document(document) for document in firsts], counts)


def shown(findings: Iterable[stored.Finding], service: Service) -> list[Shown]:
    """The findings as texts in the current language."""
    return [_shown(finding, service) for finding in findings]


def _shown(row: stored.Finding, service: Service) -> Shown:
    finding = Finding(Level(row["level"]), row["code"], {**row["params"], "service": service.name})
    text = render(finding, TEXTS) if finding.code in TEXTS else adapter(service.adapter).render(finding)
    return Shown(row["level"], visible(text), row["file"], row["line"], visible(row["path"]))


def text_of(row: stored.Finding, *, adapter_name: str) -> str:
    """The text of a finding of an adapter about a file that is in no draft."""
    finding = Finding(Level(row["level"]), row["code"], row["params"], row["file"], row["line"], row["path"])
    return visible(adapter(adapter_name).render(finding))


def as_stored(finding: Finding) -> stored.Finding:
    return {
        "level": finding.level.value,
        "code": finding.code,
        "params": dict(finding.params),
        "file": finding.file,
        "line": finding.line,
        "path": finding.path,
    }


def report_as_stored(report: FileReport) -> stored.Report:
    return {
        "role": report.role,
        "findings": [as_stored(finding) for finding in report.findings],
        "orgnr": report.orgnr,
        "period_kind": report.period.kind.value if report.period else "",
        "period": report.period.start.isoformat() if report.period else "",
        "facts": dict(report.facts),
        "reference": report.reference,
        "replaces": report.replaces,
    }


def of_document(document: Document) -> FileReport:
    """The stored report of a checked document."""
    row = cast("stored.Report", document.report)
    name = document.filename
    period = Period(PeriodKind(row["period_kind"]), date.fromisoformat(row["period"])) if row["period"] else None
    findings = tuple(_finding(finding, name) for finding in row["findings"])
    ids = row.get("reference", ""), row.get("replaces", "")
    return FileReport(row["role"], findings, row["orgnr"], period, name, row["facts"], *ids)


def _finding(row: stored.Finding, filename: str) -> Finding:
    return Finding(Level(row["level"]), row["code"], row["params"], filename, row["line"], row["path"])
