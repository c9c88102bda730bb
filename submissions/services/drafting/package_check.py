"""The check of a draft's files, done by a worker: each file once, then the package from the stored reports.

The row `PackageCheck` is due from the moment that files are added or removed. A worker that stops in the middle leaves the
reports it has stored, and the next one goes on with the files that have none. Every write locks the submission first, as the
services that change a draft do, so that a package is settled only with the files it has at that moment.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from accounts.models import followed
from portal.core import lease
from portal.core.audit import record
from portal.core.audit_events import AuditType
from portal.core.enqueue import enqueue_by_name
from portal.core.lease import Hold
from submissions.adapters.base import FileReport, Finding, Level, count
from submissions.models import Approval, Document, PackageCheck, Submission, stored
from submissions.models.package_check import write_reports
from submissions.services.documents import DocumentDamaged, read_document
from submissions.services.drafting import checking, differences

BATCH = 100
"""Files between two writes: so many are checked again after a worker stopped."""
STORE_AFTER = timedelta(seconds=20)
"""After so long the reports are stored although the batch is not full: files may be large, and the lease must hold."""
LONGEST_TURN = timedelta(seconds=60)
"""Then the worker puts the package back, due at once: other packages are not kept waiting by a large one."""
AT_ONCE_FILES, AT_ONCE_BYTES = 20, 2_000_000
"""A package up to this size is checked in the request that changed it, by the same code."""
MOST_REFUSED = 50
OPEN = {Submission.Status.DRAFT, Submission.Status.READY}

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Progress:
    """How far the check of a draft is. `problem_code` is why it stands still until `next_attempt_at`, "" when it does not."""

    checked: int
    total: int
    problem_code: str = ""
    next_attempt_at: datetime | None = None


def find(submission: Submission) -> PackageCheck | None:
    """The row of the draft with its refused files; None while it has had no files."""
    return PackageCheck.objects.defer(None).filter(submission=submission).first()


def progress(submission: Submission, row: PackageCheck | None) -> Progress | None:
    """`row` is that of `find`. None when the files are checked."""
    if row is None or submission.is_checked or submission.status not in OPEN:
        return None
    total = submission.documents.count()
    checked = total - submission.documents.unchecked().count()
    return Progress(checked, total, row.problem_code, row.next_attempt_at)


def order(*, submission: Submission, by: str, at: datetime) -> None:
    """Have the files checked. Call it in the transaction that changes them, with the submission locked.

    A READY draft is a DRAFT again until the check is done, so it cannot be sent. A question for approval is dropped.
    """
    if Approval.objects.filter(submission=submission).delete()[0]:
        record(by=by, at=at, target=submission, what=AuditType.APPROVAL_DROPPED)
    PackageCheck.objects.get_or_create(submission=submission, defaults={"requested_by": by})
    mine = PackageCheck.objects.filter(submission=submission)
    mine.update(requested_by=by, failures=0, problem_code="")
    lease.make_due(mine, at=at)
    if submission.status == Submission.Status.READY:
        submission.move_to(Submission.Status.DRAFT, by=by, at=at)
    Submission.objects.filter(pk=submission.pk).update(is_checked=False)


def begin(*, submission: Submission, at: datetime) -> None:
    """After `order` has been committed: check a small package at once, and leave a large one to a worker."""
    if _is_small(submission):
        run(at=at, only=submission.pk)
    seen = [
        "status",
        "status_at",
        "is_checked",
        "errors",
        "warnings",
        "findings",
        "own_reference",
        "replaces_reference",
    ]
    submission.refresh_from_db(fields=seen)
    if not submission.is_checked:
        enqueue_by_name("submissions.tasks.check_packages")


def run(*, at: datetime, only: int | None = None) -> int:
    """Take one package that is due, and check it until it is done or the turn is over. Returns how many were taken: 0 or 1."""
    current = PackageCheck.objects.filter(followed("submission__customer"))
    rows = current.select_related("submission__customer")
    holds = lease.claim(rows.filter(submission=only) if only else rows, at=at, limit=1)
    for hold in holds:
        with lease.reporting(hold):
            walk(hold)
    return len(holds)


def walk(hold: Hold[PackageCheck]) -> None:
    """Check what has no report, then the whole. Raises LostRace, OSError when the storage is away, crypto.CannotDecrypt."""
    submission, began = hold.row.submission, hold.now()
    while hold.now() - began < LONGEST_TURN:
        hold.renew()
        batch = list(submission.documents.unchecked().order_by("upload", "pk")[:BATCH])
        if batch:
            _store(hold, list(_inspected(hold, batch)))
        elif _settle(hold):
            return
    hold.finish(next_attempt_at=hold.now())


def _inspected(hold: Hold[PackageCheck], batch: list[Document]) -> Iterator[tuple[Document, FileReport]]:
    """As many of the batch as there is time for; at least one."""
    began = hold.now()
    for document in batch:
        yield document, _inspect(hold.row.submission, document)
        if hold.now() - began > STORE_AFTER:
            return


def _is_small(submission: Submission) -> bool:
    sizes = list(submission.documents.values_list("size", flat=True)[: AT_ONCE_FILES + 1])
    return len(sizes) <= AT_ONCE_FILES and sum(sizes) <= AT_ONCE_BYTES


def _inspect(submission: Submission, document: Document) -> FileReport:
    try:
        content = read_document(document)
    except DocumentDamaged:
        return checking.damaged(document.filename)
    return checking.inspect(filename=document.filename, content=content, submission=submission)


def _store(hold: Hold[PackageCheck], inspected: Sequence[tuple[Document, FileReport]]) -> None:
    """Keep the reports of files that can be used. The others leave the draft, and the page says why."""
    submission = hold.row.submission
    with transaction.atomic():
        _lock(hold)
        waiting = submission.documents.unchecked().filter(pk__in=[document.pk for document, _report in inspected])
        present = set(waiting.values_list("pk", flat=True))
        inspected = [pair for pair in inspected if pair[0].pk in present]
        good = [pair for pair in inspected if _may_stay(*pair)]
        bad = [pair for pair in inspected if not _may_stay(*pair)]
        for document, report in good:
            document.role, document.report = report.role or document.role, checking.report_as_stored(report)
        write_reports([document for document, _report in good])
        replaced = _replace_earlier(submission, [document for document, _report in good])
        Document.objects.filter(pk__in=[document.pk for document, _report in bad]).delete()
        _note_refused(
            hold,
            accepted={d.filename for d, _report in good},
            refused=replaced + [_refused(d, report) for d, report in bad],
        )


def _may_stay(document: Document, report: FileReport) -> bool:
    """An uploaded file with errors may not. A damaged one, and a copy of what was sent before, stay with their findings."""
    return not report.has_errors or document.upload == 0 or checking.is_damaged(report)


def _replace_earlier(submission: Submission, documents: list[Document]) -> list[stored.Refused]:
    """Files of earlier uploads with the same name, or of a role of which there is one, make room.

    Returns a note for each that had another name: the person did not ask for it to go.
    """
    newest = max((document.upload for document in documents), default=0)
    earlier = submission.documents.checked().filter(upload__lt=newest)
    roles = earlier.order_by().values_list("role", flat=True).distinct()
    single = [old for old in roles if any(checking.replaces(submission, new.role, old) for new in documents)]
    names = {document.filename for document in documents}
    slim = earlier.only("role", "filename", "upload")  # names are encrypted in the table, so they are compared here
    likely = [old for old in slim.iterator(chunk_size=500) if old.filename in names or old.role in single]
    gone = [
        (old, new)
        for old in likely
        if (new := next((new for new in documents if _takes_the_place(submission, new, old)), None))
    ]
    Document.objects.filter(pk__in=[old.pk for old, _new in gone]).delete()
    kept = {document.filename for document in documents}
    return [_note_replaced(old, new) for old, new in gone if old.filename not in kept]


def _note_replaced(old: Document, new: Document) -> stored.Refused:
    finding = Finding(Level.WARNING, "REPLACED", {"other": new.filename}, old.filename)
    return {"file": old.filename, "findings": [checking.as_stored(finding)]}


def _takes_the_place(submission: Submission, new: Document, old: Document) -> bool:
    is_same = new.filename == old.filename or checking.replaces(submission, new.role, old.role)
    return is_same and old.upload < new.upload


def _refused(document: Document, report: FileReport) -> stored.Refused:
    return {"file": document.filename, "findings": [checking.as_stored(finding) for finding in report.findings]}


def _note_refused(hold: Hold[PackageCheck], *, accepted: set[str], refused: list[stored.Refused]) -> None:
    row = PackageCheck.objects.get(pk=hold.row.pk)
    kept, more = with_refused(row, refused, accepted=accepted)
    hold.write(refused=kept, refused_more=more)


def with_refused(
    row: PackageCheck, refused: list[stored.Refused], *, accepted: set[str] | None = None
) -> tuple[list[stored.Refused], int]:
    """The list of refused files with new ones, without those that have come right, and the number beyond MOST_REFUSED."""
    names = {entry["file"] for entry in refused} | (accepted or set())
    entries: list[stored.Refused] = [entry for entry in row.refused if entry["file"] not in names] + refused
    return entries[:MOST_REFUSED], row.refused_more + max(0, len(entries) - MOST_REFUSED)


def _settle(hold: Hold[PackageCheck]) -> bool:
    """Store the findings of the package, and READY or DRAFT. False when the files changed meanwhile."""
    submission = hold.row.submission
    documents = list(submission.documents.checked().defer(None).order_by("pk"))
    reports = [checking.of_document(document) for document in documents]
    findings = checking.package(submission, reports)
    number = count(findings)
    with transaction.atomic():
        is_open = _lock(hold)
        if is_open and _has_changed(submission, documents):
            return False
        if is_open:
            Submission.objects.filter(pk=submission.pk).update(
                **_ids(reports),
                findings=[checking.as_stored(finding) for finding in findings],
                errors=number[Level.ERROR],
                warnings=number[Level.WARNING],
                is_checked=True,
            )
            differences.store(submission, reports)
            _move(hold, Submission.Status.READY if documents and not number[Level.ERROR] else Submission.Status.DRAFT)
        hold.finish()
    return True


def _ids(reports: Sequence[FileReport]) -> dict[str, str]:
    """The columns for the ids that a report carries."""
    carrier = next((report for report in reports if report.reference), FileReport(""))
    return {"own_reference": carrier.reference[:100], "replaces_reference": carrier.replaces[:100]}


def _has_changed(submission: Submission, documents: list[Document]) -> bool:
    """Whether a file came or went, or is to be checked, since the package was read."""
    now = submission.documents.order_by("pk").values_list("pk", flat=True)
    return submission.documents.unchecked().exists() or list(now) != [document.pk for document in documents]


def _move(hold: Hold[PackageCheck], wanted: str) -> None:
    submission = hold.row.submission
    if submission.status != wanted:
        by = PackageCheck.objects.values_list("requested_by", flat=True).get(pk=hold.row.pk)
        submission.move_to(wanted, by=by, at=hold.now())


def _lock(hold: Hold[PackageCheck]) -> bool:
    """The submission first, then our row. Refreshes the status, and tells whether the draft is still open. Raises LostRace."""
    submission = hold.row.submission
    submission.status = Submission.objects.select_for_update().values_list("status", flat=True).get(pk=submission.pk)
    hold.lock()
    return submission.status in OPEN
