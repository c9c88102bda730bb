"""Drafts: files are stored at once, and checked by a worker (`package_check`). READY means checked without errors.

A file with errors is reported and not kept. Nothing here opens a file, but for a small first upload.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from django.db import transaction

from accounts.models import Customer
from portal.core.audit import record
from portal.core.audit_events import AuditType
from portal.core.problems import code_of
from submissions.adapters.base import Finding, Level
from submissions.models import Dialog, Document, PackageCheck, Submission, stored
from submissions.period import Period
from submissions.services import catalogue
from submissions.services.documents import Kept, StoredUpload, clean_filename, distinct, keep_file
from submissions.services.drafting import checking, package_check
from submissions.services.drafting.package_check import AT_ONCE_BYTES, AT_ONCE_FILES, OPEN
from submissions.services.offers import access_for
from systemusers.models import Access

Status = Submission.Status
SOME = 100
"""Documents that one audit event names; it counts them all."""
FACTS = ("customer_id", "role", "filename", "media_type", "size", "sha256")
"""What a document says of its bytes."""
CORRECTABLE = {Status.REJECTED, Status.FAILED, Status.DELIVERED, Status.ACCEPTED}


class NotAllowed(Exception):
    """The access does not allow the service. The text says why, in the user's language."""


class NotOpen(Exception):
    """The submission was sent or cancelled: its files can no longer be changed."""

    def __init__(self, submission: Submission, status: str) -> None:
        super().__init__(f"submission {submission.pk} is {status}")
        self.submission = submission


class OpenDraft(Exception):
    """There is an open draft of the same customer, service and period with other files. Nothing was changed."""

    def __init__(self, draft: Submission) -> None:
        super().__init__(f"submission {draft.pk} is open")
        self.draft = draft


class NotStored(Exception):
    """The storage did not take the files; the draft is as it was. `code` is known to `portal.explain`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Upload(Protocol):
    """An uploaded file, as Django's forms give it."""

    @property
    def name(self) -> str | None: ...

    @property
    def size(self) -> int | None: ...

    def read(self, size: int = -1, /) -> bytes: ...

    def seek(self, offset: int, /) -> object: ...


@dataclass(frozen=True)
class Taken:
    """An uploaded file whose bytes are stored and have no row yet."""

    filename: str
    kept: Kept


def create_draft(
    *,
    access: Access,
    service: str,
    period: Period,
    by: str,
    at: datetime,
    customer: Customer | None = None,
    corrects: Submission | None = None,
    answers: Dialog | None = None,
) -> Submission:
    """An empty DRAFT about `customer`, by default the access's own. Raises NotAllowed, catalogue.UnknownService."""
    availability = catalogue.availability(access=access, service=catalogue.service(service), customer=customer)
    if not availability.is_allowed:
        raise NotAllowed(availability.reason)
    with transaction.atomic():
        if reason := catalogue.hold_relations(customer=customer or access.customer, access=access):
            raise NotAllowed(reason)
        draft = Submission.objects.create(
            environment=access.environment,
            customer=customer or access.customer,
            access=access,
            service=service,
            **period.columns(),
            corrects=corrects,
            answers=answers,
            status_at=at,
            created_by=by,
            created_at=at,
        )
        record(by=by, at=at, target=draft, what=AuditType.CREATED, service=service, period=str(period))
    return draft


def begin(
    *,
    access: Access,
    service: str,
    period: Period,
    files: Iterable[Upload],
    by: str,
    at: datetime,
    customer: Customer | None = None,
    beside: bool = False,
    answers: Dialog | None = None,
    then: Callable[[Submission], object] = lambda draft: None,
) -> tuple[Submission | None, list[stored.Refused]]:
    """A new draft with the files. Asked for twice with the same files, however parallel, it is one draft.

    (None, why) when there are only few files and none can be used. `beside`: also when another draft is open. `then` gets the
    draft in the transaction that makes or finds it. Raises NotAllowed, NotStored, and OpenDraft when there is an open one with other files.
    """
    uploads = list(files)
    customer = customer or access.customer
    refused = _unusable(Submission(customer=customer, access=access, service=service, **period.columns()), uploads)
    if uploads and len(refused) == len(uploads):
        return None, refused
    outside, taken = _taken(service, uploads)
    unusable = {entry["file"] for entry in refused}
    usable = {file.kept.sha256 for file in taken if file.filename not in unusable}
    with transaction.atomic():
        # also: two clicks at once make one draft
        if reason := catalogue.hold_relations(customer=customer, access=access):
            raise NotAllowed(reason)
        open_ones = find_open(customer=customer, service=service, period=period, answers=answers)
        same = next((draft for draft in open_ones if _hashes(draft) == usable), None)
        if same:
            then(same)
            return same, []
        if open_ones and not beside:
            raise OpenDraft(open_ones[0])
        draft = create_draft(
            access=access, customer=customer, service=service, period=period, by=by, at=at, answers=answers
        )
        if uploads:
            _add(draft, outside, taken, by=by, at=at)
        then(draft)
    package_check.begin(submission=draft, at=at)
    return draft, []


def find_open(*, customer: Customer, service: str, period: Period, answers: Dialog | None = None) -> list[Submission]:
    """Open drafts that correct nothing, the newest first."""
    answers_id = answers.pk if answers else None
    about = Submission.objects.about(customer=customer, service=service, period=period, answers_id=answers_id)
    return list(about.filter(status__in=OPEN, corrects__isnull=True).order_by("-pk"))


def _hashes(draft: Submission) -> set[str]:
    return set(draft.documents.values_list("sha256", flat=True))


def _unusable(submission: Submission, uploads: list[Upload]) -> list[stored.Refused]:
    """Those of a small upload that have errors; empty for a large one, which is checked by a worker only."""
    if len(uploads) > AT_ONCE_FILES or sum(upload.size or 0 for upload in uploads) > AT_ONCE_BYTES:
        return []
    found = [(clean_filename(upload.name or ""), _findings(submission, upload)) for upload in uploads]
    return [
        {"file": name, "findings": [checking.as_stored(finding) for finding in findings]}
        for name, findings in found
        if any(finding.level == Level.ERROR for finding in findings)
    ]


def _findings(submission: Submission, upload: Upload) -> tuple[Finding, ...]:
    filename = clean_filename(upload.name or "")
    outside = _outside(submission.service, upload)
    if outside:
        return (outside,)
    upload.seek(0)
    report = checking.inspect(filename=filename, content=upload.read(), submission=submission)
    upload.seek(0)
    return report.findings


def add_files(*, submission: Submission, files: Iterable[Upload], by: str, at: datetime) -> int:
    """Store the files and have them checked. Returns how many are new. Raises NotOpen, NotStored.

    Once checked, a file replaces those of earlier uploads with its name, and a main form the earlier one. Files of the same
    name in one upload are all kept, under distinct names.
    """
    refused, taken = _taken(submission.service, files)
    with editing(submission):
        added = _add(submission, refused, taken, by=by, at=at)
    package_check.begin(submission=submission, at=at)
    return added


def add_stored(*, draft: Submission, upload: StoredUpload, by: str, at: datetime) -> None:
    """A first file, in the transaction that makes the draft, so that they exist together or not at all.

    `package_check.begin` follows after the transaction.
    """
    _add(draft, [], [Taken(clean_filename(upload.name), upload.kept)], by=by, at=at)


def _taken(service: str, files: Iterable[Upload]) -> tuple[list[Finding], list[Taken]]:
    """Store the bytes. Returns why some were not, and the others. Raises NotStored."""
    refused, taken = [], []
    for upload in files:
        finding = _outside(service, upload)
        if finding:
            refused.append(finding)
        else:
            taken.append(_take(upload))
    return refused, taken


def _add(submission: Submission, refused: list[Finding], taken: list[Taken], *, by: str, at: datetime) -> int:
    """Rows for stored files, and their check. Call it in a transaction, with the submission locked."""
    number = _next_upload(submission, by)
    added, same = _record(submission, taken, number, at)
    _add_refused(submission, refused + same)
    if added:
        files = named(_of_upload(submission, number))
        record(by=by, at=at, target=submission, what=AuditType.FILES_ADDED, **files)
        package_check.order(submission=submission, by=by, at=at)
    return added


def _of_upload(submission: Submission, number: int) -> list[Document]:
    return list(submission.documents.filter(upload=number).order_by("pk"))


def _outside(service: str, upload: Upload) -> Finding | None:
    filename = clean_filename(upload.name or "")
    return checking.outside(filename=filename, size=upload.size or 0, service=catalogue.service(service))


def _take(upload: Upload) -> Taken:
    if isinstance(upload, StoredUpload):
        return Taken(clean_filename(upload.name), upload.kept)
    try:
        return Taken(clean_filename(upload.name or ""), keep_file(upload))
    except OSError as error:
        raise NotStored(code_of(error)) from error


def _next_upload(submission: Submission, by: str) -> int:
    row, _new = PackageCheck.objects.get_or_create(submission=submission, defaults={"requested_by": by})
    row.uploads += 1
    row.save(update_fields=["uploads"])
    return row.uploads


def _record(submission: Submission, taken: list[Taken], number: int, at: datetime) -> tuple[int, list[Finding]]:
    """Rows for new files. Returns how many are to be checked, and a note for each file that is there under another name."""
    hashes = [file.kept.sha256 for file in taken]
    by_hash = {document.sha256: document for document in submission.documents.filter(sha256__in=hashes)}
    new: dict[str, Document] = {}
    names: set[str] = set()
    same, again = [], []
    for file in taken:
        existing = new.get(file.kept.sha256) or by_hash.get(file.kept.sha256)
        if existing is None:
            new[file.kept.sha256] = _document(submission, file, distinct(file.filename, names), number, at)
        elif existing.pk is None or existing.filename != file.filename:
            same.append(Finding(Level.WARNING, "SAME_FILE", {"other": existing.filename}, file.filename))
        elif file.kept.is_written:
            again.append(existing.pk)  # its bytes had been damaged
    Document.objects.bulk_create(new.values(), batch_size=500)
    repaired = submission.documents.filter(pk__in=again).update(report=None)
    return len(new) + repaired, same


def _document(submission: Submission, file: Taken, filename: str, number: int, at: datetime) -> Document:
    return Document(
        customer=submission.customer, submission=submission, filename=filename, size=file.kept.size, sha256=file.kept.sha256,
        media_type=catalogue.service(submission.service).media_type, stored_at=at, upload=number,
    )  # fmt: skip


def _add_refused(submission: Submission, findings: list[Finding]) -> None:
    if not findings:
        return
    row = PackageCheck.objects.get(submission=submission)
    new: list[stored.Refused] = [{"file": f.file, "findings": [checking.as_stored(f)]} for f in findings]
    row.refused, row.refused_more = package_check.with_refused(row, new)
    row.save(update_fields=["refused", "refused_more"])


def hide_refused(*, submission: Submission) -> None:
    """A person has read which files were not taken in."""
    with editing(submission):
        PackageCheck.objects.filter(submission=submission).update(refused=[], refused_more=0)


def copy_for_correction(*, submission: Submission, by: str, at: datetime) -> Submission:
    """A new draft that corrects `submission`, with copies of its forms; an open correction is reused. It goes through the same
    access while that can be used, else through another way to the customer.

    Raises NotOpen when there is nothing to correct yet, NotAllowed when the access no longer allows the service.
    """
    if submission.status not in CORRECTABLE or submission.access is None:
        raise NotOpen(submission, submission.status)
    with transaction.atomic():
        # one correction, also when asked for twice at once
        Submission.objects.select_for_update().get(pk=submission.pk)
        open_one = submission.corrections.filter(status__in=OPEN).first()
        if open_one:
            return open_one
        service = catalogue.service(submission.service)
        draft = create_draft(
            access=access_for(customer=submission.customer, service=service, used=submission.access),
            customer=submission.customer,
            service=submission.service,
            period=submission.period,
            by=by,
            at=at,
            corrects=submission,
            answers=submission.answers,
        )
        forms = submission.documents.forms().order_by("pk")
        Document.objects.bulk_create((_copy(form, draft, at) for form in forms), batch_size=500)
        package_check.order(submission=draft, by=by, at=at)
    package_check.begin(submission=draft, at=at)
    return draft


def _copy(form: Document, draft: Submission, at: datetime) -> Document:
    """The same stored bytes under another submission."""
    return Document(submission=draft, stored_at=at, **{name: getattr(form, name) for name in FACTS})


def named(documents: list[Document]) -> dict[str, Any]:
    """Files in the audit trail: by id and the beginning of their hash. File names may hold anything."""
    return {
        "files": len(documents),
        "documents": [document.pk for document in documents[:SOME]],
        "sha256": [document.sha256[:12] for document in documents[:SOME]],
    }


@contextmanager
def editing(submission: Submission) -> Iterator[None]:
    """Lock the open row until the end and refresh its status. Raises NotOpen."""
    with transaction.atomic():
        status = Submission.objects.select_for_update().values_list("status", flat=True).get(pk=submission.pk)
        if status not in OPEN:
            raise NotOpen(submission, status)
        submission.status = status
        yield


__all__ = [
    "OPEN",
    "NotAllowed",
    "NotOpen",
    "NotStored",
    "OpenDraft",
    "add_files",
    "begin",
    "copy_for_correction",
    "create_draft",
    "editing",
    "find_open",
    "hide_refused",
]
