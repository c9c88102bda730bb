"""After a restore: everything is asked for again, and nothing is sent before all dialogs have been read once.

What was done between the backup and the restore is not in the database. The remotes know it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.apps import apps
from django.db import transaction
from django.db.models import F, Q, QuerySet

from portal.core.audit import record
from portal.core.audit_events import AuditType
from portal.core.environments import Environment
from portal.core.lease import Leased
from portal.core.outbox.message import OutboxMessage
from submissions.models import Dialog, EventSubscription, PollCursor, SendingHold
from systemusers.models import Access

BY = "task:restored"
CODE = "RESTORED"


@dataclass(frozen=True)
class Restored:
    """What was made due or put aside."""

    cursors: int
    leases: int
    subscriptions: int
    messages: int


@dataclass(frozen=True)
class Progress:
    """How far the first round is. `unread`: accesses whose dialogs are not read yet."""

    since: datetime
    unread: int


def restored(*, by: str, at: datetime) -> Restored:
    """End every lease, make every cursor due with its overlap, renew the subscriptions, and hold the sending.

    Messages that wait may have been sent after the backup: a person decides about each of them.
    """
    with transaction.atomic():
        for environment in Environment:
            if environment.is_enabled:
                _hold(environment, by, at)
        leases = sum(_free(model) for model in _leased_models())
        PollCursor.objects.update(next_attempt_at=at, overlap_at=at, failures=0, problem_code="")
        renewed = EventSubscription.objects.update(validated_at=None, next_attempt_at=at, failures=0, problem_code="")
        S = OutboxMessage.Status
        under_way = OutboxMessage.objects.filter(status__in=[S.WAITING, S.SENDING])
        messages = under_way.update(status=S.UNCERTAIN, status_at=at, next_attempt_at=None, problem_code=CODE)
        return Restored(PollCursor.objects.count(), leases, renewed, messages)


def _hold(environment: Environment, by: str, at: datetime) -> None:
    hold, _new = SendingHold.objects.update_or_create(environment=environment, defaults={"since": at, "by": by})
    record(by=by, at=at, target=hold, what=AuditType.RESTORED)


def _leased_models() -> Iterator[type[Any]]:
    return (model for model in apps.get_models() if issubclass(model, Leased))


def _free(model: type[Any]) -> int:
    """End the leases of workers that are gone. The fence goes on, so one that still runs cannot write."""
    held = model._base_manager.filter(lease_until__isnull=False)
    return int(held.update(lease_until=None, attempts=F("attempts") + 1))


def held_environments(*, at: datetime) -> list[str]:
    """Where nothing may be sent. A hold whose round is through ends here. One query when there is none."""
    held = []
    for hold in SendingHold.objects.order_by("pk"):
        if _unread(hold).exists() or _unpulled(hold, at).exists():
            held.append(hold.environment)
        else:
            end_hold(environment=hold.environment, by=BY, at=at)
    return held


def _unread(hold: SendingHold) -> QuerySet[Access]:
    """Accesses whose dialogs have not been read since the restore."""
    usable = Access.objects.filter(environment=hold.environment, status__in=Access.USABLE, system_user__isnull=False)
    return usable.filter(
        Q(cursor__isnull=True) | Q(cursor__polled_at__isnull=True) | Q(cursor__polled_at__lt=hold.since)
    )


def _unpulled(hold: SendingHold, at: datetime) -> QuerySet[Dialog]:
    """Dialogs that moved and whose transmissions have not been asked for. Those that failed do not hold anything back."""
    return Dialog.objects.filter(environment=hold.environment, next_attempt_at__lte=at, failures=0)


def progress(*, environment: str) -> Progress | None:
    """For the banner. None when nothing is held."""
    hold = SendingHold.objects.filter(environment=environment).first()
    return Progress(hold.since, _unread(hold).count()) if hold else None


def end_hold(*, environment: str, by: str, at: datetime) -> bool:
    """Let the reports go. False when nothing was held."""
    with transaction.atomic():
        hold = SendingHold.objects.select_for_update().filter(environment=environment).first()
        if hold is None:
            return False
        record(by=by, at=at, target=hold, what=AuditType.HOLD_ENDED)
        hold.delete()
    return True


__all__ = ["Progress", "Restored", "end_hold", "held_environments", "progress", "restored"]
