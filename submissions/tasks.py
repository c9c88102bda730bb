"""Celery tasks: thin wrappers of services. A message wakes a worker, which claims due rows: the row is the source of truth.

Each may run twice at once.
"""

from __future__ import annotations

import logging
from typing import Any

from celery import shared_task
from django.utils import timezone

from portal.core.enqueue import enqueue_on_commit
from portal.gateways.errors import GatewayError
from submissions.services import documents, events, package_check, reconcile, send
from submissions.services.inbox import cursors, poll, pull
from systemusers.services.tokens import NoKey

logger = logging.getLogger(__name__)
POLL_BATCH = 50


@shared_task(acks_late=True, ignore_result=True)
def send_submissions(**_: Any) -> None:
    """Send a batch of due submissions. A full batch wakes one more worker, which takes the next."""
    send.send_due(at=timezone.now(), when_full=lambda: enqueue_on_commit(send_submissions))


@shared_task(acks_late=True, ignore_result=True)
def reconcile_submissions(**_: Any) -> None:
    """Find out what became of a batch of uncertain submissions."""
    reconcile.settle_due(at=timezone.now(), when_full=lambda: enqueue_on_commit(reconcile_submissions))


@shared_task(acks_late=True, ignore_result=True)
def check_packages(**_: Any) -> None:
    """Check the files of one draft that waits; a further message follows as long as there was one."""
    if package_check.run(at=timezone.now()):
        check_packages.apply_async(retry=False)


@shared_task(ignore_result=True)
def sweep_documents(**_: Any) -> None:
    """Remove stored files that no row names."""
    documents.sweep_orphans(at=timezone.now())


@shared_task(ignore_result=True)
def sweep_cursors(**_: Any) -> None:
    """Make cursors for new accesses, and enqueue due cursors in batches."""
    at = timezone.now()
    cursors.make_cursors(at=at)
    ids = cursors.claim(at=at)
    for start in range(0, len(ids), POLL_BATCH):
        poll_cursors.delay(cursor_ids=ids[start : start + POLL_BATCH])


@shared_task(acks_late=True, ignore_result=True)
def poll_cursors(*, cursor_ids: list[int], **_: Any) -> None:
    """Ask Dialogporten for a batch of system users that are leased to us."""
    for dialog_id in poll.poll(cursor_ids=cursor_ids, at=timezone.now()):
        pull_dialog.delay(dialog_id=dialog_id)


@shared_task(acks_late=True, ignore_result=True)
def poll_one(*, cursor_id: int, **_: Any) -> None:
    """Poll one system user after an event, unless another worker polls it."""
    at = timezone.now()
    for dialog_id in poll.poll(cursor_ids=cursors.claim(at=at, only=cursor_id), at=at):
        pull_dialog.delay(dialog_id=dialog_id)


@shared_task(acks_late=True, ignore_result=True)
def pull_dialog(*, dialog_id: int, **_: Any) -> None:
    """Pull one dialog; the row has the time of the next attempt."""
    try:
        pull.pull(dialog_id=dialog_id, at=timezone.now())
    except (GatewayError, NoKey) as error:
        logger.warning("dialog %s waits: %s", dialog_id, error)


@shared_task(ignore_result=True)
def sweep_dialogs(**_: Any) -> None:
    """Enqueue dialogs that are not complete."""
    for dialog_id in pull.due(at=timezone.now()):
        pull_dialog.delay(dialog_id=dialog_id)


@shared_task(ignore_result=True)
def sweep_subscriptions(**_: Any) -> None:
    """Subscribe to events for accesses in use that have no subscription yet."""
    for access_id in events.wanting(at=timezone.now()):
        subscribe_access.delay(access_id=access_id)


@shared_task(ignore_result=True)
def subscribe_access(*, access_id: int, **_: Any) -> None:
    """Subscribe for one access. Polling does not depend on it."""
    try:
        events.subscribe(access_id=access_id, at=timezone.now())
    except (GatewayError, NoKey) as error:
        logger.warning("access %s has no subscription yet: %s", access_id, error)


@shared_task(ignore_result=True)
def forget_events(**_: Any) -> None:
    """Drop received events that are too old to come again."""
    events.forget_old(at=timezone.now())
