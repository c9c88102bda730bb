"""DELIVERED: Skatteetaten has the report. Its answer is stored as a document, then the state changes.

Both are safe to repeat after a crash.
"""

from __future__ import annotations

import json
from typing import Any

from django.db import transaction

from submissions.models import Call, Dialog, Document, Submission
from submissions.services.claim import Claim
from submissions.services.documents import store_document
from submissions.services.inbox import cursors

ANSWERED = "kvittering.json"
FOUND = "kvittering-funnet-i-dialogporten.json"


def deliver(claim: Claim) -> None:
    """From the stored answer to the last call. Raises LostRace."""
    last = claim.submission.calls.get(step=Call.Step.CONFIRM)
    assert last.answer is not None  # noqa: S101 - every call is done, and the last one brought a receipt
    settle(claim, last, receipt=json.loads(bytes(last.answer)), filename=ANSWERED, delivered_at=last.finished_at)


def settle(claim: Claim, confirm: Call, *, receipt: dict[str, Any], filename: str, delivered_at: Any) -> None:
    """Store the receipt (`dialogId`, `forsendelseId`, `oppgavegiversLeveranseReferanse`) and move to DELIVERED."""
    submission = claim.submission
    store_document(
        content=json.dumps(receipt, indent=2, ensure_ascii=False).encode(),
        filename=filename,
        media_type="application/json",
        role=Document.Role.RECEIPT,
        customer=submission.customer,
        submission=submission,
        at=claim.now(),
    )
    with transaction.atomic():
        Call.objects.filter(pk=confirm.pk).update(status=Call.Status.DONE, finished_at=delivered_at)
        claim.move_to(
            Submission.Status.DELIVERED,
            delivered_at=delivered_at,
            dialog_id=receipt["dialogId"],
            transmission_id=receipt["forsendelseId"],
            receipt_reference=receipt.get("oppgavegiversLeveranseReferanse") or "",
            problem_code="",
            problem_detail="",
        )
        _expect_feedback(submission, claim)


def _expect_feedback(submission: Submission, claim: Claim) -> None:
    """Poll Dialogporten soon; a dialog that was read before the ids were known is read again."""
    at = claim.now()
    Dialog.objects.filter(environment=submission.environment, dialog_id=str(submission.dialog_id)).update(
        next_attempt_at=at
    )
    if submission.access_id:
        cursors.make_due(access_id=submission.access_id, at=at)
