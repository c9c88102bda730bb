"""The rules of what passes through: received events, and heaps of files that nobody uses any more."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db.models import QuerySet

from portal.core.audit import event, record_all
from portal.core.audit_events import AuditType
from portal.core.retention.rule import AT_ONCE, Rule, delete
from submissions.models import Heap, HeapFile, ReceivedEvent
from submissions.services.documents import forget


def _events(before: datetime) -> QuerySet[ReceivedEvent]:
    """Altinn keeps them for 90 days: older ones do not come again, so they need not be known."""
    return ReceivedEvent.objects.filter(received_at__lt=before)


def _heaps(before: datetime) -> QuerySet[Heap]:
    """Nobody has touched them since. Drafts that were made of them keep their files."""
    return Heap.objects.filter(touched_at__lt=before)


def _delete_heaps(heaps: Sequence[Heap], by: str, at: datetime) -> set[str]:
    hashes = set(HeapFile.objects.filter(heap__in=heaps).exclude(sha256="").values_list("sha256", flat=True))
    record_all(event(by=by, at=at, target=heap, what=AuditType.DELETED) for heap in heaps)
    Heap.objects.filter(pk__in=[heap.pk for heap in heaps]).delete()
    return hashes


EVENTS = Rule("events", _events, delete, notice=AT_ONCE, batch=2000)
HEAPS = Rule("heaps", _heaps, _delete_heaps, notice=AT_ONCE, batch=5, forget=forget)
