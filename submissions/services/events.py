"""Altinn Events as an accelerator: subscriptions for each access and resource, and the webhook that marks a cursor due.

An event only triggers a poll: changes are read from Dialogporten. Polling does not depend on events.
https://docs.altinn.studio/events/
"""

from __future__ import annotations

import hashlib
import logging
import secrets
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.urls import reverse

from portal.core.audit import record
from portal.core.audit_events import AuditType
from portal.core.environments import Environment
from portal.gateways.errors import GatewayError, Refused
from portal.gateways.events import CloudEvent, Events, Subscription
from submissions.models import EventSubscription, PollCursor, ReceivedEvent
from submissions.services.inbox import cursors
from submissions.services.remote import events
from systemusers.models import Access, Kind
from systemusers.services import tokens

logger = logging.getLogger(__name__)
BY = "task:sweep_subscriptions"
SCOPES = ("altinn:events.subscribe",)
SETTLE = timedelta(minutes=2)
"""Altinn needs some time after an approval before all its services know the new system user."""
RETRY = timedelta(hours=6)
UNANSWERED = timedelta(minutes=5)
"""After this time a subscription without a stored answer is requested again."""
IGNORED = ("dialogporten.dialog.seen.v1",)
VALIDATION = "platform.events.validatesubscription"


def can_subscribe(environment: str) -> bool:
    """Altinn calls https addresses only; the sandbox also calls http."""
    address = urlsplit(settings.PORTAL_URL)
    return address.scheme == "https" or environment == Environment.SANDBOX


def wanting(*, at: datetime, limit: int = 100) -> list[int]:
    """Accesses in use that lack a confirmed subscription and were not refused one lately."""
    in_use = Access.objects.filter(
        status=Access.Status.IN_USE, profile__kind=Kind.STANDARD, environment__in=_reachable()
    ).exclude(rights=[])
    settled = in_use.filter(Q(answered_at__lte=at - SETTLE) | Q(environment=Environment.SANDBOX))
    own = EventSubscription.objects.filter(access=OuterRef("pk"))
    asked = Q(created_at__gt=at - RETRY) & (Q(altinn_id__isnull=False) | ~Q(refused_code=""))
    done = own.filter(Q(validated_at__isnull=False) | asked | Q(created_at__gt=at - UNANSWERED))
    return list(settled.exclude(Exists(done)).order_by("pk").values_list("pk", flat=True)[:limit])


def _reachable() -> list[str]:
    return [str(environment) for environment in Environment if can_subscribe(environment)]


def subscribe(*, access_id: int, at: datetime) -> None:
    """Subscribe to the access's resources for the customer. Raises Unavailable; a refusal is kept on the row."""
    access = Access.objects.select_related("customer", "profile__system__client").get(pk=access_id)
    for right in access.rights:
        _subscribe(access, f"urn:altinn:resource:{right}", at)


def _subscribe(access: Access, resource: str, at: datetime) -> None:
    secret = secrets.token_urlsafe(32)
    with transaction.atomic():
        row, _created = EventSubscription.objects.update_or_create(
            access=access,
            resource=resource,
            defaults={"secret_hash": hashed(secret), "created_at": at, "refused_code": "", "validated_at": None},
        )
        record(
            by=BY,
            at=at,
            target=row,
            what=AuditType.SUBSCRIBE,
            environment=access.environment,
            customer_id=access.customer_id,
        )
    gateway = events(access.environment)
    try:
        token = tokens.exchanged_token(access=access, scopes=SCOPES, at=at)
        answer = gateway.subscribe(
            endpoint=settings.PORTAL_URL + reverse("event-webhook", kwargs={"secret": secret}),
            resource=resource,
            subject=f"urn:altinn:organization:identifier-no:{access.customer.orgnr}",
            token=token,
        )
    except Refused as error:
        EventSubscription.objects.filter(pk=row.pk).update(refused_code=(error.code or str(error.status))[:50])
        return
    EventSubscription.objects.filter(pk=row.pk).update(altinn_id=answer.id)
    _remove_older(gateway, answer, token)


def _remove_older(gateway: Events, kept: Subscription, token: str) -> None:
    """Remove subscriptions with an older secret. Events of one that remains are answered 404."""
    ours = settings.PORTAL_URL + "/"
    try:
        for other in gateway.list(token=token):
            is_same = other.resource == kept.resource and other.endpoint.startswith(ours)
            if is_same and other.id != kept.id:
                gateway.delete(other.id, token=token)
    except GatewayError as error:
        logger.info("older subscriptions beside %s could not be removed: %s", kept.id, error)


def hashed(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


class UnknownSecret(Exception):
    """The secret is unknown: forged, or replaced."""


def receive(*, secret: str, event: CloudEvent, at: datetime) -> int | None:
    """Store one event. Returns the id of the cursor to poll now, None when there is nothing to do.

    Raises UnknownSecret. The same event twice changes nothing; one for another customer is dropped.
    """
    subscription = (
        EventSubscription.objects.select_related("access__customer").filter(secret_hash=hashed(secret)).first()
    )
    if subscription is None:
        raise UnknownSecret
    if event.type == VALIDATION:
        EventSubscription.objects.filter(pk=subscription.pk, validated_at__isnull=True).update(validated_at=at)
        return None
    subject = f"urn:altinn:organization:identifier-no:{subscription.access.customer.orgnr}"
    if event.type in IGNORED or event.subject != subject:
        return None
    _row, is_new = ReceivedEvent.objects.get_or_create(
        source=event.source[:500],
        event_id=event.id[:100],
        defaults={"subscription": subscription, "type": event.type[:200], "received_at": at},
    )
    return _wake(subscription.access_id, at) if is_new else None


def _wake(access_id: int, at: datetime) -> int | None:
    cursors.make_due(access_id=access_id, at=at)
    return PollCursor.objects.filter(access_id=access_id).values_list("pk", flat=True).first()


def forget_old(*, at: datetime) -> int:
    """Events older than Altinn keeps them (90 days) are no longer needed to detect duplicates."""
    count, _per_model = ReceivedEvent.objects.filter(received_at__lt=at - timedelta(days=90)).delete()
    return count
