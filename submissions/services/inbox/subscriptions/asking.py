"""Altinn is asked to call us, and to stop. Each address has a secret of its own, of which we keep the hash."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from functools import partial

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.urls import reverse

from accounts.models import followed
from portal.core import lease
from portal.core.audit import record
from portal.core.audit_events import AuditType
from portal.core.lease import Hold
from portal.core.problems import code_of
from portal.gateways import urns
from portal.gateways.errors import GatewayError, Refused
from portal.gateways.events import Events, Subscription
from submissions.models import EventSubscription
from submissions.services.inbox import cursors
from submissions.services.inbox.subscriptions import closed
from submissions.services.inbox.subscriptions.wanted import hashed, new_secret, reachable, wanted_of
from submissions.services.remote import events, with_token
from systemusers.models import Access
from systemusers.services import tokens

logger = logging.getLogger(__name__)
BY = "task:sweep_subscriptions"
SCOPES = ("altinn:events.subscribe",)
RETRY = timedelta(hours=6)
"""After this time a subscription that was refused, or that Altinn has not confirmed, is asked for again."""
TASK = "submissions.tasks.subscribe"
BATCH = 20
WITH_TOKEN = frozenset({*Access.USABLE, Access.Status.UNKNOWN})


def wanted() -> QuerySet[EventSubscription]:
    """Subscriptions that Altinn has not confirmed, of accesses in use that we can be called about."""
    rows = EventSubscription.objects.filter(
        followed("access__customer"),
        validated_at__isnull=True,
        ending_at__isnull=True,
        access__status=Access.Status.IN_USE,
        access__environment__in=reachable(),
    )
    return rows.select_related("client", "access__customer", "access__profile__system__client")


def ending() -> QuerySet[EventSubscription]:
    """Those that are to be removed, whatever became of their access."""
    rows = EventSubscription.objects.filter(ending_at__isnull=False)
    return rows.select_related("client", "access__customer", "access__profile__system__client")


def subscribe_due(*, at: datetime, limit: int = BATCH) -> int:
    """Ask Altinn for a batch of due subscriptions. Returns how many were taken."""
    return lease.work_batch(wanted(), subscribe, task=TASK, at=at, limit=limit, longest=RETRY)


def subscribe(hold: Hold[EventSubscription]) -> None:
    """Ask Altinn to call us, at an address with a new secret. A refusal is tried again after RETRY; of a
    resource that is closed to everybody, one is.

    An answer that Altinn does not confirm by a call within RETRY is asked for anew. Raises Unavailable and NoKey.
    """
    row, access, secret = hold.row, hold.row.access, new_secret()
    if (row.client_id, row.resource) not in wanted_of(access):
        remove(hold)  # the right was taken out of the access
        return
    if not closed.is_open(row, at=hold.now()):
        hold.postpone(closed.PROBE, problem_code=closed.POLICY)
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
                customer_id=row.customer.pk,
            )
    try:
        answer, token = with_token(access, SCOPES, partial(_ask, hold, secret), at=hold.now(), exchanged=True)
    except Refused as error:
        closed.note_refused(row, error, at=hold.now())
        hold.put_off(code=code_of(error), wait=RETRY, altinn_id=None)
        return
    closed.note_allowed(row, at=hold.now())
    hold.finish(next_attempt_at=hold.now() + RETRY, altinn_id=answer.id)
    _remove_older(events(access.environment), answer, token)


def _ask(hold: Hold[EventSubscription], secret: str, token: str) -> tuple[Subscription, str]:
    """The subscription, and the token that was taken. May be repeated: Altinn answers an equal question with what exists."""
    row, access = hold.row, hold.row.access
    hold.renew()
    answer = events(access.environment).subscribe(
        endpoint=settings.PORTAL_URL + reverse("event-webhook", kwargs={"secret": secret}),
        resource=row.resource,
        subject=urns.organisation(row.customer.orgnr),
        token=token,
    )
    return answer, token


def _remove_older(gateway: Events, kept: Subscription, token: str) -> None:
    """Remove subscriptions with an older secret. Events of one that remains are answered 404."""
    ours = settings.PORTAL_URL + "/"
    try:
        for other in gateway.list(token=token):
            is_same = (other.resource, other.subject) == (kept.resource, kept.subject) and other.endpoint.startswith(
                ours
            )
            if is_same and other.id != kept.id:
                gateway.delete(other.id, token=token)
    except GatewayError as error:
        logger.info("older subscriptions beside %s could not be removed: %s", kept.id, error)


def end(rows: QuerySet[EventSubscription], *, at: datetime) -> int:
    """They are to be removed, now."""
    return rows.filter(ending_at__isnull=True).update(ending_at=at, next_attempt_at=at)


def end_unwanted(*, at: datetime, limit: int = 1000, everything: bool = False) -> int:
    """Those of accesses that have ended. `everything`: not only lately, and those of customers that are followed no more."""
    ended = Q(access__in=cursors.recent(Access.objects.filter(status__in=Access.ENDED), at=at))
    if everything:
        ended = Q(access__status__in=Access.ENDED) | ~followed("access__customer")
    rows = EventSubscription.objects.filter(ended, ending_at__isnull=True)
    ids = list(rows.order_by("pk").values_list("pk", flat=True)[:limit])
    return end(EventSubscription.objects.filter(pk__in=ids), at=at)


def remove_due(*, at: datetime, limit: int = BATCH) -> int:
    """Remove a batch of the subscriptions that are no longer wanted. Returns how many were taken."""
    return lease.work_batch(ending(), remove, task=TASK, at=at, limit=limit, longest=RETRY)


def remove(hold: Hold[EventSubscription]) -> None:
    """From Altinn, then here. Without a token nobody can: Altinn drops the events of a system user that is gone."""
    row, access = hold.row, hold.row.access
    if access.status in WITH_TOKEN and (row.altinn_id is not None or row.attempts > 1):
        try:
            with_token(access, SCOPES, partial(_remove, hold), at=hold.now(), exchanged=True)
        except tokens.ABOUT_TOKEN as error:
            logger.info("subscription %s is dropped without a token: %s", row.pk, error)
    with transaction.atomic():
        hold.lock()
        record(
            by=BY,
            at=hold.now(),
            target=row,
            what=AuditType.UNSUBSCRIBE,
            environment=access.environment,
            customer_id=row.customer.pk,
        )
        row.delete()


def _remove(hold: Hold[EventSubscription], token: str) -> None:
    """By its id, or by its address where the answer with the id was lost."""
    gateway = events(hold.row.access.environment)
    hold.renew()
    for each in gateway.list(token=token):
        if each.id == hold.row.altinn_id or secret_hash_of(each) == hold.row.secret_hash:
            hold.renew()
            gateway.delete(each.id, token=token)


def secret_hash_of(remote: Subscription) -> str:
    """Of its address, as our rows keep it; "" for an address that is not ours."""
    ours = settings.PORTAL_URL + "/"
    return hashed(remote.endpoint.rsplit("/", 1)[-1]) if remote.endpoint.startswith(ours) else ""
