"""Applies the verdict of an answer to its submission; the reasons come from the answer's documents, also when they are late.

The first answer that comes decides. One that says the opposite changes nothing by itself: it is told to a person (`two_answers`).
"""

from __future__ import annotations

import logging
from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.db import transaction

from portal.core.audit import record
from portal.core.audit_events import AuditType
from submissions.adapters.base import Verdict
from submissions.models import Submission, Transmission
from submissions.services.documents import DocumentDamaged, read_document
from submissions.services.ways import adapter_of

logger = logging.getLogger(__name__)
BY = "remote:dialogporten"


def decide(row: Transmission, submission: Submission, at: datetime) -> None:
    """DELIVERED -> ACCEPTED or REJECTED by the adapter's verdict; reasons from the documents, also when they arrive later.

    No document is opened for an answer from which nothing more can be learned.
    """
    if _is_used_up(row, submission):
        return
    verdict = adapter_of(submission).verdict(row.type, _documents(row))
    if verdict is None or verdict.accepted is None:
        return
    wanted = Submission.Status.ACCEPTED if verdict.accepted else Submission.Status.REJECTED
    with transaction.atomic():
        Submission.objects.select_for_update().get(pk=submission.pk)  # another worker may have another answer
        submission.refresh_from_db(fields=["status", "decided_at"])
        is_new = bool(Transmission.objects.filter(pk=row.pk).exclude(verdict=wanted).update(verdict=wanted))
        _apply(row, submission, wanted, verdict, is_new=is_new, at=at)
    row.verdict = wanted


def _apply(
    row: Transmission, submission: Submission, wanted: str, verdict: Verdict, *, is_new: bool, at: datetime
) -> None:
    reasons = [asdict(reason) for reason in verdict.reasons]
    payment: dict[str, Any] = {"payment": asdict(verdict.payment)} if verdict.payment else {}
    what: dict[str, Any] = {"transmission": str(row.transmission_id)}
    if submission.status == wanted:
        late = {"reasons": reasons} if reasons and not submission.reasons else {}
        if late or payment:
            Submission.objects.filter(pk=submission.pk).update(**late, **payment)
    elif submission.status not in Submission.DECIDED and submission.can_move_to(wanted):
        decided: dict[str, Any] = {"decided_at": row.created_at, "reasons": reasons, **payment}
        submission.move_to(wanted, by=BY, at=at, what=what, **decided)
    elif is_new:
        logger.warning("submission %s is %s, but an answer says %s", submission.pk, submission.status, wanted)
        Submission.objects.filter(pk=submission.pk).update(contradicted_at=at)
        submission.contradicted_at = at
        record(by=BY, at=at, target=submission, what=AuditType.CONTRADICTED, outcome=wanted, **what)


def _is_used_up(row: Transmission, submission: Submission) -> bool:
    if submission.status not in Submission.DECIDED or not row.verdict:
        return False
    return row.verdict != submission.status or bool(submission.reasons or submission.payment)


def _documents(row: Transmission) -> list[tuple[str, bytes]]:
    """(media type, bytes) of the documents that can be read."""
    documents = []
    for document in row.documents.all():
        try:
            documents.append((document.media_type, read_document(document)))
        except DocumentDamaged:
            logger.warning("document %s could not be read as feedback", document.pk)
    return documents
