"""Looks for a lost delivery in Dialogporten: a transmission that no other submission has and that the adapter recognises.

Uses the lists of dialogs and transmissions only: opening a dialog marks it as seen for the customer's staff.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db.models import QuerySet

from portal.core.lease import Hold
from submissions.adapters.base import Candidate, Receipt
from submissions.models import Submission
from submissions.services import remote
from submissions.services.inbox.verdict import FROM_PARTY
from submissions.services.sending import calls
from submissions.services.ways import adapter_of

CLOCKS_DIFFER = timedelta(minutes=2)


def as_receipt(delivery: Candidate) -> Receipt:
    """The receipt that the lost answer would have been, as far as Dialogporten shows it."""
    shown = {
        "dialogId": delivery.dialog_id,
        "forsendelseId": delivery.transmission_id,
        "oppgavegiversLeveranseReferanse": delivery.reference,
        "opprettet": delivery.created_at.isoformat(),
        "kilde": "Dialogporten",
    }
    raw = json.dumps(shown, indent=2, ensure_ascii=False).encode()
    return Receipt(delivery.dialog_id, delivery.transmission_id, delivery.reference, raw)


def find_delivery(hold: Hold[Submission], *, is_there: bool) -> Candidate | None:
    """Our delivery, or None. `is_there`: the remote has said that it has the report.

    While another report of the same customer, service and period is on its way, a delivery that looks like ours may be the
    other's: then only the remote's word counts. Raises LostRace, the gateways' errors, NoKey and DocumentDamaged.
    """
    if not is_there and others_on_their_way(hold.row).exists():
        return None
    candidates = {candidate.transmission_id: candidate for candidate in _candidates(hold)}
    if not candidates:
        return None
    first = hold.row.calls.select_related("document").earliest("ordinal")
    context = calls.context_of(hold, first, counts=calls.counts_of(hold.row))
    return adapter_of(hold.row).locate(context, list(candidates.values()), is_there=is_there)


def others_on_their_way(submission: Submission) -> QuerySet[Submission]:
    """Reports of the same customer, service and period that may be delivered at this moment."""
    same = Submission.objects.about(customer=submission.customer, service=submission.service, period=submission.period)
    on_their_way = [Submission.Status.SENDING, Submission.Status.UNCERTAIN]
    return same.filter(status__in=on_their_way).exclude(pk=submission.pk)


def _candidates(hold: Hold[Submission]) -> Iterator[Candidate]:
    """New submissions on the customer's dialogs of this service since ours was queued, without those of our other rows."""
    submission = hold.row
    assert submission.queued_at is not None  # noqa: S101 - an uncertain submission was queued
    since = submission.queued_at - CLOCKS_DIFFER
    of_others = claimed(Submission.objects.filter(customer=submission.customer_id).exclude(pk=submission.pk))
    for candidate in listed(hold, since=since):
        if candidate.created_at >= since and candidate.transmission_id not in of_others:
            yield candidate


def listed(hold: Hold[Submission], *, since: datetime) -> Iterator[Candidate]:
    """What the customer's side sent, on dialogs of this service that changed since. Many take longer than one lease: renews it."""
    for dialog_id, item in remote.transmissions_since(hold.row, since, at=hold.now()):
        hold.renew()
        if item.type in FROM_PARTY:
            yield Candidate(str(dialog_id), str(item.id), item.created_at, item.external_reference or "")


def claimed(submissions: QuerySet[Submission]) -> set[str]:
    """The transmissions that these have."""
    ids = submissions.filter(transmission_id__isnull=False).values_list("transmission_id", flat=True)
    return {str(value) for value in ids}
