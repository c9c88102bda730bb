"""The webhook of Altinn Events: an event only makes a cursor due, changes are read from Dialogporten.

https://docs.altinn.studio/events/
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from portal.core import enqueue
from portal.gateways import urns
from portal.gateways.events import CloudEvent
from submissions.models import EventSubscription, ReceivedEvent
from submissions.services.inbox import cursors, missed, presence
from submissions.services.inbox.subscriptions.wanted import hashed

PULL_TASK = "submissions.tasks.pull_dialogs"
IGNORED = ("dialogporten.dialog.seen.v1",)
DELETED = "dialogporten.dialog.deleted.v1"
VALIDATION = "platform.events.validatesubscription"


class UnknownSecret(Exception):
    """The secret is unknown: forged, or replaced."""


def receive(*, secret: str, event: CloudEvent, at: datetime) -> bool:
    """Store one event and make the cursor of its access due. False when there is nothing new to poll for.

    Raises UnknownSecret. The same event twice at one address changes nothing; one for another customer is dropped.
    """
    rows = EventSubscription.objects.select_related("access__customer", "client")
    subscription = rows.filter(secret_hash=hashed(secret)).first()
    if subscription is None:
        raise UnknownSecret
    if event.type == VALIDATION:
        _confirm(subscription, at)
        return False
    subject = urns.organisation(subscription.customer.orgnr)
    if event.type in IGNORED or event.subject != subject:
        return False
    with transaction.atomic():
        _row, is_new = ReceivedEvent.objects.get_or_create(
            subscription=subscription,
            source=event.source[:500],
            event_id=event.id[:100],
            defaults={"type": event.type[:200], "received_at": at},
        )
        if is_new:
            _note_dialog(subscription, event, at)
        return is_new and cursors.make_due(access_id=subscription.access_id, at=at)


def _note_dialog(subscription: EventSubscription, event: CloudEvent, at: datetime) -> None:
    """A deleted dialog is no longer in the list, so that a poll would not see it go; one that we do not know may not be there yet."""
    try:
        dialog_id = UUID(event.dialog_id)
    except ValueError:
        return
    access, customer = subscription.access, subscription.customer
    if event.type != DELETED:
        missed.note(access=access, dialog_id=dialog_id, at=at)
        return
    presence.note_deleted(environment=access.environment, dialog_id=str(dialog_id), customer_id=customer.pk, at=at)
    enqueue.enqueue_by_name(PULL_TASK)


def _confirm(subscription: EventSubscription, at: datetime) -> None:
    """Altinn called the address of this subscription: it is not asked for again."""
    own = EventSubscription.objects.filter(pk=subscription.pk, secret_hash=subscription.secret_hash)
    own.filter(validated_at__isnull=True, ending_at__isnull=True).update(
        validated_at=at, next_attempt_at=None, failures=0, problem_code=""
    )
