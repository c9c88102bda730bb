"""How long the evidence of a report is kept: what was sent, the receipts, the feedback and the stored answers.

It belongs to the accounts, which the law keeps for five years after the end of the year. So no erasure takes it earlier.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from portal.core import lease
from portal.core.audit import event, record_all
from portal.core.audit_events import AuditType
from portal.core.retention.rule import Rule
from submissions.models import Approval, Call, Document, EarlierReport, PackageCheck, Submission
from submissions.services.documents import forget


def find(before: datetime) -> QuerySet[Submission]:
    """Reports that were sent, came to their end before that moment, and still have files."""
    return Submission.objects.filter(
        Exists(Document.objects.filter(submission=OuterRef("pk"))), lease.free(at=timezone.now()),
        queued_at__isnull=False, status_at__lt=before,
    ).exclude(status__in=Submission.UNDER_WAY)  # fmt: skip


def _empty(rows: Sequence[Submission], by: str, at: datetime) -> set[str]:
    """All content goes. The report, its state, its references, the hashes in the trail and its history stay."""
    Call.objects.filter(submission__in=rows).update(document=None, answer=None)
    documents = Document.objects.filter(submission__in=rows)
    hashes = set(documents.values_list("sha256", flat=True))
    documents.delete()
    PackageCheck.objects.filter(submission__in=rows).delete()
    EarlierReport.objects.filter(submission__in=rows).delete()
    Approval.objects.filter(submission__in=rows).update(reason=None)
    Submission.objects.filter(pk__in=[row.pk for row in rows]).update(
        findings=[], reasons=[], payment=None, answers=None, problem_detail=""
    )
    record_all(event(by=by, at=at, target=row, what=AuditType.EVIDENCE_DELETED) for row in rows)
    return hashes


EVIDENCE = Rule("evidence", find, _empty, forget=forget)
