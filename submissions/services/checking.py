"""Connects drafts to the rules of RF-1086: checks one file, checks the package, and reads facts for the page."""

from __future__ import annotations

from pathlib import PurePath
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from submissions.adapters.rf1086 import (
    Finding,
    Form,
    Kind,
    Level,
    NamedFile,
    Unreadable,
    check_file,
    check_package,
    read_form,
)
from submissions.models import Document, Submission
from submissions.services.catalogue import Service
from submissions.services.documents import DocumentDamaged, read_document

ROLES = {Kind.MAIN: Document.Role.MAIN, Kind.PART: Document.Role.PART}
Row = dict[str, Any]
"""A finding as it is stored and shown: severity (ERROR or WARNING), code, text, file, line, field, given, language."""


def as_row(finding: Finding) -> Row:
    return {
        "severity": finding.level.value,
        "code": finding.code,
        "text": finding.message,
        "file": finding.filename,
        "line": finding.line,
        "field": finding.path,
        "given": finding.given,
        "language": get_language() or "nb",
    }


def has_errors(findings: list[Row]) -> bool:
    return any(finding["severity"] == Level.ERROR for finding in findings)


def outside(*, filename: str, size: int, service: Service) -> list[Row]:
    """Findings without opening the file: its size and its extension."""
    if size > service.max_file_bytes:
        sizes = {"size": f"{size / 10**6:.0f}", "most": f"{service.max_file_bytes / 10**6:.0f}"}
        message = _("Filen er på %(size)s MB. En fil kan være på høyst %(most)s MB.") % sizes
        return [as_row(Finding(Level.ERROR, "TOO_LARGE", message, filename))]
    if PurePath(filename).suffix.lower() not in service.extensions:
        message = _("%(service)s leveres som %(kinds)s-filer.") % {
            "service": service.name,
            "kinds": " / ".join(ending.removeprefix(".").upper() for ending in service.extensions),
        }
        return [as_row(Finding(Level.ERROR, "WRONG_ENDING", message, filename))]
    return []


def inside(*, content: bytes, filename: str, submission: Submission) -> tuple[str, list[Row]]:
    """The role of the file ("" when unknown) and the findings of the file alone."""
    file = NamedFile(filename, content)
    report = check_file(file, orgnr=submission.customer.orgnr, year=submission.year)
    role = ROLES[report.kind].value if report.kind else ""
    return role, [as_row(finding) for finding in report.findings]


def package(submission: Submission, documents: list[Document]) -> list[Row]:
    """The findings of the package; empty without files."""
    if not documents:
        return []
    files, findings = [], []
    for document in documents:
        try:
            files.append(NamedFile(document.filename, read_document(document)))
        except DocumentDamaged:
            message = _("Filen kan ikke leses lenger. Fjern den, og last den opp på nytt.")
            findings.append(Finding(Level.ERROR, DocumentDamaged.code, message, document.filename))
    if not findings:
        findings = check_package(files, orgnr=submission.customer.orgnr, year=submission.year)
    return [as_row(finding) for finding in findings]


def stored_findings(submission: Submission, documents: list[Document]) -> list[Row]:
    """The stored findings of the package; checked again when they are stored in another language."""
    stored: list[Row] = submission.findings
    if all(finding.get("language", "nb") == (get_language() or "nb") for finding in stored):
        return stored
    return package(submission, documents)


def facts(documents: list[Document]) -> list[tuple[str, str]]:
    """Facts of the main form for the user to recognise: company and number of shareholders."""
    main = next((document for document in documents if document.role == Document.Role.MAIN), None)
    parts = sum(document.role == Document.Role.PART for document in documents)
    shown = [(_("Aksjonærer"), str(parts))]
    return _company(main) + shown if main else shown


def _company(main: Document) -> list[tuple[str, str]]:
    try:
        form: Form = read_form(read_document(main), main.filename)
    except (Unreadable, DocumentDamaged):
        return []
    shown = [
        (_("Selskap"), form.text("EnhetNavn-datadef-1") or form.text("EnhetOrganisasjonsnummer-datadef-18")),
        (_("Aksjer"), form.text("AksjerMvAntall-datadef-29167")),
    ]
    return [(label, value) for label, value in shown if value]
