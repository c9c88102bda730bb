"""Before the first call of a report: has Skatteetaten already one that none of our rows claims? Then a person decides.

That is so after an older backup was restored, and when another installation or program delivered. Only the lists of dialogs
and transmissions are read: opening a dialog marks it as seen for the customer's staff.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, time, timedelta
from functools import partial
from time import monotonic

from django.db import transaction

from accounts.models import Customer
from portal.core.lease import LONGEST_WAIT, Hold
from portal.core.states import LostRace
from submissions.adapters.base import Candidate, Context
from submissions.models import Call, EarlierDelivery, Submission
from submissions.services import production_start, remote
from submissions.services.sending import calls, delivery, receipt, stored_receipt, walking
from submissions.services.sending.queue import MaybeDelivered, check_second_person
from submissions.services.sending.walking import Walk
from submissions.services.ways import adapter_of

CODE = "ALREADY_THERE"
LONGEST_LOOK = 60.0
"""Seconds for the looks of a group: their leases hold for the calls under way."""
WAIT_FOR_OTHERS = timedelta(seconds=10)
"""At least. Another report of the same customer, service and period is on its way: what was found is probably that one."""
FRESH = timedelta(hours=1)
"""A transmission as young as this may have no readable forms yet, so it counts although its period is not known."""
Status = Submission.Status


def look(walks: Sequence[Walk]) -> Iterator[list[Walk]]:
    """What the customers' sides sent, for reports of which no call was ever made: in `listed`, without the `claimed`.

    Gives the walks as they come; those that could not be looked for have an error.
    """
    work = partial(_list, until=monotonic() + LONGEST_LOOK, is_alone=len(walks) == 1)
    for group in walking.ask(walks, work):
        known = delivery.claimed_by([walk.hold.row for walk in group if walk.listed])
        for walk in group:
            walk.listed = [one for one in walk.listed if one.transmission_id not in known[walk.hold.row.pk]]
        yield group


class TakesLong(Exception):
    """The customer has so many dialogs that the leases of the others would run out: to be looked for alone."""


def _list(walk: Walk, *, until: float, is_alone: bool) -> None:
    """Runs in a thread, and alone on the task's own: then the lease is renewed, as many dialogs take longer than one."""
    if monotonic() > until:
        raise walking.NotBegun("its turn did not come")
    since = datetime.combine(walk.hold.row.period_start, time(), UTC)
    walk.listed = []
    for sent in delivery.sent_since(walk.hold.row, since, obtain=partial(walk.token, remote.DIALOGPORTEN_SCOPES)):
        walk.listed += [sent] if sent else []
        if is_alone:
            walk.hold.renew()
        elif monotonic() > until:
            raise TakesLong


def may_begin(hold: Hold[Submission], candidates: list[Candidate], *, by: str) -> bool:
    """True when none of the candidates is about our period. Otherwise the hold has ended, and a person is asked.

    Raises what `calls.context_of` and the gateways raise, and LostRace.
    """
    has_others = delivery.others_on_their_way(hold.row).exists()
    found = _compared(hold, candidates)
    if found and has_others:
        hold.postpone(min(max((hold.now() - hold.row.status_at) / 2, WAIT_FOR_OTHERS), LONGEST_WAIT))
        return False
    if found:
        _ask(hold, found, by)
    return not found


def ask_about(hold: Hold[Submission], candidates: list[Candidate], *, by: str) -> None:
    """A person says what these are. Raises what `calls.context_of` and the gateways raise, and LostRace."""
    _ask(hold, _compared(hold, candidates), by)


def _compared(hold: Hold[Submission], candidates: list[Candidate]) -> list[EarlierDelivery]:
    """Those about our period."""

    def compare(context: Context) -> list[EarlierDelivery]:
        return [row for candidate in candidates if (row := _compare(hold, context, candidate))]

    return calls.look(hold, compare)


def _compare(hold: Hold[Submission], context: Context, candidate: Candidate) -> EarlierDelivery | None:
    """None when it is about another period."""
    hold.renew()
    adapter = adapter_of(hold.row)
    is_about = adapter.is_about(context, candidate)
    if not is_about and hold.now() - candidate.created_at > FRESH:
        return None
    same = adapter.locate(context, [candidate], is_there=False) if is_about else None
    return EarlierDelivery(
        submission=hold.row,
        dialog_id=candidate.dialog_id,
        transmission_id=candidate.transmission_id,
        created_at=candidate.created_at,
        is_same=same is not None,
        found_at=hold.now(),
    )


def _ask(hold: Hold[Submission], found: Iterable[EarlierDelivery], by: str) -> None:
    with transaction.atomic():
        hold.lock()
        EarlierDelivery.objects.bulk_create(found, ignore_conflicts=True)
        what = {"code": CODE}
        hold.move_to(Status.NEEDS_PERSON, by=by, problem_code=CODE, failures=0, what=what)


def is_asked(submission: Submission) -> bool:
    """Whether a person must say what is to happen with this report."""
    return submission.status == Status.NEEDS_PERSON and submission.problem_code == CODE


def find_open(submission: Submission) -> list[EarlierDelivery]:
    """What was found and is not answered yet, the oldest first."""
    return list(submission.earlier.filter(answered_at__isnull=True))


def send_anyway(*, submission: Submission, shown: frozenset[int], by: str, at: datetime) -> None:
    """The person has seen the deliveries `shown`; ours is sent and replaces them.

    Raises LostRace, production_start.NotTicked and queue.NotSecondPerson.
    """
    with transaction.atomic():
        production_start.check_can_send(submission)
        check_second_person(submission, by=by, at=at)
        ids = _answered(submission, shown)
        submission.earlier.filter(pk__in=shown).update(answered_at=at)
        submission.move_to(
            Status.QUEUED, by=by, at=at, next_attempt_at=at, problem_code="", failures=0,
            what={"confirmed": ["replaces"], "transmission": ",".join(ids)},
        )  # fmt: skip


def take_over(*, submission: Submission, shown: frozenset[int], chosen: int, by: str, at: datetime) -> None:
    """The delivery `chosen` is this report: it becomes DELIVERED, and the answer is followed. Nothing is sent.

    Raises LostRace, also when another row has the delivery.
    """
    with transaction.atomic():
        Customer.objects.select_for_update(no_key=True).get(pk=submission.customer_id)
        _answered(submission, shown)
        found = submission.earlier.filter(pk=chosen, answered_at__isnull=True).first()
        if found is None:
            raise LostRace(f"submission {submission.pk}: the delivery is not open any more")
        taken = Candidate(str(found.dialog_id), str(found.transmission_id), found.created_at, "")
        received = delivery.as_receipt(taken)
        receipt.check_free(submission, received)
        last = submission.calls.order_by("-ordinal").values("pk")[:1]
        answer = stored_receipt.to_bytes(received)
        Call.objects.filter(pk__in=last).update(status=Call.Status.DONE, finished_at=found.created_at, answer=answer)
        submission.earlier.filter(pk__in=shown).update(answered_at=at)
        submission.move_to(
            Status.DELIVERED, by=by, at=at, delivered_at=found.created_at, dialog_id=found.dialog_id,
            transmission_id=found.transmission_id, next_attempt_at=at, problem_code="", failures=0,
            what={"transmission": str(found.transmission_id)},
        )  # fmt: skip
        receipt.expect_feedback([submission], at=at)


def discard(*, submission: Submission, shown: frozenset[int], by: str, at: datetime) -> None:
    """Ours is not sent. Raises LostRace, and MaybeDelivered when an answer was lost: what was found may be ours."""
    with transaction.atomic():
        ids = _answered(submission, shown)
        if calls.may_have_delivered(submission):
            raise MaybeDelivered(f"submission {submission.pk} may have been delivered")
        submission.move_to(Status.CANCELLED, by=by, at=at, problem_code="", what={"transmission": ",".join(ids)})


def _answered(submission: Submission, shown: frozenset[int]) -> list[str]:
    """The transmissions that were asked about. Raises LostRace when they are not those that the person was shown."""
    stored = Submission.objects.select_for_update().only("status", "problem_code").get(pk=submission.pk)
    rows = find_open(submission)
    if not is_asked(stored) or {row.pk for row in rows} != shown:
        raise LostRace(f"submission {submission.pk}: the question has changed")
    return [str(row.transmission_id) for row in rows]
