"""The portal's own periodic work: sealing the audit trail."""

from __future__ import annotations

from typing import Any

from celery import shared_task
from django.utils import timezone

from portal.core import audit_chain


@shared_task(ignore_result=True)
def seal_audit(**_: Any) -> None:
    """Seal the rows written since the last run, so that changes can be detected."""
    audit_chain.seal(at=timezone.now())
