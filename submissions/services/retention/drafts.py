"""How long the files of drafts are kept that were never sent: nothing of them is evidence of anything."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from accounts.services.retention import archived
from portal.core import lease
from portal.core.audit import event, record_all
from portal.core.audit_events import AuditType
from portal.core.retention.rule import Rule
from submissions.models import Document, PackageCheck, Submission
from submissions.services.documents import forget

S = Submission.Status


def _unsent(*statuses: str) -> QuerySet[Submission]:
    """Never queued, and with files."""
    return Submission.objects.filter(
        Exists(Document.objects.filter(submission=OuterRef("pk"))), lease.free(at=timezone.now()),
        status__in=statuses, queued_at__isnull=True,
    )  # fmt: skip


def _empty(rows: Sequence[Submission], by: str, at: datetime) -> set[str]:
    """The files and what was found in them go; the submission and its history stay."""
    documents = Document.objects.filter(submission__in=rows)
    hashes = set(documents.values_list("sha256", flat=True))
    documents.delete()
    PackageCheck.objects.filter(submission__in=rows).delete()
    Submission.objects.filter(pk__in=[row.pk for row in rows]).update(findings=[])
    record_all(event(by=by, at=at, target=row, what=AuditType.FILES_DELETED) for row in rows)
    return hashes


DRAFTS = Rule(
    "discarded-drafts",
    lambda before: _unsent(S.CANCELLED).filter(status_at__lt=before),
    _empty,
    forget=forget,
    of_customer=lambda pk: _unsent(S.DRAFT, S.READY, S.CANCELLED).filter(archived(pk)),
)
