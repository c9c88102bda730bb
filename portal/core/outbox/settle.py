"""What is done with a message that is not to be sent, or not by itself: by a person, or when what it tells is no longer so."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from portal.core import enqueue, lease
from portal.core.audit import record
from portal.core.outbox.message import OutboxMessage, erased
from portal.core.outbox.put import task_of
from portal.core.states import LostRace

Status = OutboxMessage.Status


def send_again(message: OutboxMessage, *, by: str, at: datetime) -> None:
    """Try again, until three days after the next failure. The receiver of an UNCERTAIN message may get it twice.

    Raises LostRace when it is settled.
    """
    _settle(
        message,
        Status.WAITING,
        by=by,
        at=at,
        next_attempt_at=at,
        give_up_at=None,
        failures=0,
        problem_code="",
    )
    enqueue.enqueue_by_name(task_of(message.kind))


def close(message: OutboxMessage, *, by: str, at: datetime) -> None:
    """It need not be sent: remove address and content. Raises LostRace when it is settled."""
    _settle(message, Status.CLOSED, by=by, **{"at": at, **erased(at=at)})


def withdraw(*, keys: Iterable[str], at: datetime) -> int:
    """What these messages tell is no longer so: those that still wait are not sent. One that a worker has now goes its way."""
    waiting = OutboxMessage.objects.waiting().filter(lease.free(at=at), key__in=list(keys))
    return waiting.update(status=Status.CLOSED, **erased(at=at))


def _settle(message: OutboxMessage, status: str, *, by: str, at: datetime, **fields: object) -> None:
    fields = {"status": status, "status_at": at, **fields}
    with transaction.atomic():
        before = message.status
        if not OutboxMessage.objects.unsettled().filter(pk=message.pk, status=before).update(**fields):
            raise LostRace(f"outbox message {message.pk} is settled")
        record(by=by, at=at, target=message, what=f"{before}->{status}")
