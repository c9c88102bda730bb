"""Webhooks as administrators make, change, test, stop and start them. Every act is recorded."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from django.db import transaction
from django.db.models import Max, QuerySet

from portal.core import enqueue
from portal.core.audit import record
from portal.core.audit_events import AuditType
from portal.core.environments import Environment
from portal.core.feed.event import FeedEvent
from portal.core.outbox.message import OutboxMessage, erased, seal
from portal.core.outbox.put import put, task_of
from portal.core.stale import check_unchanged
from portal.core.webhooks import addresses, bodies, sending
from portal.core.webhooks.row import Webhook

COLUMNS = ("url", "types")
SECRETS = ("secret", "old_secret", "old_secret_until", "older_secret", "older_secret_until")
MOST = 20
"""Webhooks of one environment."""
TEST = "test-"
"""The beginning of the id of a message that tells of nothing."""
Kind, Status = OutboxMessage.Kind, OutboxMessage.Status


class TooMany(Exception):
    """There are MOST in the environment."""


class NotThere(Exception):
    """The event is no longer kept: what it told can be asked for, not sent again."""


def find_webhooks(environment: Environment | str) -> QuerySet[Webhook]:
    return Webhook.objects.filter(environment=environment)


def make(
    *, environment: Environment | str, url: str, types: Collection[str], by: str, at: datetime
) -> tuple[Webhook, str]:
    """A new one, which is told what happens from now on, and its secret, which is shown once. Raises NotAllowed, TooMany."""
    addresses.check(url)
    secret = bodies.new_secret()
    with transaction.atomic():
        if find_webhooks(environment).count() >= MOST:
            raise TooMany
        newest = FeedEvent.objects.aggregate(last=Max("position"))["last"] or 0
        hook = Webhook.objects.create(
            environment=environment, url=url, types=sorted(types), secret=secret.encode(), position=newest, made_by=by,
            made_at=at,
        )  # fmt: skip
        record(by=by, at=at, target=hook, what=AuditType.WEBHOOK_MADE, host=hook.host, types=hook.types)
    return hook, secret


def change(*, hook: Webhook, url: str, types: Collection[str], by: str, at: datetime, seen: str | None = None) -> None:
    """Messages that wait go to the new address. Raises NotAllowed, and EditedMeanwhile when `seen`, the version of a form, is out of
    date.
    """
    addresses.check(url)
    with transaction.atomic():
        stored = Webhook.objects.select_for_update().get(pk=hook.pk)
        check_unchanged(stored, Webhook(url=url, types=sorted(types)), COLUMNS, seen=seen)
        hook.url, hook.types = url, sorted(types)
        Webhook.objects.filter(pk=hook.pk).update(url=hook.url, types=hook.types)
        record(by=by, at=at, target=hook, what=AuditType.WEBHOOK_CHANGED, host=hook.host, types=hook.types)


def rotate(*, hook: Webhook, old_for: timedelta, by: str, at: datetime) -> str:
    """A new secret, shown once. Messages are signed with the old one too for as long as `old_for`, and with the one before that at most
    as long: a button that is pressed twice, or by two people, takes no secret from the receiver that it knows.
    """
    secret = bodies.new_secret()
    with transaction.atomic():
        row = Webhook.objects.defer(None).select_for_update().get(pk=hook.pk)
        until = min(row.old_secret_until or at, at + old_for)
        is_valid = until > at
        row.older_secret, row.older_secret_until = (row.old_secret, until) if is_valid else (None, None)
        row.old_secret, row.old_secret_until = row.secret, at + old_for
        row.secret = secret.encode()
        row.save(update_fields=SECRETS)
        record(by=by, at=at, target=row, what=AuditType.WEBHOOK_SECRET_MADE)
    return secret


def stop(*, hook: Webhook, by: str, at: datetime) -> None:
    """Nothing is sent from now on; what happens meanwhile is sent when it is started again, as far as it is kept."""
    with transaction.atomic():
        if Webhook.objects.filter(pk=hook.pk, stopped_at=None).update(stopped_at=at):
            record(by=by, at=at, target=hook, what=AuditType.WEBHOOK_STOPPED)
            sending.park(hook)


def end_secrets(*, environment: str, by: str, at: datetime) -> int:
    """Of every webhook there: it is stopped, and its secrets are replaced by one that nobody has seen. To start it again, make a new
    secret first. Returns how many there are."""
    with transaction.atomic():
        rows = list(find_webhooks(environment))
        for hook in rows:
            stop(hook=hook, by=by, at=at)
            rotate(hook=hook, old_for=timedelta(), by=by, at=at)
    return len(rows)


def start(*, hook: Webhook, by: str, at: datetime) -> None:
    """Also after a machine paused it. What was given up is sent again first, in its order."""
    with transaction.atomic():
        rows = Webhook.objects.resting().filter(pk=hook.pk)
        if not rows.update(paused_at=None, stopped_at=None, failing_since=None, problem_code=""):
            return
        record(by=by, at=at, target=hook, what=AuditType.WEBHOOK_STARTED)
        mine = OutboxMessage.objects.filter(key__startswith=hook.prefix)
        mine.filter(status=Status.DEAD).update(status=Status.WAITING, status_at=at, **_anew(at))
        mine.filter(status=Status.WAITING).update(**_anew(at))
        enqueue.enqueue_by_name(task_of(Kind.WEBHOOK))


def remove(*, hook: Webhook, by: str, at: datetime) -> None:
    """What waits is not sent."""
    with transaction.atomic():
        unsent = OutboxMessage.objects.filter(key__startswith=hook.prefix).exclude(
            status__in=[Status.SENT, Status.CLOSED]
        )
        unsent.update(status=Status.CLOSED, **erased(at=at))
        record(by=by, at=at, target=hook, what=AuditType.WEBHOOK_REMOVED, host=hook.host)
        hook.delete()


def test(*, hook: Webhook, by: str, at: datetime) -> str:
    """Put a message that tells of nothing. Returns its key."""
    ident = f"{TEST}{uuid4()}"
    body = bodies.cloud_event(
        ident=ident, type=bodies.TEST, environment=hook.environment, subject=f"webhooks/{hook.pk}", at=at,
        data={}, sequence=None,
    )  # fmt: skip
    key = f"{hook.prefix}{ident}"
    with transaction.atomic():
        record(by=by, at=at, target=hook, what=AuditType.WEBHOOK_TESTED)
        put(kind=Kind.WEBHOOK, key=key, address=str(hook.pk), payload=body, at=at)
    return key


def send_again(*, hook: Webhook, message: OutboxMessage, by: str, at: datetime) -> None:
    """With the id that it had. Raises NotThere when what it told is no longer kept."""
    ident = message.key.removeprefix(hook.prefix)
    event = None if ident.startswith(TEST) else FeedEvent.objects.filter(uid=ident).first()
    if event is None:
        raise NotThere(message.key)
    with transaction.atomic():
        row = OutboxMessage.objects.defer(None).select_for_update().get(pk=message.pk)
        if row.status in (Status.WAITING, Status.SENDING):
            return
        again = {"status": Status.WAITING, "status_at": at, "sent_at": None, **_anew(at)}
        OutboxMessage.objects.filter(pk=row.pk).update(**again)
        row.sealed_address, row.sealed_payload = str(hook.pk).encode(), seal(bodies.body_of(event))
        row.save(update_fields=["sealed_address", "sealed_payload"])
        record(by=by, at=at, target=hook, what=AuditType.WEBHOOK_SENT_AGAIN, event=str(event.uid))
        enqueue.enqueue_by_name(task_of(Kind.WEBHOOK))


def _anew(at: datetime) -> dict[str, Any]:
    """The columns of a message that is due as if it had never failed."""
    return {"next_attempt_at": at, "give_up_at": None, "failures": 0, "problem_code": ""}


def messages_of(hook: Webhook) -> QuerySet[OutboxMessage]:
    """All that was put for it and is still kept."""
    return OutboxMessage.objects.filter(key__startswith=hook.prefix)
