"""Deletes heaps, with the stored files that nothing else names. Drafts that were made of a heap keep theirs."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from portal.core.audit import record
from portal.core.audit_events import AuditType
from submissions.models import Heap
from submissions.services.documents import forget


def delete(*, heap: Heap, by: str, at: datetime) -> None:
    """The rows first, then the bytes. What is left of the bytes after a crash is swept with other files without a row."""
    with transaction.atomic():
        if not Heap.objects.select_for_update().filter(pk=heap.pk):
            return
        hashes = set(heap.files.exclude(sha256="").values_list("sha256", flat=True))
        record(by=by, at=at, target=heap, what=AuditType.DELETED)
        heap.delete()
    forget(hashes)
