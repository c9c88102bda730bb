"""The rules of messages: the content of one that never left, and the row of one that is settled."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db.models import QuerySet
from django.utils import timezone

from portal.core import lease
from portal.core.audit import event, record_all
from portal.core.outbox.message import OutboxMessage, erased
from portal.core.retention.rule import AT_ONCE, Rule, delete

Status = OutboxMessage.Status


def _unsent(before: datetime) -> QuerySet[OutboxMessage]:
    return OutboxMessage.objects.unsettled().filter(lease.free(at=timezone.now()), status_at__lt=before)


def _close(messages: Sequence[OutboxMessage], by: str, at: datetime) -> set[str]:
    """Nobody has decided about them for so long that what they tell means nothing any more."""
    record_all(event(by=by, at=at, target=row, what=f"{row.status}->{Status.CLOSED}") for row in messages)
    OutboxMessage.objects.filter(pk__in=[row.pk for row in messages]).update(status=Status.CLOSED, **erased(at=at))
    return set()


def _settled(before: datetime) -> QuerySet[OutboxMessage]:
    return OutboxMessage.objects.filter(status__in=[Status.SENT, Status.CLOSED], status_at__lt=before)


MAIL_BODIES = Rule("mail-bodies", _unsent, _close)
MAILS = Rule("mails", _settled, delete, notice=AT_ONCE, batch=2000)
