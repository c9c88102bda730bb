"""QUEUED -> SENDING, just before the first call is made, with a limit of submissions on their way for each customer."""

from __future__ import annotations

from datetime import timedelta

from accounts.models import Customer
from portal.core.lease import Hold, held
from submissions.models import Submission

AT_ONCE = 3
"""Concurrent submissions per customer, so that one with many does not keep the others waiting."""
WAIT_FOR_OTHERS = timedelta(seconds=5)

Status = Submission.Status


class Busy(Exception):
    """The customer has AT_ONCE submissions on their way; this one stays in the queue for some seconds."""


def set_out(hold: Hold[Submission], *, by: str) -> None:
    """Move to SENDING and keep the lease. The audit trail names the sender before any call is made.

    Call it in a transaction. An attempt that repeats one which failed writes no audit row. Raises LostRace and Busy.
    """
    row = hold.row
    Customer.objects.select_for_update(no_key=True).get(pk=row.customer_id)
    on_their_way = Submission.objects.filter(held(at=hold.now()), customer=row.customer_id, status=Status.SENDING)
    if on_their_way.exclude(pk=row.pk).count() >= AT_ONCE:
        raise Busy(f"customer {row.customer_id} has {AT_ONCE} on their way")
    hold.enter(
        Status.SENDING,
        by=by,
        attempted_at=hold.now(),
        is_recorded=row.attempted_at is None or not row.problem_code,
        what={"ordered_by": row.queued_by, "attempt": row.attempts},
    )


def wait_for_room(hold: Hold[Submission]) -> None:
    """Put it off with the customer's others in the queue, so that workers do not take them one by one in vain."""
    later = hold.now() + WAIT_FOR_OTHERS
    others = Submission.objects.filter(
        customer=hold.row.customer_id, status=Status.QUEUED, lease_until__isnull=True, next_attempt_at__lt=later
    )
    others.update(next_attempt_at=later)
    hold.postpone(WAIT_FOR_OTHERS)
