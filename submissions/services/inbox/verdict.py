"""Applies the verdict of an answer to its submission; the reasons come from the answer's documents, also when they are late."""

from __future__ import annotations

import logging
from dataclasses import asdict
from datetime import datetime
from typing import Any

from portal.core.states import IllegalTransition, LostRace
from submissions.models import Submission, Transmission
from submissions.services.documents import DocumentDamaged, read_document
from submissions.services.ways import adapter_of

logger = logging.getLogger(__name__)
BY = "remote:dialogporten"
DECIDED = frozenset({Submission.Status.ACCEPTED, Submission.Status.REJECTED})


def decide(row: Transmission, submission: Submission, at: datetime) -> None:
    """DELIVERED -> ACCEPTED or REJECTED by the adapter's verdict; reasons from the documents, also when they arrive later.

    No document is opened for a report that is decided and has its reasons.
    """
    if _is_settled(row, submission):
        return
    verdict = adapter_of(submission).verdict(row.type, _documents(row))
    if verdict is None or verdict.accepted is None:
        return
    reasons = [asdict(reason) for reason in verdict.reasons]
    wanted = Submission.Status.ACCEPTED if verdict.accepted else Submission.Status.REJECTED
    late = {"reasons": reasons} if reasons and not submission.reasons else {}
    payment: dict[str, Any] = {"payment": asdict(verdict.payment)} if verdict.payment else {}
    if submission.status == wanted:
        if late or payment:
            Submission.objects.filter(pk=submission.pk).update(**late, **payment)
        return
    try:
        submission.move_to(
            wanted,
            by=BY,
            at=at,
            decided_at=row.created_at,
            reasons=reasons,
            **payment,
            what={"transmission": str(row.transmission_id)},
        )
    except LostRace:
        logger.info("submission %s was decided by another worker", submission.pk)
    except IllegalTransition:
        logger.error("submission %s is %s, but Skatteetaten says %s", submission.pk, submission.status, row.type)


def _is_settled(row: Transmission, submission: Submission) -> bool:
    is_older = submission.decided_at is not None and row.created_at <= submission.decided_at
    return submission.status in DECIDED and is_older and bool(submission.reasons or submission.payment)


def _documents(row: Transmission) -> list[tuple[str, bytes]]:
    """(media type, bytes) of the documents that can be read."""
    documents = []
    for document in row.documents.all():
        try:
            documents.append((document.media_type, read_document(document)))
        except DocumentDamaged:
            logger.warning("document %s could not be read as feedback", document.pk)
    return documents
