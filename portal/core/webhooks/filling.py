"""Puts the events of the feed into the outbox, for each webhook from where it came to: nothing is left out, nothing put twice."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from portal.core.feed.event import FeedEvent
from portal.core.outbox.message import OutboxMessage
from portal.core.outbox.put import ToPut, put_many
from portal.core.webhooks import bodies
from portal.core.webhooks.row import Webhook

MOST_WAITING = 500
"""Messages of one webhook that wait in the outbox: the rest stays in the feed."""
Kind, Status = OutboxMessage.Kind, OutboxMessage.Status


def fill(*, at: datetime) -> int:
    """For all webhooks that run. Returns how many messages were put."""
    running = Webhook.objects.running().values_list("pk", flat=True)
    return sum(_fill(pk, at) for pk in list(running))


def _fill(pk: int, at: datetime) -> int:
    with transaction.atomic():
        rows = Webhook.objects.running().filter(pk=pk).select_for_update(skip_locked=True)
        hook = rows.first()
        if hook is None:
            return 0
        waiting = OutboxMessage.objects.filter(key__startswith=hook.prefix, status__in=[Status.WAITING, Status.SENDING])
        room = MOST_WAITING - waiting[:MOST_WAITING].count()
        newer = FeedEvent.objects.filter(environment=hook.environment, position__gt=hook.position)
        events = list(newer.order_by("position")[:room]) if room > 0 else []
        if not events:
            return 0
        wanted = [event for event in events if not hook.types or event.type in hook.types]
        put_many((message_of(hook, event) for event in wanted), at=at)
        Webhook.objects.filter(pk=hook.pk).update(position=events[-1].position)
    return len(wanted)


def message_of(hook: Webhook, event: FeedEvent) -> ToPut:
    """Events about one subject leave one after the other."""
    return ToPut(
        kind=Kind.WEBHOOK, key=f"{hook.prefix}{event.uid}", address=str(hook.pk), payload=bodies.body_of(event),
        lane=f"{hook.pk}:{event.subject}",
    )  # fmt: skip
