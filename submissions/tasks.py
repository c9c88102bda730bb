"""The worker's side of the app: thin tasks over services. A message carries an id; the row is the truth.

Sweeps may run twice at once and find what a lost message left behind.
"""

from __future__ import annotations

import logging
from typing import Any

from celery import Task, shared_task
from django.utils import timezone

from portal.gateways.errors import Unavailable
from portal.models import LostRace
from submissions.services import documents, reconcile, send

logger = logging.getLogger(__name__)


@shared_task(bind=True, max_retries=8, acks_late=True, ignore_result=True)
def send_submission(self: Task[..., None], *, submission_id: int, **_: Any) -> None:
    """Send one submission; when a remote is away, ring again when it is due."""
    try:
        send.send(submission_id=submission_id, at=timezone.now())
    except LostRace:
        logger.info("submission %s is in other hands", submission_id)
    except Unavailable as error:
        wait = send.waiting_time(self.request.retries + 1, error.retry_after)
        raise self.retry(exc=error, countdown=wait.total_seconds()) from error


@shared_task(acks_late=True, ignore_result=True)
def reconcile_submission(*, submission_id: int, **_: Any) -> None:
    """Find out what became of one uncertain submission."""
    try:
        reconcile.reconcile(submission_id=submission_id, at=timezone.now())
    except LostRace:
        logger.info("submission %s is in other hands", submission_id)


@shared_task(ignore_result=True)
def sweep_submissions(**_: Any) -> None:
    """Ring for what is due in the queue, and take back what a dead worker left."""
    send.sweep_stale(at=timezone.now())
    for submission_id in send.due(at=timezone.now()):
        send_submission.delay(submission_id=submission_id)


@shared_task(ignore_result=True)
def reconcile_submissions(**_: Any) -> None:
    """Ring for the uncertain ones whose next look has come."""
    for submission_id in reconcile.due(at=timezone.now()):
        reconcile_submission.delay(submission_id=submission_id)


@shared_task(ignore_result=True)
def sweep_documents(**_: Any) -> None:
    """Remove stored files that no row names."""
    documents.sweep_orphans(at=timezone.now())
