"""Drafts: files are added and removed; each file is checked alone, and the package after each change.

A file with errors is reported and not stored. READY means checked without errors.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from django.db import transaction

from portal.core.audit import record
from portal.core.audit_events import AuditType
from submissions.models import Document, Submission
from submissions.services import catalogue, checking
from submissions.services.checking import Row
from submissions.services.documents import Kept, clean_filename, keep, record_document
from systemusers.models import Access

Status = Submission.Status
OPEN = {Status.DRAFT, Status.READY}
SOME = 100
"""Documents that one audit event names; it counts them all."""
CORRECTABLE = {Status.REJECTED, Status.FAILED}


class NotAllowed(Exception):
    """The access does not allow the service. The text says why, in the user's language."""


class NotOpen(Exception):
    """The submission was sent or cancelled: its files can no longer be changed."""


class Upload(Protocol):
    """An uploaded file, as Django's forms give it."""

    @property
    def name(self) -> str | None: ...

    @property
    def size(self) -> int | None: ...

    def read(self) -> bytes: ...


@dataclass(frozen=True)
class Verdict:
    """The result for one uploaded file: its row when it was stored, else the findings."""

    filename: str
    findings: list[Row]
    document: Document | None = None


Looked = tuple[str, str, list[Row], Kept | None]
"""A file's name, role, findings and, when there is no error, its stored bytes."""


def create_draft(
    *, access: Access, service: str, year: int, by: str, at: datetime, corrects: Submission | None = None
) -> Submission:
    """An empty DRAFT for the access's customer. Raises NotAllowed, catalogue.UnknownService."""
    availability = catalogue.availability(access=access, service=catalogue.service(service))
    if not availability.is_allowed:
        raise NotAllowed(availability.reason)
    with transaction.atomic():
        draft = Submission.objects.create(
            environment=access.environment,
            customer=access.customer,
            access=access,
            service=service,
            year=year,
            corrects=corrects,
            status_at=at,
            created_by=by,
            created_at=at,
        )
        record(by=by, at=at, target=draft, what=AuditType.CREATED, service=service, year=year)
    return draft


def begin(
    *, access: Access, service: str, year: int, files: Iterable[Upload], by: str, at: datetime
) -> tuple[Submission | None, list[Verdict]]:
    """A draft with the files that can be used; an open draft for the same service and year is reused.

    None when there were files and none can be used. Raises NotAllowed.
    """
    same = Submission.objects.filter(customer=access.customer, service=service, year=year, corrects__isnull=True)
    draft = same.filter(access=access, status__in=OPEN).order_by("-pk").first()
    probe = draft or Submission(customer=access.customer, access=access, service=service, year=year)
    looked_at = [_look(probe, file) for file in files]
    if looked_at and not any(kept for *_rest, kept in looked_at):
        return None, [Verdict(filename, findings) for filename, _role, findings, _kept in looked_at]
    draft = draft or create_draft(access=access, service=service, year=year, by=by, at=at)
    return draft, _add(draft, looked_at, by=by, at=at)


def add_files(*, submission: Submission, files: Iterable[Upload], by: str, at: datetime) -> list[Verdict]:
    """Check each file, store those without errors, and check the package again. Raises NotOpen.

    A main form replaces the existing one, and a file replaces one of the same name.
    """
    return _add(submission, [_look(submission, file) for file in files], by=by, at=at)


def _add(submission: Submission, looked_at: list[Looked], *, by: str, at: datetime) -> list[Verdict]:
    with _editing(submission):
        verdicts = [_take(submission, *item, at=at) for item in looked_at]
        if accepted := [verdict.document for verdict in verdicts if verdict.document]:
            record(by=by, at=at, target=submission, what=AuditType.FILES_ADDED, **_named(accepted))
    check(submission=submission, by=by, at=at)
    return verdicts


def _look(submission: Submission, file: Upload) -> Looked:
    """Name, role, findings and, when there is no error, the stored bytes. Too large a file is never read."""
    filename = clean_filename(file.name or "")
    service = catalogue.service(submission.service)
    refused = checking.outside(filename=filename, size=file.size or 0, service=service)
    if refused:
        return filename, "", refused, None
    content = file.read()
    role, findings = checking.inside(content=content, filename=filename, submission=submission)
    return filename, role, findings, None if checking.has_errors(findings) else keep(content)


def _take(
    submission: Submission, filename: str, role: str, findings: list[Row], kept: Kept | None, *, at: datetime
) -> Verdict:
    if kept is None:
        return Verdict(filename, findings)
    earlier = submission.documents.filter(role=role) if role == Document.Role.MAIN else submission.documents.none()
    (earlier | submission.documents.filter(filename=filename)).exclude(sha256=kept.sha256).delete()
    document = record_document(
        kept=kept,
        filename=filename,
        media_type=catalogue.service(submission.service).media_type,
        role=role,
        customer=submission.customer,
        submission=submission,
        at=at,
    )
    return Verdict(filename, findings, document)


def remove_file(*, submission: Submission, document: Document, by: str, at: datetime) -> None:
    """Take a file out and check the rest. Raises NotOpen."""
    with _editing(submission):
        submission.documents.filter(pk=document.pk).delete()
        record(by=by, at=at, target=submission, what=AuditType.FILE_REMOVED, **_named([document]))
    check(submission=submission, by=by, at=at)


def check(*, submission: Submission, by: str, at: datetime) -> None:
    """Check the package as a whole; READY without errors, else DRAFT. The findings are kept on the row. Raises NotOpen."""
    documents = list(submission.documents.order_by("pk"))
    findings = checking.package(submission, documents)
    wanted = Status.READY if documents and not checking.has_errors(findings) else Status.DRAFT
    with _editing(submission):
        if _changed_meanwhile(submission, documents):
            return  # the process that changed it checks it
        submission.findings = findings
        submission.save(update_fields=["findings"])
        if submission.status != wanted:
            submission.move_to(wanted, by=by, at=at)


def _changed_meanwhile(submission: Submission, documents: list[Document]) -> bool:
    return set(submission.documents.values_list("pk", flat=True)) != {document.pk for document in documents}


def copy_for_correction(*, submission: Submission, by: str, at: datetime) -> Submission:
    """A new draft that corrects `submission`, with copies of its forms; an open correction is reused.

    Raises NotOpen when there is nothing to correct yet, NotAllowed when the access no longer allows the service.
    """
    if submission.status not in CORRECTABLE or submission.access is None:
        raise NotOpen(f"submission {submission.pk} is {submission.status}")
    open_one = submission.corrections.filter(status__in=OPEN).first()
    if open_one:
        return open_one
    draft = create_draft(
        access=submission.access, service=submission.service, year=submission.year, by=by, at=at, corrects=submission
    )
    forms = submission.documents.filter(role__in=(Document.Role.MAIN, Document.Role.PART)).order_by("pk")
    Document.objects.bulk_create(_copy(form, draft, at) for form in forms)
    check(submission=draft, by=by, at=at)
    return draft


def _copy(form: Document, draft: Submission, at: datetime) -> Document:
    """The same stored bytes under another submission."""
    same = ("customer_id", "role", "filename", "media_type", "size", "sha256")
    return Document(submission=draft, stored_at=at, **{name: getattr(form, name) for name in same})


def _named(documents: list[Document]) -> dict[str, Any]:
    """Files in the audit trail: by id and the beginning of their hash. File names may hold anything."""
    return {
        "files": len(documents),
        "documents": [document.pk for document in documents[:SOME]],
        "sha256": [document.sha256[:12] for document in documents[:SOME]],
    }


@contextmanager
def _editing(submission: Submission) -> Iterator[None]:
    """Lock the open row until the end and refresh its status. Raises NotOpen."""
    with transaction.atomic():
        status = Submission.objects.select_for_update().values_list("status", flat=True).get(pk=submission.pk)
        if status not in OPEN:
            raise NotOpen(f"submission {submission.pk} is {status}")
        submission.status = status
        yield


__all__ = [
    "NotAllowed",
    "NotOpen",
    "Verdict",
    "add_files",
    "check",
    "copy_for_correction",
    "create_draft",
    "remove_file",
]
