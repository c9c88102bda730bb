"""The worker's side: claim waiting messages, store the intent, call the sender of their kind, store the result.

A sender is a function from (address, payload, key) that returns when the receiver has accepted the message, and raises
`NotAccepted` when the receiver certainly has not, or `HeldBack` when it was not called. Any other error leaves it open whether the
message was accepted.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from celery.exceptions import SoftTimeLimitExceeded
from django.db import transaction

from portal.core import enqueue, lease
from portal.core.audit import record
from portal.core.outbox.message import OutboxMessage, erased
from portal.core.outbox.put import GIVE_UP_AFTER, task_of
from portal.core.problems import code_of
from portal.gateways.errors import HeldBack

BATCH = 20
BY = "task:outbox"
ACCEPTED, QUIET, OUT_OF_TIME = "ACCEPTED", "QUIET", "OUT_OF_TIME"
UNCERTAIN, NO_SENDER = "OUTBOX_UNCERTAIN", "OUTBOX_NO_SENDER"
Status = OutboxMessage.Status
logger = logging.getLogger(__name__)


class NotAccepted(Exception):
    """The receiver certainly did not accept the message. `code` is explained in `portal.explain`.

    `is_final`: trying again will not help. `retry_after`: seconds that the receiver asked us to wait.
    """

    def __init__(self, code: str, *, is_final: bool = False, retry_after: float | None = None) -> None:
        super().__init__(code)
        self.code, self.is_final, self.retry_after = code, is_final, retry_after


class NoSender(Exception):
    """No code is registered that can send messages of this kind."""

    code = NO_SENDER


@dataclass(frozen=True)
class Sender:
    """`may_repeat`: receivers recognise the key, so a message that may have been accepted is sent again.

    `outage_codes`: problems that all messages of the kind share; with `by_receiver` all those to one address. After one of them the
    rest of the batch is put off untried, so that an outage costs one time-out a batch; as soon as a message is accepted, those
    that waited for it are due.
    """

    send: Callable[[str, dict[str, Any], str], None]
    may_repeat: bool = False
    outage_codes: tuple[str, ...] = ()
    by_receiver: bool = False

    def way_of(self, message: OutboxMessage) -> str:
        """What is down when this message meets an outage."""
        return message.address_hash if self.by_receiver else ""


SENDERS: dict[str, Sender] = {}


def register(kind: str, sender: Sender) -> None:
    """Make `sender` the one for messages of `kind`. Called at import by the sender's module."""
    SENDERS[kind] = sender


def send_due(*, at: datetime, kind: str = OutboxMessage.Kind.MAIL, limit: int = BATCH) -> int:
    """Send up to `limit` messages of the kind whose time and turn have come. Returns how many were taken; a full batch wakes one more.

    Raises SoftTimeLimitExceeded after it has stored what is known and given the rest back.
    """
    waiting = OutboxMessage.objects.waiting().filter(kind=kind)
    holds = lease.claim(waiting.in_turn(), at=at, limit=limit)
    sender = SENDERS.get(kind)
    accepted: set[str] = set()
    down: dict[str, str] = {}
    for index, hold in enumerate(holds):
        problem, way = "", sender.way_of(hold.row) if sender else ""
        with lease.reporting(hold):
            if hold.age() > lease.ENOUGH:
                hold.give_back()
            elif way in down:
                hold.fail(NotAccepted(down[way]))
            elif (problem := _send(hold)) == ACCEPTED:
                accepted.add(way)
            elif sender and problem in sender.outage_codes:
                down[way] = problem
        if problem == OUT_OF_TIME:
            _give_back(holds[index + 1 :])
            raise SoftTimeLimitExceeded
    for way in accepted - set(down):
        of_way = waiting.filter(address_hash=way) if way else waiting
        lease.wake(of_way, codes=sender.outage_codes if sender else (), at=at, limit=limit)
    if len(holds) == limit or any(hold.row.lane for hold in holds):
        enqueue.enqueue_by_name(task_of(kind))
    return len(holds)


def _give_back(holds: list[lease.Hold[OutboxMessage]]) -> None:
    """The task's time is over: another worker takes these at once."""
    for hold in holds:
        with lease.reporting(hold):
            hold.give_back()


def _send(hold: lease.Hold[OutboxMessage]) -> str:
    """One message, from the claim to the stored result: ACCEPTED, the code of its problem, or QUIET when it was not tried.

    OUT_OF_TIME: the time limit of the task came during the call; what is known is stored, and the batch must end.
    """
    message, now = hold.row, hold.now()
    earliest = message.quiet_hours.earliest(now) if message.quiet_hours else now
    if earliest > now:
        hold.write(next_attempt_at=earliest, lease_until=None)
        return QUIET
    sender = SENDERS.get(message.kind)
    if sender is None:
        raise NoSender(message.kind)
    address, payload = message.address, message.payload
    hold.write(status=Status.SENDING, status_at=now, lease_until=hold.until())
    try:
        sender.send(address, payload, message.key)
    except NotAccepted as error:
        return _not_accepted(hold, error)
    except HeldBack as error:
        hold.fail(error, status=Status.WAITING, status_at=hold.now())
        return code_of(error)
    except Exception as error:
        logger.warning("outbox message %s may have been accepted: %s", message.pk, type(error).__name__)
        code = _maybe_accepted(hold, error, sender)
        return OUT_OF_TIME if isinstance(error, SoftTimeLimitExceeded) else code
    now = hold.now()
    hold.write(status=Status.SENT, sent_at=now, failures=0, problem_code="", **erased(at=now))
    return ACCEPTED


def _not_accepted(hold: lease.Hold[OutboxMessage], error: NotAccepted) -> str:
    if error.is_final:
        _stop(hold, Status.DEAD, error.code)
    else:
        hold.fail(error, status=Status.WAITING, status_at=hold.now())
    return error.code


def _maybe_accepted(hold: lease.Hold[OutboxMessage], error: Exception, sender: Sender) -> str:
    if not sender.may_repeat:
        _stop(hold, Status.UNCERTAIN, UNCERTAIN)
        return UNCERTAIN
    hold.fail(error, status=Status.WAITING, status_at=hold.now())
    return code_of(error)


def _stop(hold: lease.Hold[OutboxMessage], status: str, code: str) -> None:
    """No machine tries again. Address and content stay, for a person may send it."""
    at = hold.now()
    with transaction.atomic():
        hold.write(status=status, status_at=at, next_attempt_at=None, lease_until=None, problem_code=code)
        record(by=BY, at=at, target=hold.row, what=f"SENDING->{status}", code=code)


def sweep(*, at: datetime) -> None:
    """Settle what dead workers left in SENDING, give up what has failed for too long, drop what was taken back untried.

    How long counts from the first failure of each message: one that waited for others has its days still.

    The key of a message that was taken back is free again: what it told may become so once more.
    """
    free = lease.free(at=at)
    left = OutboxMessage.objects.filter(free, status=Status.SENDING)
    repeatable = [kind for kind, sender in SENDERS.items() if sender.may_repeat]
    left.filter(kind__in=repeatable).update(status=Status.WAITING, status_at=at, lease_until=None, next_attempt_at=at)
    _stop_all(left, status=Status.UNCERTAIN, at=at, code=UNCERTAIN)
    failed = OutboxMessage.objects.waiting().exclude(problem_code="")
    failed.filter(give_up_at=None).update(give_up_at=at + GIVE_UP_AFTER)
    _stop_all(failed.filter(free, give_up_at__lte=at), status=Status.DEAD, at=at)
    OutboxMessage.objects.filter(status=Status.CLOSED, attempts=0).delete()


def _stop_all(rows: Any, *, status: str, at: datetime, code: str = "") -> None:
    """As `_stop`, for rows that nobody holds. The fence stays open: a slow worker that knows the result still stores it."""
    with transaction.atomic():
        for message in rows.select_for_update(skip_locked=True).order_by("pk")[: BATCH * 10]:
            before, message.problem_code = message.status, code or message.problem_code
            message.status, message.status_at, message.lease_until = status, at, None
            message.save(update_fields=["status", "status_at", "lease_until", "problem_code"])
            record(by=BY, at=at, target=message, what=f"{before}->{status}", code=message.problem_code)
