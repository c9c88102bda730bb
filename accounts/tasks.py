"""Celery tasks of accounts. A message carries no ids; the rows say what is due."""

from __future__ import annotations

from typing import Any

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from accounts.services import freshness
from accounts.services.imports import work
from portal.core import enqueue


@shared_task(acks_late=True, ignore_result=True)
def refresh_customers(**_: Any) -> None:
    """Ask the business register again about the customers whose look-up is old."""
    freshness.refresh_due(at=timezone.now(), environments=list(settings.ENVIRONMENTS))


@shared_task(acks_late=True, ignore_result=True)
def import_customers(**_: Any) -> None:
    """Work on the import that has waited longest: judge its rows, store them, or take them back."""
    if work.run(at=timezone.now()):
        enqueue.enqueue_on_commit(import_customers)
