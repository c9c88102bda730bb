"""A file is taken out of a draft, and can be put back for a while. The rest is checked anew each time; no other file is read for it."""

from __future__ import annotations

from datetime import datetime

from portal.core.audit import record
from portal.core.audit_events import AuditType
from portal.core.undo import UNDO_FOR
from submissions.models import Document, RemovedFile, Submission
from submissions.services.drafting import checking, drafts, package_check

KEPT = ("role", "filename", "media_type", "size", "sha256", "stored_at", "upload")


class TooLate(Exception):
    """The file was taken out too long ago, or never."""


class Replaced(Exception):
    """Another file has its place in the draft now. Nothing was changed."""

    def __init__(self, filename: str) -> None:
        super().__init__("another file has its place")
        self.filename = filename


def is_removed(*, submission: Submission, document_id: int) -> bool:
    """Whether somebody took this file out a while ago."""
    return RemovedFile.objects.filter(submission=submission, document_id=document_id).exists()


def remove(*, submission: Submission, document: Document, by: str, at: datetime) -> bool:
    """Take a file out and have the rest checked. False when somebody else did it first. Raises drafts.NotOpen."""
    with drafts.editing(submission):
        if not submission.documents.filter(pk=document.pk).delete()[0]:
            return False
        kept = {name: getattr(document, name) for name in KEPT}
        RemovedFile.objects.create(submission=submission, document_id=document.pk, removed_at=at, **kept)
        record(by=by, at=at, target=submission, what=AuditType.FILE_REMOVED, **drafts.named([document]))
        package_check.order(submission=submission, by=by, at=at)
    package_check.begin(submission=submission, at=at)
    return True


def put_back(*, submission: Submission, document_id: int, by: str, at: datetime) -> None:
    """Put a file that was taken out back, under its id. Asked for twice, it is put back once.

    Raises TooLate, Replaced, drafts.NotOpen.
    """
    with drafts.editing(submission):
        if submission.documents.filter(pk=document_id).exists():
            return
        removed = RemovedFile.objects.filter(submission=submission, document_id=document_id).first()
        if removed is None or at - removed.removed_at > UNDO_FOR:
            raise TooLate(f"document {document_id} is not to be put back")
        if other := _in_its_place(submission, removed):
            raise Replaced(other.filename)
        kept = {name: getattr(removed, name) for name in KEPT}
        document = Document.objects.create(pk=document_id, customer=submission.customer, submission=submission, **kept)
        removed.delete()
        record(by=by, at=at, target=submission, what=AuditType.FILE_PUT_BACK, **drafts.named([document]))
        package_check.order(submission=submission, by=by, at=at)
    package_check.begin(submission=submission, at=at)


def _in_its_place(submission: Submission, removed: RemovedFile) -> Document | None:
    """A file of the same name or bytes, or of a role of which there is one."""
    for document in submission.documents.only("filename", "role", "sha256").iterator(chunk_size=500):
        is_same = document.sha256 == removed.sha256 or document.filename == removed.filename
        if is_same or (removed.role and checking.replaces(submission, removed.role, document.role)):
            return document
    return None


def forget_removed(*, at: datetime) -> int:
    """Delete the rows of files that cannot be put back any more; their bytes are swept with others without a row."""
    return RemovedFile.objects.filter(removed_at__lt=at - UNDO_FOR).delete()[0]
