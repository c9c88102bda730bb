"""Looks for a lost delivery in Dialogporten: a transmission that no other submission has and that the adapter recognises.

Uses the lists of dialogs and transmissions only: opening a dialog marks it as seen for the customer's staff.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet

from portal.core.lease import Hold
from portal.core.required import required
from submissions.adapters.base import Candidate, Receipt
from submissions.adapters.meanings import IN_DOUBT
from submissions.models import Call, EarlierDelivery, Submission
from submissions.models.inbox import FROM_PARTY
from submissions.services import remote
from submissions.services.sending import calls
from submissions.services.ways import adapter_of
from systemusers.services import tokens

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
    other's: then only the remote's word counts, and only for a delivery with our files.
    Raises LostRace, the gateways' errors, NoKey and DocumentDamaged.
    """
    has_others = others_on_their_way(hold.row).exists()
    if not is_there and has_others:
        return None
    found = unclaimed_since_queued(hold)
    if not found:
        return None
    return calls.look(
        hold, lambda context: adapter_of(hold.row).locate(context, found, is_there=is_there and not has_others)
    )


def others_on_their_way(submission: Submission) -> QuerySet[Submission]:
    """Reports of the same customer, service and period that may be delivered at this moment, or whose answer was lost."""
    same = Submission.objects.like(submission)
    later = Call.objects.filter(submission=OuterRef("submission"), ordinal__gt=OuterRef("ordinal"))
    in_doubt = Call.objects.filter(~Exists(later), submission=OuterRef("pk"), meaning__in=IN_DOUBT)
    is_repeated = Q(Exists(in_doubt), status=Submission.Status.QUEUED)
    on_their_way = Q(status__in=[Submission.Status.SENDING, Submission.Status.UNCERTAIN])
    return same.filter(on_their_way | is_repeated)


def unclaimed_since_queued(hold: Hold[Submission]) -> list[Candidate]:
    """New submissions on the customer's dialogs of this service since ours was queued, each once, without the `claimed`."""
    submission = hold.row
    since = required(submission.queued_at, because="an uncertain submission was queued") - CLOCKS_DIFFER
    new = {c.transmission_id: c for c in listed(hold, since=since) if c.created_at >= since}
    known = claimed(submission)
    return [candidate for ident, candidate in new.items() if ident not in known]


def listed(hold: Hold[Submission], *, since: datetime) -> Iterator[Candidate]:
    """What the customer's side sent, on dialogs of this service that changed since. Many take longer than one lease: renews it."""
    access = required(hold.row.access, because="nothing is sent without an access")

    def obtain(*, fresh: bool = False) -> str:
        return tokens.system_user_token(access=access, scopes=remote.DIALOGPORTEN_SCOPES, at=hold.now(), fresh=fresh)

    for candidate in sent_since(hold.row, since, obtain=obtain):
        hold.renew()
        if candidate:
            yield candidate


def sent_since(submission: Submission, since: datetime, *, obtain: Callable[..., str]) -> Iterator[Candidate | None]:
    """The same without the database, with the tokens of `obtain`. None for what others than the customer's side sent."""
    for dialog_id, item in remote.transmissions_since(submission, since, obtain=obtain):
        is_sent = item.type in FROM_PARTY
        sent = Candidate(str(dialog_id), str(item.id), item.created_at, item.external_reference or "")
        yield sent if is_sent else None


def claimed(submission: Submission) -> set[str]:
    """Transmissions that cannot be ours: another row has them, or a person has answered for this report that they are not."""
    return claimed_by([submission])[submission.pk]


def claimed_by(submissions: Sequence[Submission]) -> dict[int, set[str]]:
    """`claimed` for each of many, by id. Two queries."""
    answered: defaultdict[int, set[str]] = defaultdict(set)
    said = EarlierDelivery.objects.filter(submission__in=submissions, answered_at__isnull=False)
    for pk, theirs in said.values_list("submission_id", "transmission_id"):
        answered[pk].add(str(theirs))
    had: defaultdict[int, dict[int, str]] = defaultdict(dict)
    customers = {row.customer_id for row in submissions}
    delivered = Submission.objects.filter(customer__in=customers, transmission_id__isnull=False)
    for customer, pk, ident in delivered.order_by().values_list("customer_id", "pk", "transmission_id"):
        had[customer][pk] = str(ident)
    return {
        row.pk: answered[row.pk] | {ident for pk, ident in had[row.customer_id].items() if pk != row.pk}
        for row in submissions
    }
