"""A worker's lease on one submission: taken by a conditional UPDATE, renewed before each call, lost when it expires.

`attempts` is the fencing token: a later claim has a higher number, and a slower worker can no longer write.
"""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from accounts.models import Customer
from portal.core.states import LostRace
from submissions.models import Submission

LEASE = timedelta(minutes=3)
"""Longer than a call with its time-outs and a token before it may take."""
AT_ONCE = 3
"""Concurrent submissions per customer. Skatteetaten allows 5 calls; the rest is left for reading feedback."""
WAIT_FOR_OTHERS = timedelta(seconds=5)

Status = Submission.Status


class Busy(Exception):
    """The customer has AT_ONCE submissions in SENDING; this one stays in the queue for some seconds."""


class Watch:
    """A clock that continues from `at`: a run of many calls needs the current time of each."""

    def __init__(self, at: datetime) -> None:
        self._at, self._started = at, time.monotonic()

    def now(self) -> datetime:
        return self._at + timedelta(seconds=time.monotonic() - self._started)


class Claim:
    """Held while `status` and `attempts` in the row are what they were when it was taken."""

    def __init__(self, submission: Submission, *, by: str, watch: Watch) -> None:
        self.submission, self.by, self._watch = submission, by, watch
        self.status, self.attempt = submission.status, submission.attempts

    def now(self) -> datetime:
        return self._watch.now()

    def renew(self) -> None:
        """Push the lease forward. Raises LostRace when somebody else has the submission now."""
        if not self._row().update(next_attempt_at=self.now() + LEASE):
            raise self._lost()

    def lock(self) -> None:
        """Lock the row until the transaction ends. Raises LostRace."""
        if not list(self._row().select_for_update().values_list("pk")):
            raise self._lost()

    def move_to(self, status: str, *, next_attempt_at: datetime | None = None, **fields: Any) -> None:
        """Leave the claimed state for good. Raises LostRace."""
        with transaction.atomic():
            self.lock()
            self.submission.move_to(status, by=self.by, at=self.now(), next_attempt_at=next_attempt_at, **fields)

    def put_off(self, until: datetime, **fields: Any) -> None:
        """Keep the state and set the next attempt to `until`. Raises LostRace."""
        if not self._row().update(next_attempt_at=until, **fields):
            raise self._lost()

    def _row(self) -> Any:
        return Submission.objects.filter(pk=self.submission.pk, status=self.status, attempts=self.attempt)

    def _lost(self) -> LostRace:
        return LostRace(f"submission {self.submission.pk} is no longer ours (attempt {self.attempt})")


def claim_queued(*, submission_id: int, by: str, at: datetime) -> Claim:
    """QUEUED -> SENDING. The audit trail names the sender before any call is made.

    Raises LostRace when it is not in the queue or not due, Busy when the customer has enough on its way.
    """
    with transaction.atomic():
        submission = _load(submission_id)
        due = submission.next_attempt_at is not None and submission.next_attempt_at <= at
        if submission.status != Status.QUEUED or not due:
            raise LostRace(f"submission {submission_id} is {submission.status} and not ours to send now")
        Customer.objects.select_for_update(no_key=True).get(pk=submission.customer_id)
        if not _has_room(submission, at):
            raise Busy(f"customer {submission.customer_id} has {AT_ONCE} on their way")
        submission.move_to(
            Status.SENDING,
            by=by,
            at=at,
            attempted_at=at,
            attempts=submission.attempts + 1,
            next_attempt_at=at + LEASE,
            problem_code="",
            what={"ordered_by": submission.queued_by, "attempt": submission.attempts + 1},
        )
    return Claim(submission, by=by, watch=Watch(at))


def _has_room(submission: Submission, at: datetime) -> bool:
    sending = Submission.objects.filter(customer=submission.customer_id, status=Status.SENDING)
    return sending.count() < AT_ONCE


def claim_uncertain(*, submission_id: int, by: str, at: datetime) -> Claim:
    """Take an UNCERTAIN submission that is due, without leaving the state. Raises LostRace."""
    submission = _load(submission_id)
    mine = Submission.objects.filter(
        pk=submission_id, status=Status.UNCERTAIN, attempts=submission.attempts, next_attempt_at__lte=at
    )
    if not mine.update(attempts=submission.attempts + 1, next_attempt_at=at + LEASE):
        raise LostRace(f"submission {submission_id} is not ours to reconcile now")
    submission.attempts, submission.next_attempt_at = submission.attempts + 1, at + LEASE
    return Claim(submission, by=by, watch=Watch(at))


def _load(submission_id: int) -> Submission:
    try:
        return Submission.objects.select_related("customer", "access__profile__system__client").get(pk=submission_id)
    except Submission.DoesNotExist as error:
        raise LostRace(f"submission {submission_id} does not exist") from error
