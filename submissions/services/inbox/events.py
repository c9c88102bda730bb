"""Altinn Events as an accelerator: subscriptions for each access and resource, and the webhook that marks a cursor due.

An event only triggers a poll: changes are read from Dialogporten. Polling does not depend on events.
https://docs.altinn.studio/events/
"""

from __future__ import annotations

import hashlib
import logging
import secrets
from datetime import datetime, timedelta
from functools import cache, partial
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import BooleanField, Q, QuerySet
from django.db.models.expressions import RawSQL
from django.urls import reverse

from accounts.models import followed
from portal.core import enqueue, lease
from portal.core.audit import record
from portal.core.audit_events import AuditType
from portal.core.environments import Environment
from portal.core.lease import Hold
from portal.core.problems import code_of
from portal.gateways import urns
from portal.gateways.errors import GatewayError, Refused
from portal.gateways.events import CloudEvent, Events, Subscription
from submissions.models import EventSubscription, ReceivedEvent
from submissions.services import catalogue
from submissions.services.inbox import cursors, presence
from submissions.services.remote import events, with_token
from systemusers.models import Access, Kind

logger = logging.getLogger(__name__)
BY = "task:sweep_subscriptions"
SCOPES = ("altinn:events.subscribe",)
SETTLE = timedelta(minutes=2)
"""Altinn needs some time after an approval before all its services know the new system user."""
RETRY = timedelta(hours=6)
"""After this time a subscription that was refused, or that Altinn has not confirmed, is asked for again."""
TASK = "submissions.tasks.subscribe"
PULL_TASK = "submissions.tasks.pull_dialogs"
BATCH = 20
IGNORED = ("dialogporten.dialog.seen.v1",)
DELETED = "dialogporten.dialog.deleted.v1"
VALIDATION = "platform.events.validatesubscription"


def can_subscribe(environment: str) -> bool:
    """Altinn calls https addresses only; the sandbox also calls http."""
    address = urlsplit(settings.PORTAL_URL)
    return address.scheme == "https" or environment == Environment.SANDBOX


LACKING = """EXISTS (
    SELECT 1 FROM jsonb_array_elements_text({access}.rights) AS wanted(code) WHERE NOT EXISTS (
        SELECT 1 FROM {subscription} own
        WHERE own.access_id = {access}.id AND own.resource = '{prefix}' || wanted.code))"""
LACKING_BY_PACKAGE = """EXISTS (
    SELECT 1 FROM (VALUES {rows}) AS opened(environment, package, resource)
    WHERE opened.environment = {access}.environment AND jsonb_exists({access}.packages, opened.package) AND NOT EXISTS (
        SELECT 1 FROM {subscription} own WHERE own.access_id = {access}.id AND own.resource = opened.resource))"""


def make_subscriptions(*, at: datetime, limit: int = 500, everything: bool = False) -> int:
    """A row, due now, for each resource of an access in use that has none; returns how many were made. A resource is a single
    right, or what a package opens. Accountants have none: it would be one for each client and resource.

    `everything`: also of accesses whose state has not changed lately.
    """
    in_use: QuerySet[Access] = Access.objects.filter(
        followed(), status=Access.Status.IN_USE, profile__kind=Kind.STANDARD, environment__in=_reachable()
    )
    in_use = in_use if everything else cursors.recent(in_use, at=at)
    settled = in_use.filter(Q(answered_at__lte=at - SETTLE) | Q(environment=Environment.SANDBOX))
    tables = {"access": Access._meta.db_table, "subscription": EventSubscription._meta.db_table}
    words = {**tables, "prefix": urns.RESOURCE}
    is_lacking = RawSQL(LACKING.format(**words), (), output_field=BooleanField())  # noqa: S611 - no value inside
    lacking = settled.filter(is_lacking | _lacks_by_package(tables)).select_related("profile")
    settings = cache(catalogue.local)
    wanted = {
        (access.pk, resource)
        for access in lacking.order_by("pk")[:limit]
        for resource in catalogue.resources_of(access, settings(access.environment))
    }
    asked = EventSubscription.objects.filter(access__in={pk for pk, _resource in wanted})
    missing = sorted(wanted - set(asked.values_list("access_id", "resource")))
    EventSubscription.objects.bulk_create(
        [
            EventSubscription(
                access_id=pk, resource=resource, secret_hash=hashed(new_secret()), created_at=at, next_attempt_at=at
            )
            for pk, resource in missing
        ],
        ignore_conflicts=True,
    )
    return len(missing)


def _lacks_by_package(tables: dict[str, str]) -> RawSQL:
    """Whether a package of the access opens a resource of a followed service that has no subscription."""
    rows = [
        (environment, package, resource)
        for environment in _reachable()
        for service in catalogue.followed(catalogue.local(environment))
        for package in service.packages
        for resource in service.resource_urns
    ]
    sql = LACKING_BY_PACKAGE.format(rows=", ".join(["(%s, %s, %s)"] * len(rows)), **tables)
    return RawSQL(sql, [text for row in rows for text in row], output_field=BooleanField())  # noqa: S611 - values as parameters


def wanted() -> QuerySet[EventSubscription]:
    """Subscriptions that Altinn has not confirmed, of accesses in use that we can be called about."""
    rows = EventSubscription.objects.filter(
        followed("access__customer"),
        validated_at__isnull=True,
        access__status=Access.Status.IN_USE,
        access__environment__in=_reachable(),
    )
    return rows.select_related("access__customer", "access__profile__system__client")


def _reachable() -> list[str]:
    return [str(environment) for environment in Environment if can_subscribe(environment)]


def subscribe_due(*, at: datetime, limit: int = BATCH) -> int:
    """Ask Altinn for a batch of due subscriptions. Returns how many were taken."""
    return lease.work_batch(wanted(), subscribe, task=TASK, at=at, limit=limit, longest=RETRY)


def subscribe(hold: Hold[EventSubscription]) -> None:
    """Ask Altinn to call us, at an address with a new secret. A refusal is tried again after RETRY.

    An answer that Altinn does not confirm by a call within RETRY is asked for anew. Raises Unavailable and NoKey.
    """
    row, access, secret = hold.row, hold.row.access, new_secret()
    if row.resource not in catalogue.resources_of(access):
        row.delete()  # the right was taken out of the access
        return
    with transaction.atomic():
        hold.write(secret_hash=hashed(secret), created_at=hold.now(), validated_at=None)
        if not row.problem_code:
            record(
                by=BY,
                at=hold.now(),
                target=row,
                what=AuditType.SUBSCRIBE,
                environment=access.environment,
                customer_id=access.customer_id,
            )
    try:
        answer, token = with_token(access, SCOPES, partial(_ask, hold, secret), at=hold.now(), exchanged=True)
    except Refused as error:
        logger.warning("subscription %s was refused: %s", row.pk, error)
        hold.put_off(code=code_of(error), wait=RETRY, altinn_id=None)
        return
    hold.finish(next_attempt_at=hold.now() + RETRY, altinn_id=answer.id)
    _remove_older(events(access.environment), answer, token)


def _ask(hold: Hold[EventSubscription], secret: str, token: str) -> tuple[Subscription, str]:
    """The subscription, and the token that was taken. May be repeated: Altinn answers an equal question with what exists."""
    row, access = hold.row, hold.row.access
    hold.renew()
    answer = events(access.environment).subscribe(
        endpoint=settings.PORTAL_URL + reverse("event-webhook", kwargs={"secret": secret}),
        resource=row.resource,
        subject=urns.organisation(access.customer.orgnr),
        token=token,
    )
    return answer, token


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


def new_secret() -> str:
    return secrets.token_urlsafe(32)


def hashed(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


class UnknownSecret(Exception):
    """The secret is unknown: forged, or replaced."""


def receive(*, secret: str, event: CloudEvent, at: datetime) -> bool:
    """Store one event and make the cursor of its access due. False when there is nothing new to poll for.

    Raises UnknownSecret. The same event twice at one address changes nothing; one for another customer is dropped.
    """
    subscription = (
        EventSubscription.objects.select_related("access__customer").filter(secret_hash=hashed(secret)).first()
    )
    if subscription is None:
        raise UnknownSecret
    if event.type == VALIDATION:
        _confirm(subscription, at)
        return False
    subject = urns.organisation(subscription.access.customer.orgnr)
    if event.type in IGNORED or event.subject != subject:
        return False
    with transaction.atomic():
        _row, is_new = ReceivedEvent.objects.get_or_create(
            subscription=subscription,
            source=event.source[:500],
            event_id=event.id[:100],
            defaults={"type": event.type[:200], "received_at": at},
        )
        if is_new and event.type == DELETED:
            _note_deleted(subscription.access, event, at)
        return is_new and cursors.make_due(access_id=subscription.access_id, at=at)


def _note_deleted(access: Access, event: CloudEvent, at: datetime) -> None:
    """The list no longer has the dialog, so a poll would not see that it is gone."""
    try:
        dialog_id = UUID(event.dialog_id)
    except ValueError:
        return
    presence.note_deleted(
        environment=access.environment, dialog_id=str(dialog_id), customer_id=access.customer_id, at=at
    )
    enqueue.enqueue_by_name(PULL_TASK)


def _confirm(subscription: EventSubscription, at: datetime) -> None:
    """Altinn called the address of this subscription: it is not asked for again."""
    own = EventSubscription.objects.filter(pk=subscription.pk, secret_hash=subscription.secret_hash)
    own.filter(validated_at__isnull=True).update(validated_at=at, next_attempt_at=None, failures=0, problem_code="")
