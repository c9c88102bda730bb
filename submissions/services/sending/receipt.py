"""DELIVERED: the remote has the report. The state changes first; then its answer is stored as a document.

Both are safe to repeat after a crash. A full disk does not keep a delivered report in SENDING: until the document is stored
the row has a `next_attempt_at`.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from accounts.models import Customer
from portal.core import lease
from portal.core.lease import Hold
from portal.core.states import LostRace
from submissions.adapters.base import Receipt
from submissions.models import Call, Dialog, Document, Submission
from submissions.services.documents import store_document
from submissions.services.inbox import cursors
from submissions.services.sending import stored_receipt

FILENAME = "kvittering.json"
FOUND = "kvittering-funnet-i-dialogporten.json"

Status = Submission.Status


def deliver(hold: Hold[Submission], *, by: str) -> None:
    """From the answer that was stored with the call that brought it. Raises LostRace."""
    last = _answered(hold.row)
    assert last.answer is not None  # noqa: S101 - selected so
    _delivered(hold, stored_receipt.from_bytes(bytes(last.answer)), by=by, at=last.finished_at or hold.now())
    store(hold)


def settle(hold: Hold[Submission], call: Call, receipt: Receipt, *, by: str, at: datetime) -> None:
    """From a delivery found elsewhere. `call` is the one in doubt; `at` when it was delivered.

    Raises LostRace, also when another submission of the customer took the delivery first.
    """
    with transaction.atomic():
        Customer.objects.select_for_update(no_key=True).get(pk=hold.row.customer_id)
        hold.lock()
        check_free(hold.row, receipt)
        Call.objects.filter(pk=call.pk).update(
            status=Call.Status.DONE, finished_at=at, http_status=None, answer=stored_receipt.to_bytes(receipt)
        )
        _delivered(hold, receipt, by=by, at=at)
    store(hold)


def store(hold: Hold[Submission]) -> None:
    """Keep the receipt as a document, and end the work. Raises LostRace and what a full disk raises."""
    call = _answered(hold.row)
    assert call.answer is not None  # noqa: S101 - selected so
    store_document(
        content=stored_receipt.from_bytes(bytes(call.answer)).raw,
        filename=FILENAME if call.http_status else FOUND,
        media_type="application/json",
        role=Document.Role.RECEIPT,
        customer=hold.row.customer,
        submission=hold.row,
        at=hold.now(),
    )
    hold.finish()


def check_free(submission: Submission, receipt: Receipt) -> None:
    """Raises LostRace when another submission of the customer has this delivery. Call it with the customer locked."""
    others = Submission.objects.filter(customer=submission.customer_id).exclude(pk=submission.pk)
    if others.filter(transmission_id=receipt.transmission_id).exists():
        raise LostRace(f"submission {submission.pk}: another one has transmission {receipt.transmission_id}")


def _answered(submission: Submission) -> Call:
    """The call that brought the receipt: the last one with an answer."""
    call = submission.calls.filter(answer__isnull=False).order_by("-ordinal").first()
    if call is None:
        raise RuntimeError(f"the calls of submission {submission.pk} brought no receipt")
    return call


def _delivered(hold: Hold[Submission], receipt: Receipt, *, by: str, at: datetime) -> None:
    with transaction.atomic():
        hold.enter(
            Status.DELIVERED,
            by=by,
            delivered_at=at,
            dialog_id=receipt.dialog_id or None,
            transmission_id=receipt.transmission_id or None,
            receipt_reference=receipt.reference[:200],
            failures=0,
            problem_code="",
            problem_detail="",
        )
        expect_feedback(hold.row, at=hold.now())


def expect_feedback(submission: Submission, *, at: datetime) -> None:
    """Poll Dialogporten soon; a dialog that was read before the ids were known is read again."""
    if submission.dialog_id:
        known = Dialog.objects.filter(environment=submission.environment, dialog_id=str(submission.dialog_id))
        lease.make_due(known, at=at)
    if submission.access_id:
        cursors.make_due(access_id=submission.access_id, at=at)
