"""How long copies of dialogs are kept, with their letters, when they are no longer in the inbox or the customer has left.

What is in the inbox of a customer that is followed would come again with the next reading, so it is kept while it is there.
A dialog that belongs to the evidence of a report goes after it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from accounts.services.retention import archived
from portal.core import lease
from portal.core.audit import event, record_all
from portal.core.audit_events import AuditType
from portal.core.retention.rule import Rule
from submissions.models import Dialog, Document, Submission
from submissions.services.documents import forget


def _no_evidence() -> QuerySet[Dialog]:
    answered = Submission.objects.filter(answers=OuterRef("pk"))
    reported = Document.objects.filter(submission__transmissions__dialog=OuterRef("pk"))
    return Dialog.objects.filter(~Exists(answered), ~Exists(reported), lease.free(at=timezone.now()))


def _find(before: datetime) -> QuerySet[Dialog]:
    left = Q(gone_at__isnull=False) | Q(customer__archived_at__isnull=False)
    return _no_evidence().filter(left, content_updated_at__lt=before)


def _empty(dialogs: Sequence[Dialog], by: str, at: datetime) -> set[str]:
    """The copies of dialogs, transmissions and activities go, and the files that came with them."""
    documents = Document.objects.filter(transmission__dialog__in=dialogs)
    hashes = set(documents.values_list("sha256", flat=True))
    documents.delete()
    record_all(event(by=by, at=at, target=row, what=AuditType.DELETED, customer_id=row.customer_id) for row in dialogs)
    Dialog.objects.filter(pk__in=[row.pk for row in dialogs]).delete()
    return hashes


DIALOGS = Rule("dialogs", _find, _empty, forget=forget, of_customer=lambda pk: _no_evidence().filter(archived(pk)))
