"""QUEUED -> SENDING, just before the first call is made, with a limit of submissions on their way for each customer."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from datetime import timedelta

from django.db.models import Count

from accounts.models import Customer
from portal.core.lease import Hold, held
from portal.core.states import move_all
from submissions.models import Submission

AT_ONCE = 3
"""Concurrent submissions per customer, so that one with many does not keep the others waiting."""
WAIT_FOR_OTHERS = timedelta(seconds=5)

Status = Submission.Status


class Busy(Exception):
    """The customer has AT_ONCE submissions on their way; this one stays in the queue for some seconds."""


def few_of_each_customer(holds: Sequence[Hold[Submission]]) -> Iterator[list[Hold[Submission]]]:
    """In groups with at most AT_ONCE of each customer: the first ones first."""
    seen: Counter[int] = Counter()
    groups: defaultdict[int, list[Hold[Submission]]] = defaultdict(list)
    for hold in holds:
        groups[seen[hold.row.customer_id] // AT_ONCE].append(hold)
        seen[hold.row.customer_id] += 1
    yield from groups.values()


def lock_rooms(holds: Sequence[Hold[Submission]]) -> Counter[int]:
    """How many more of each customer may set out beside what other workers have on its way.

    Inside a transaction, before the submissions are locked: until its end no other worker lets one of these customers' set out.
    """
    rows = [hold.row for hold in holds]
    customers = {row.customer_id for row in rows if row.status == Status.QUEUED}
    if not customers:
        return Counter()
    list(Customer.objects.select_for_update(no_key=True).filter(pk__in=customers).order_by("pk").values_list("pk"))
    under_way = Submission.objects.filter(held(at=holds[0].now()), customer__in=customers, status=Status.SENDING)
    others = under_way.exclude(pk__in=[row.pk for row in rows]).order_by().values_list("customer_id")
    taken = Counter(dict(others.annotate(n=Count("pk"))))
    taken.update(row.customer_id for row in rows if row.status == Status.SENDING)
    return Counter({pk: max(0, AT_ONCE - taken[pk]) for pk in customers})


def set_out(holds: Sequence[Hold[Submission]], *, by: str) -> None:
    """Move those in the queue to SENDING, and keep the leases of all. The audit trail names the sender before any call is made.

    Call it in a transaction, with the rows locked. An attempt that repeats one which failed writes no audit row.
    """
    if not holds:
        return
    at, until = holds[0].now(), holds[0].until()
    rows = [hold.row for hold in holds]
    Submission.objects.filter(pk__in=[row.pk for row in rows if row.status != Status.QUEUED]).update(lease_until=until)
    move_all(
        [row for row in rows if row.status == Status.QUEUED],
        Status.SENDING,
        by=by,
        at=at,
        what=lambda row: {"ordered_by": row.queued_by, "attempt": row.attempts},
        is_recorded=lambda row: row.attempted_at is None or not row.problem_code,
        attempted_at=at,
        lease_until=until,
    )


def wait_for_room(hold: Hold[Submission]) -> None:
    """Put it off with the customer's others in the queue, so that workers do not take them one by one in vain."""
    later = hold.now() + WAIT_FOR_OTHERS
    others = Submission.objects.filter(
        customer=hold.row.customer_id, status=Status.QUEUED, lease_until__isnull=True, next_attempt_at__lt=later
    )
    others.update(next_attempt_at=later)
    hold.postpone(WAIT_FOR_OTHERS)
