"""After a restore: everything is asked for again, and nothing is sent before all dialogs have been read once.

What was done between the backup and the restore is not in the database. The remotes know it. An access whose dialogs cannot be
read holds only its own reports back, until it is read or a person lets them go.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import reduce
from operator import or_
from typing import Any

from django.apps import apps
from django.db import transaction
from django.db.models import F, Q, QuerySet

from accounts.models import User, followed
from portal.core.audit import record
from portal.core.audit_events import AuditType
from portal.core.environments import Environment
from portal.core.feed import publish
from portal.core.lease import ROUNDS_BEFORE_A_PERSON, Leased
from portal.core.outbox.message import OutboxMessage
from submissions.models import Dialog, EventSubscription, PollCursor, ReleasedAccess, SendingHold
from systemusers.models import Access

BY = "task:restored"
CODE = "RESTORED"
LONGEST_ROUND = timedelta(hours=2)
"""What is not read by then does not hold the others back."""


@dataclass(frozen=True)
class Restored:
    """What was made due or put aside."""

    cursors: int
    leases: int
    subscriptions: int
    messages: int


@dataclass(frozen=True)
class Progress:
    """How far the first round is. `unread`: accesses whose dialogs are not read yet.

    `is_partial`: the round is through but for those that cannot be read, and only their reports wait.
    """

    since: datetime
    unread: int
    is_partial: bool


def restored(*, by: str, at: datetime) -> Restored:
    """End every lease, have everything read of every access, renew the subscriptions, and hold the sending.

    The reading of everything shows what is gone: the event that told of it was handled before, and does not come again.
    Messages that wait may have been sent after the backup: a person decides about each of them, but for webhooks, whose receivers
    know a message that comes again. The feed goes on behind what readers have seen.
    """
    with transaction.atomic():
        for environment in Environment:
            if environment.is_enabled:
                _hold(environment, by, at)
        leases = sum(_free(model) for model in _leased_models())
        PollCursor.objects.update(next_attempt_at=at, overlap_at=at, full_at=at, failures=0, problem_code="")
        renewed = EventSubscription.objects.update(validated_at=None, next_attempt_at=at, failures=0, problem_code="")
        S = OutboxMessage.Status
        under_way = OutboxMessage.objects.filter(status__in=[S.WAITING, S.SENDING]).exclude(
            kind=OutboxMessage.Kind.WEBHOOK
        )
        publish.skip_ahead()
        messages = under_way.update(status=S.UNCERTAIN, status_at=at, next_attempt_at=None, problem_code=CODE)
        return Restored(PollCursor.objects.count(), leases, renewed, messages)


def _hold(environment: Environment, by: str, at: datetime) -> None:
    hold, _new = SendingHold.objects.update_or_create(environment=environment, defaults={"since": at, "by": by})
    hold.released.all().delete()
    record(by=by, at=at, target=hold, what=AuditType.RESTORED)


def _leased_models() -> Iterator[type[Any]]:
    return (model for model in apps.get_models() if issubclass(model, Leased))


def _free(model: type[Any]) -> int:
    """End the leases of workers that are gone. The fence goes on, so one that still runs cannot write."""
    held = model._base_manager.filter(lease_until__isnull=False)
    return int(held.update(lease_until=None, attempts=F("attempts") + 1))


def held(*, at: datetime) -> Q:
    """The submissions that may not be sent. A hold whose round is through ends here. One query when there is none."""
    nothing = Q(pk__in=[])
    return reduce(or_, (_held_by(hold, at) for hold in SendingHold.objects.order_by("pk")), nothing)


def _held_by(hold: SendingHold, at: datetime) -> Q:
    if _is_under_way(hold, at):
        return Q(environment=hold.environment)
    unread = _unread(hold)
    if unread.exists():
        return Q(environment=hold.environment, access__in=unread)
    end_hold(environment=hold.environment, by=BY, at=at)
    return Q(pk__in=[])


def _is_under_way(hold: SendingHold, at: datetime) -> bool:
    """Whether the first round can still come to its end by itself."""
    if at - hold.since > LONGEST_ROUND:
        return False
    return _unread(hold).exclude(_cannot_be_read()).exists() or _unpulled(hold, at).exists()


def _unread(hold: SendingHold) -> QuerySet[Access]:
    """Accesses whose dialogs have not been read since the restore, but for those that a person let go.

    Of an archived customer nothing is read any more, also when its access was never taken back in Altinn.
    """
    usable = Access.objects.filter(
        followed(), environment=hold.environment, status__in=Access.USABLE, system_user__isnull=False
    )
    return usable.filter(
        Q(cursor__isnull=True) | Q(cursor__polled_at__isnull=True) | Q(cursor__polled_at__lt=hold.since)
    ).exclude(pk__in=hold.released.values("access"))


def _cannot_be_read() -> Q:
    return Q(cursor__failures__gte=ROUNDS_BEFORE_A_PERSON) & ~Q(cursor__problem_code="")


def _unpulled(hold: SendingHold, at: datetime) -> QuerySet[Dialog]:
    """Dialogs that moved and whose transmissions have not been asked for. Those that failed do not hold anything back."""
    return Dialog.objects.filter(environment=hold.environment, next_attempt_at__lte=at, failures=0)


def progress(*, environment: str, at: datetime) -> Progress | None:
    """For the banner. None when nothing is held."""
    hold = _find(environment)
    return Progress(hold.since, _unread(hold).count(), not _is_under_way(hold, at)) if hold else None


def find_held_accesses(*, environment: str, user: User) -> QuerySet[Access]:
    """Those that `user` may see and whose dialogs are not read, the longest without success first."""
    hold = _find(environment)
    if hold is None:
        return Access.objects.none()
    mine = Access.objects.visible_to(user).filter(pk__in=_unread(hold).values("pk"))
    return mine.select_related("customer", "profile").order_by("-cursor__failures", "pk")


def release(*, access: Access, by: str, at: datetime) -> bool:
    """Let the reports through one access go although its dialogs are not read. False when they were not held."""
    with transaction.atomic():
        hold = SendingHold.objects.select_for_update().filter(environment=access.environment).first()
        if hold is None or not _unread(hold).filter(pk=access.pk).exists():
            return False
        record(by=by, at=at, target=access, what=AuditType.HOLD_ENDED)
        ReleasedAccess.objects.create(hold=hold, access=access, by=by, at=at)
    return True


def _find(environment: str) -> SendingHold | None:
    return SendingHold.objects.filter(environment=environment).first()


def end_hold(*, environment: str, by: str, at: datetime) -> bool:
    """Let the reports go. False when nothing was held."""
    with transaction.atomic():
        hold = SendingHold.objects.select_for_update().filter(environment=environment).first()
        if hold is None:
            return False
        record(by=by, at=at, target=hold, what=AuditType.HOLD_ENDED)
        hold.delete()
    return True


__all__ = ["Progress", "Restored", "end_hold", "find_held_accesses", "held", "progress", "release", "restored"]
