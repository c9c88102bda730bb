"""Celery tasks of access: thin wrappers of services. A message carries an id; the row is the source of truth.

Two sweeps may run at once; they find rows whose message was lost.
"""

from __future__ import annotations

import logging
from typing import Any

from celery import Task, shared_task
from django.utils import timezone

from portal.core.states import LostRace
from portal.gateways.errors import Unavailable
from systemusers.services import access
from systemusers.services.access.send import waiting_time

logger = logging.getLogger(__name__)


@shared_task(bind=True, max_retries=8, acks_late=True, ignore_result=True)
def send_access(self: Task[..., None], *, access_id: int, **_: Any) -> None:
    """Send one request to Altinn; retry when Altinn is unavailable."""
    try:
        access.send_access(access_id=access_id, at=timezone.now())
    except LostRace:
        logger.info("access %s is held by another worker", access_id)
    except Unavailable as error:
        wait = waiting_time(self.request.retries + 1, error.retry_after)
        raise self.retry(exc=error, countdown=wait.total_seconds()) from error


@shared_task(acks_late=True, ignore_result=True)
def poll_access(*, access_id: int, **_: Any) -> None:
    """Ask Altinn about one access. The row has the time of the next attempt, so there is no retry here."""
    try:
        access.poll_access(access_id=access_id, at=timezone.now())
    except LostRace:
        logger.info("access %s is held by another worker", access_id)
    except Unavailable as error:
        logger.warning("access %s was not polled: %s", access_id, error)


@shared_task(acks_late=True, ignore_result=True)
def check_access(*, access_id: int, **_: Any) -> None:
    """Check whether one access was removed."""
    try:
        access.check_access(access_id=access_id, at=timezone.now())
    except LostRace:
        logger.info("access %s is held by another worker", access_id)
    except Unavailable as error:
        logger.warning("access %s was not looked into: %s", access_id, error)


@shared_task(ignore_result=True)
def sweep_accesses(**_: Any) -> None:
    """Enqueue rows to send and to poll."""
    due = access.sweep_accesses(at=timezone.now())
    for access_id in due.to_send:
        send_access.delay(access_id=access_id)
    for access_id in due.to_poll:
        poll_access.delay(access_id=access_id)


@shared_task(ignore_result=True)
def sweep_missing(**_: Any) -> None:
    """Enqueue checks of accesses that have been missing long enough."""
    for access_id in access.sweep_missing(at=timezone.now()):
        check_access.delay(access_id=access_id)


@shared_task(ignore_result=True)
def sweep_escalations(**_: Any) -> None:
    """Ring for the systems whose customers may have forwarded Altinn's request."""
    for system_id in access.systems_to_watch(at=timezone.now()):
        note_escalations.delay(system_id=system_id)


@shared_task(acks_late=True, ignore_result=True)
def note_escalations(*, system_id: int, **_: Any) -> None:
    """Read from Altinn's list which requests were forwarded in the company."""
    try:
        access.note_escalations(system_id=system_id, at=timezone.now())
    except Unavailable as error:
        logger.warning("Altinn's requests of system %s were not listed: %s", system_id, error)


@shared_task(ignore_result=True)
def reconcile_access(**_: Any) -> None:
    """Nightly: enqueue each system with accesses."""
    for system_id in access.systems_to_reconcile():
        reconcile_system.delay(system_id=system_id)


@shared_task(bind=True, max_retries=5, acks_late=True, ignore_result=True)
def reconcile_system(self: Task[..., None], *, system_id: int, **_: Any) -> None:
    """Compare one system's accesses with Altinn's list. Raises TooManyMissing when too many are missing."""
    try:
        access.reconcile_system(system_id=system_id, at=timezone.now())
    except Unavailable as error:
        raise self.retry(exc=error, countdown=error.retry_after or 300) from error
