"""Celery tasks: thin wrappers of services. A message carries an id; the row is the source of truth.

Two sweeps may run at once; they find rows whose message was lost.
"""

from __future__ import annotations

import logging
from typing import Any

from celery import Task, shared_task
from django.utils import timezone

from portal.core.states import LostRace
from portal.gateways.errors import Unavailable
from submissions.services import documents, events, reconcile, send
from submissions.services.inbox import cursors, poll, pull

logger = logging.getLogger(__name__)


@shared_task(bind=True, max_retries=8, acks_late=True, ignore_result=True)
def send_submission(self: Task[..., None], *, submission_id: int, **_: Any) -> None:
    """Send one submission; retry when a remote is unavailable."""
    try:
        send.send(submission_id=submission_id, at=timezone.now())
    except LostRace:
        logger.info("submission %s is held by another worker", submission_id)
    except Unavailable as error:
        wait = send.waiting_time(self.request.retries + 1, error.retry_after)
        raise self.retry(exc=error, countdown=wait.total_seconds()) from error


@shared_task(acks_late=True, ignore_result=True)
def reconcile_submission(*, submission_id: int, **_: Any) -> None:
    """Find out what became of one uncertain submission."""
    try:
        reconcile.reconcile(submission_id=submission_id, at=timezone.now())
    except LostRace:
        logger.info("submission %s is held by another worker", submission_id)


@shared_task(ignore_result=True)
def sweep_submissions(**_: Any) -> None:
    """Enqueue due submissions, and release those of crashed workers."""
    send.sweep_stale(at=timezone.now())
    for submission_id in send.due(at=timezone.now()):
        send_submission.delay(submission_id=submission_id)


@shared_task(ignore_result=True)
def reconcile_submissions(**_: Any) -> None:
    """Enqueue UNCERTAIN submissions that are due."""
    for submission_id in reconcile.due(at=timezone.now()):
        reconcile_submission.delay(submission_id=submission_id)


@shared_task(ignore_result=True)
def sweep_documents(**_: Any) -> None:
    """Remove stored files that no row names."""
    documents.sweep_orphans(at=timezone.now())


@shared_task(acks_late=True, ignore_result=True)
def sweep_cursors(**_: Any) -> None:
    """Make cursors for new accesses, wake what waited for a key, and poll a batch of those that are due."""
    cursors.make_cursors(at=timezone.now())
    cursors.wake_those_with_a_key(at=timezone.now())
    poll.poll_due(at=timezone.now())


@shared_task(acks_late=True, ignore_result=True)
def poll_cursors(**_: Any) -> None:
    """Ask Dialogporten for a batch of system users whose time has come: after an event, or after a full batch."""
    poll.poll_due(at=timezone.now())


@shared_task(acks_late=True, ignore_result=True)
def pull_dialogs(**_: Any) -> None:
    """Pull a batch of the dialogs that moved or are not complete."""
    pull.pull_due(at=timezone.now())


@shared_task(acks_late=True, ignore_result=True)
def sweep_subscriptions(**_: Any) -> None:
    """Note the subscriptions that accesses in use lack, and ask Altinn for a batch of those that are due."""
    events.make_subscriptions(at=timezone.now())
    events.subscribe_due(at=timezone.now())


@shared_task(acks_late=True, ignore_result=True)
def subscribe(**_: Any) -> None:
    """Ask Altinn for a batch of subscriptions. Polling does not depend on them."""
    events.subscribe_due(at=timezone.now())


@shared_task(ignore_result=True)
def forget_events(**_: Any) -> None:
    """Drop received events that are too old to come again."""
    events.forget_old(at=timezone.now())
