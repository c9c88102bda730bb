"""Settles reports whose last answer was lost: looks in Dialogporten first, and only then repeats the call.

Why this can never deliver the same report twice: docs/decisions/0004-the-lost-confirmation.md.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from celery.exceptions import SoftTimeLimitExceeded
from django.db.models import QuerySet

from portal.core import lease
from portal.core.audit import record
from portal.core.audit_events import AuditType
from portal.core.lease import LONGEST_WAIT, Hold
from portal.core.problems import code_of
from portal.core.states import LostRace
from submissions.adapters.base import Meaning
from submissions.adapters.meanings import IN_DOUBT
from submissions.models import Call, Submission
from submissions.services import restoring
from submissions.services.sending import calls, found, hand_over, leftovers, receipt, refusal, walking
from submissions.services.sending.delivery import (
    as_receipt,
    find_delivery,
    others_on_their_way,
    unclaimed_since_queued,
)

BY = "task:reconcile"
BATCH = 10
SHORTEST_PAUSE = timedelta(seconds=5)
ASK_AGAIN_AFTER = timedelta(minutes=2)
"""Minimum time without an answer and without a delivery in Dialogporten before the call is repeated."""

LATEST_LISTED = timedelta(minutes=30)
"""Twice as long as Dialogporten's lists may lag behind."""

Status = Submission.Status


def uncertain_rows() -> QuerySet[Submission]:
    rows = Submission.objects.filter(status=Status.UNCERTAIN)
    return rows.select_related("customer", "access__profile__system__client", "access__customer")


def settle_due(*, at: datetime, when_full: Callable[[], None]) -> None:
    """Claim a batch of due UNCERTAIN submissions and look into each.

    `when_full` is called when there may be more, before the work begins: another worker takes them meanwhile.
    """
    holds = lease.claim(uncertain_rows().exclude(restoring.held(at=at)), at=at, limit=BATCH)
    if len(holds) == BATCH:
        when_full()
    for hold in holds:
        with lease.reporting(hold):
            hold.renew()
            settle(hold)


def settle(hold: Hold[Submission]) -> None:
    """Settle one UNCERTAIN submission, or plan the next attempt. Always looks in Dialogporten before a repetition.

    Raises LostRace.
    """
    doubt = _call_in_doubt(hold)
    if doubt is None:
        hand_over.after_calls([hold], by=BY)
        return
    try:
        delivery = find_delivery(hold, is_there=_is_there(doubt))
    except (LostRace, SoftTimeLimitExceeded):
        raise
    except Exception as error:
        lease.log_problem(hold, error)
        hold.put_off(code=code_of(error), wait=_pace(hold, doubt))
        return
    if delivery:
        receipt.settle(hold, doubt, as_receipt(delivery), by=BY, at=delivery.created_at)
    else:
        _not_found(hold, doubt)


def _call_in_doubt(hold: Hold[Submission]) -> Call | None:
    """The first call that is not done; LOST when another worker started it and never finished. None: all are done."""
    calls_left = hold.row.calls.select_related("document").exclude(status=Call.Status.DONE)
    doubt = calls_left.order_by("ordinal").first()
    if doubt and doubt.status == Call.Status.STARTED:
        calls.abandon(hold.row, doubt, at=hold.now())
    return doubt


def _is_there(doubt: Call) -> bool:
    return doubt.meaning == Meaning.ALREADY_DELIVERED


def _not_found(hold: Hold[Submission], doubt: Call) -> None:
    if _is_there(doubt) or _silence(hold, doubt) < ASK_AGAIN_AFTER:
        hold.postpone(_pace(hold, doubt))
    elif doubt.meaning == Meaning.MAYBE_TWICE:
        _unless_listed(hold, doubt, _ask_again)
    elif not doubt.may_repeat:
        _ask_again(hold, doubt)
    elif calls.delivers(doubt):
        _unless_listed(hold, doubt, _never_delivered)  # refused after an attempt whose answer was lost
    else:
        _never_delivered(hold, doubt)


def _silence(hold: Hold[Submission], doubt: Call) -> timedelta:
    """Time since the call was made last."""
    return hold.now() - (doubt.started_at or hold.row.status_at)


def _pace(hold: Hold[Submission], doubt: Call) -> timedelta:
    """The wait before the next attempt: half the time since the call."""
    return min(max(_silence(hold, doubt) / 2, SHORTEST_PAUSE), LONGEST_WAIT)


def _unless_listed(hold: Hold[Submission], doubt: Call, act: Callable[[Hold[Submission], Call], None]) -> None:
    """The lost attempt may have delivered, and nothing else tells: a person is asked about what came since.

    `act` when nothing came, and when it would be listed by now. Raises LostRace and what the look raises.
    """
    has_others = others_on_their_way(hold.row).exists()
    new = unclaimed_since_queued(hold)
    if new and not has_others:
        found.ask_about(hold, new, by=BY)
    elif has_others or _silence(hold, doubt) < LATEST_LISTED:
        left = LATEST_LISTED - _silence(hold, doubt)
        hold.postpone(min(_pace(hold, doubt), max(left, SHORTEST_PAUSE)))
    else:
        act(hold, doubt)


def _never_delivered(hold: Hold[Submission], doubt: Call) -> None:
    """Nothing was found: it was not delivered. A call that does not deliver is in doubt when its key was refused as used."""
    due_at = leftovers.due_at(hold.row, at=hold.now())
    hold.move_to(Status.FAILED, by=BY, next_attempt_at=due_at, problem_code=doubt.code, failures=0)


def _ask_again(hold: Hold[Submission], doubt: Call) -> None:
    """Repeat the call. The remote accepts it once: a repeat is accepted, or refused with the adapter's ALREADY_DELIVERED."""
    record(by=BY, at=hold.now(), target=hold.row, what=AuditType.CONFIRMATION_REPEATED)
    try:
        answer = walking.make_one(hold, doubt, by=BY)
    except (LostRace, SoftTimeLimitExceeded):
        raise
    except Exception as error:
        _still_in_doubt(hold, doubt, error)
    else:
        calls.finish(doubt, answer, at=hold.now())
        hand_over.after_calls([hold], by=BY)


def _still_in_doubt(hold: Hold[Submission], doubt: Call, error: Exception) -> None:
    """A refusal that shows that no earlier call succeeded is final. Everything else: keep looking."""
    lease.log_problem(hold, error)
    if doubt.status != Call.Status.STARTED:
        hold.put_off(code=code_of(error), wait=_pace(hold, doubt))
        return
    meaning = calls.meaning_of(hold.row, doubt, error)
    if meaning == Meaning.NOT_DELIVERED:
        refusal.fail(hold, doubt, error, by=BY)
        return
    before = Meaning(doubt.meaning) if doubt.meaning else Meaning.MAYBE_DELIVERED
    calls.lose(doubt, error, meaning if meaning in IN_DOUBT else before, at=hold.now())
    hold.put_off(code=code_of(error), wait=_pace(hold, doubt))
