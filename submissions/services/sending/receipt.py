"""DELIVERED: the remote has the report. The state changes first; then its answer is stored as a document.

Both are safe to repeat after a crash. A full disk does not keep a delivered report in SENDING: until the document is stored
the row has a `next_attempt_at`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from accounts.models import Customer
from portal.core import bulk, lease, lease_many
from portal.core.lease import Hold
from portal.core.required import required
from portal.core.states import LostRace, move_all
from submissions.adapters.base import Receipt
from submissions.models import Call, Dialog, Submission
from submissions.services.documents import Kept, keep, record_receipts
from submissions.services.inbox import cursors
from submissions.services.sending import stored_receipt

FILENAME = "kvittering.json"
FOUND = "kvittering-funnet-i-dialogporten.json"

Status = Submission.Status


def deliver(holds: Sequence[Hold[Submission]], *, by: str, known: Mapping[int, Call] | None = None) -> None:
    """From the answers that were stored with the calls that brought them. What is no longer ours is left out.

    `known` are such calls that the caller has, by submission.
    """
    answered = {**_answered([hold.row for hold in holds if hold.row.pk not in (known or {})]), **(known or {})}
    with transaction.atomic():
        mine = lease.lock_all(holds)
        for hold in mine:
            call = answered[hold.row.pk]
            _set(hold.row, _receipt_in(call), at=call.finished_at or hold.now())
        _delivered(mine, by=by)
    store(mine, answered)


def move(hold: Hold[Submission], found: Receipt, *, by: str) -> None:
    """DELIVERED now, without storing the receipt. Call it in a transaction, with the row locked."""
    _set(hold.row, found, at=hold.now())
    _delivered([hold], by=by)


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
        _set(hold.row, receipt, at=at)
        _delivered([hold], by=by)
    store([hold])


def store(holds: Sequence[Hold[Submission]], answered: Mapping[int, Call] | None = None) -> None:
    """Keep the receipts as documents, and end the work. A receipt that cannot be kept does not keep the others back."""
    calls = answered or _answered([hold.row for hold in holds])
    kept: dict[Submission, Kept] = {}
    for hold in holds:
        with lease.reporting(hold):
            kept[hold.row] = keep(_receipt_in(calls[hold.row.pk]).raw)
    done = [hold for hold in holds if hold.row in kept]
    if done:
        names = {row: FILENAME if calls[row.pk].http_status else FOUND for row in kept}
        with transaction.atomic():
            record_receipts(kept, names=names, at=done[0].now())
            lease_many.end_all(done)


def check_free(submission: Submission, receipt: Receipt) -> None:
    """Raises LostRace when another submission of the customer has this delivery. Call it with the customer locked."""
    others = Submission.objects.filter(customer=submission.customer_id).exclude(pk=submission.pk)
    if others.filter(transmission_id=receipt.transmission_id).exists():
        raise LostRace(f"submission {submission.pk}: another one has transmission {receipt.transmission_id}")


def _answered(submissions: Sequence[Submission]) -> dict[int, Call]:
    """The calls that brought the receipts, by submission: the last ones with an answer."""
    if not submissions:
        return {}
    rows = Call.objects.filter(submission__in=[row.pk for row in submissions], answer__isnull=False).defer(None)
    found = {call.submission_id: call for call in rows.order_by("submission_id", "-ordinal").distinct("submission_id")}
    for row in submissions:
        if row.pk not in found:
            raise RuntimeError(f"the calls of submission {row.pk} brought no receipt")
    return found


def _receipt_in(call: Call) -> Receipt:
    answer = required(call.answer, because="the call was chosen by its answer")
    return stored_receipt.from_bytes(bytes(answer))


def _set(row: Submission, receipt: Receipt, *, at: datetime) -> None:
    row.delivered_at, row.receipt_reference = at, receipt.reference[:200]
    row.dialog_id = UUID(receipt.dialog_id) if receipt.dialog_id else None
    row.transmission_id = UUID(receipt.transmission_id) if receipt.transmission_id else None


def _delivered(holds: Sequence[Hold[Submission]], *, by: str) -> None:
    """DELIVERED with what was `_set`. The rows are locked."""
    if not holds:
        return
    rows, at = [hold.row for hold in holds], holds[0].now()
    bulk.write_columns(rows, "delivered_at", "dialog_id", "transmission_id", "receipt_reference")
    cleared: dict[str, Any] = {"failures": 0, "problem_code": "", "problem_detail": ""}
    move_all(rows, Status.DELIVERED, by=by, at=at, lease_until=holds[0].until(), **cleared)
    expect_feedback(rows, at=at)


def expect_feedback(submissions: Sequence[Submission], *, at: datetime) -> None:
    """Poll Dialogporten soon; a dialog that was read before the ids were known is read again."""
    for environment in {row.environment for row in submissions}:
        ids = [str(row.dialog_id) for row in submissions if row.environment == environment and row.dialog_id]
        lease.make_due(Dialog.objects.filter(environment=environment, dialog_id__in=ids), at=at)
    cursors.make_all_due(access_ids={row.access_id for row in submissions if row.access_id}, at=at)
