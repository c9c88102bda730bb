"""The portal's own work in the background: sealing the audit trail, the outbox, deleting what is too old, the heartbeat."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from celery import Task, shared_task
from django.utils import timezone

from accounts.services import alarms, dormant, proposals
from portal.core import enqueue, heartbeat, removed
from portal.core.environments import Environment
from portal.core.feed import publish
from portal.core.outbox import delivery
from portal.core.outbox.message import OutboxMessage
from portal.core.queues import Purpose
from portal.core.retention import work as purging
from portal.core.trail import delivery as delivery_of_trail
from portal.core.trail import watch
from portal.core.webhooks import filling, sending
from portal.desk import trail
from portal.desk.kept.rules import RULES
from portal.desk.notifications import results, work
from portal.desk.webhooks import telling
from submissions.services.inbox import pace


@shared_task(ignore_result=True)
def seal_audit(**_: Any) -> None:
    """Seal the rows written since the last run, so that changes can be detected, and keep the newest seal outside the database."""
    if watch.seal_and_anchor(at=timezone.now()):
        trail.tell(at=timezone.now())


@shared_task(ignore_result=True)
def verify_audit(**_: Any) -> None:
    """A part of the verification of each night."""
    if watch.verify_part(at=timezone.now()):
        trail.tell(at=timezone.now())


@shared_task(ignore_result=True)
def deliver_trail(**_: Any) -> None:
    """Give what was sealed since the last run to the receiver of TRAIL_TO."""
    delivery_of_trail.deliver(at=timezone.now())


@shared_task(acks_late=True, ignore_result=True)
def send_outbox(**_: Any) -> None:
    """Send a batch of the messages whose time has come."""
    delivery.send_due(at=timezone.now())


@shared_task(acks_late=True, ignore_result=True)
def send_webhooks(**_: Any) -> None:
    """Send a batch of the messages to the vendor's own systems whose time and turn have come."""
    delivery.send_due(at=timezone.now(), kind=OutboxMessage.Kind.WEBHOOK)


@shared_task(ignore_result=True)
def publish_feed(**_: Any) -> None:
    """Give what happened its place in the feed, and put it into the outbox for those who want it."""
    while publish.publish() == publish.BATCH:
        pass
    filling.fill(at=timezone.now())


@shared_task(ignore_result=True)
def sweep_outbox(**_: Any) -> None:
    """Settle what dead workers left and what failed for too long, then send what is due and nobody was woken for."""
    sending.sweep(at=timezone.now())
    delivery.sweep(at=timezone.now())
    delivery.send_due(at=timezone.now())
    enqueue.enqueue_by_name(send_webhooks.name)


@shared_task(acks_late=True, ignore_result=True)
def tell_staff(**_: Any) -> None:
    """Mail to staff what they have chosen to be told and what became of webhooks, and note what became of earlier mails."""
    results.note_results(at=timezone.now())
    work.tell_due(at=timezone.now())
    telling.tell(at=timezone.now())


@shared_task(ignore_result=True)
def plan_purges(**_: Any) -> None:
    """Daily: say what is too old to be kept, before any of it is deleted."""
    purging.plan(RULES.values(), at=timezone.now())


@shared_task(acks_late=True, ignore_result=True)
def purge(**_: Any) -> None:
    """Delete what was planned long enough ago, and what a person has ordered."""
    purging.work(RULES, at=timezone.now())


@shared_task(ignore_result=True)
def oversee(**_: Any) -> None:
    """End the proposals that no second person has answered in time, and look for what may be misuse."""
    proposals.end_old(at=timezone.now())
    alarms.look(at=timezone.now())


@shared_task(ignore_result=True)
def close_dormant(**_: Any) -> None:
    """Daily: tell those whose account nobody uses, and close those who were told long enough ago."""
    dormant.close(at=timezone.now())


@shared_task(ignore_result=True)
def forget_removed(**_: Any) -> None:
    """Delete what was removed and can no longer be put back."""
    removed.forget_old(at=timezone.now())


@shared_task(ignore_result=True)
def measure_pace(**_: Any) -> None:
    """Measure over all customers how often they are followed, for the operator's page and the metrics."""
    for environment in Environment:
        if environment.is_enabled:
            pace.measure(environment=environment, at=timezone.now())


@shared_task(bind=True, ignore_result=True)
def record_heartbeat(self: Task[..., None], queue: str = Purpose.DEFAULT, **_: Any) -> None:
    """Write when beat sent this message, now that it has come through the broker and a worker of this queue to the database.

    A message without a send time proves nothing about beat, so it is not counted.
    """
    sent_at = (self.request.headers or {}).get("sent_at")
    if sent_at:
        heartbeat.record_beat(beat_at=datetime.fromisoformat(sent_at), at=timezone.now(), queues=[queue])
