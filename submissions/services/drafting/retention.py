"""How long the files of discarded drafts are kept. Nothing of them was sent, so they are no evidence of anything.

Files that were sent, receipts and answers are deleted by no rule. Off unless the operator says how many days.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from portal.core import lease
from portal.core.audit import record
from portal.core.audit_events import AuditType
from submissions.models import Document, PackageCheck, Submission
from submissions.services.documents import forget

BATCH = 200
SWEEP_FOR = 200.0
"""Seconds: less than the time limit of the task."""
BY = "task:sweep_discarded"


def find_old(*, at: datetime) -> QuerySet[Submission]:
    """Drafts that were discarded DISCARDED_FILES_KEPT_DAYS ago and still have files; none when that is 0."""
    if not settings.DISCARDED_FILES_KEPT_DAYS:
        return Submission.objects.none()
    since = at - timedelta(days=settings.DISCARDED_FILES_KEPT_DAYS)
    discarded = Submission.objects.filter(
        lease.free(at=at), status=Submission.Status.CANCELLED, queued_at__isnull=True, status_at__lt=since
    )
    files = Document.objects.filter(submission=OuterRef("pk"))
    return discarded.filter(Exists(files))


def sweep_discarded(*, at: datetime) -> int:
    """Delete the files and what was found in them; the submission and its history stay. Returns how many submissions.

    Rows first, then bytes: what a crash leaves of the bytes is swept with other files without a row.
    """
    total, until = 0, time.monotonic() + SWEEP_FOR
    while time.monotonic() < until:
        with transaction.atomic():
            rows = list(find_old(at=at).order_by("pk").select_for_update(skip_locked=True)[:BATCH])
            hashes = _empty(rows, at)
        forget(hashes)
        total += len(rows)
        if len(rows) < BATCH:
            break
    return total


def _empty(rows: Sequence[Submission], at: datetime) -> set[str]:
    """The hashes of the files whose rows are gone."""
    documents = Document.objects.filter(submission__in=rows)
    hashes = set(documents.values_list("sha256", flat=True))
    documents.delete()
    PackageCheck.objects.filter(submission__in=rows).delete()
    Submission.objects.filter(pk__in=[row.pk for row in rows]).update(findings=[])
    for row in rows:
        record(by=BY, at=at, target=row, what=AuditType.FILES_DELETED)
    return hashes
