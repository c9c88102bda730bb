"""How long answers to orders are kept. They name employees and what they are to pay, and are of use for a year at the most."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db.models import QuerySet
from django.utils import timezone

from accounts.services.retention import archived
from portal.core import lease
from portal.core.audit import event, record_all
from portal.core.audit_events import AuditType
from portal.core.retention.rule import Rule
from submissions.models import Document, Order
from submissions.services.documents import forget

ENDED = (Order.Status.FETCHED, Order.Status.FAILED, Order.Status.CANCELLED)


def _ended() -> QuerySet[Order]:
    """Orders that have come to their end and still have what was asked and answered."""
    return Order.objects.filter(lease.free(at=timezone.now()), status__in=ENDED, question__isnull=False)


def _empty(orders: Sequence[Order], by: str, at: datetime) -> set[str]:
    """Questions, answers and their files go; the orders and their history stay."""
    documents = Document.objects.filter(order__in=orders)
    hashes = set(documents.values_list("sha256", flat=True))
    documents.delete()
    Order.objects.filter(pk__in=[order.pk for order in orders]).update(question=None, facts=None)
    record_all(event(by=by, at=at, target=order, what=AuditType.ANSWER_DELETED) for order in orders)
    return hashes


ANSWERS = Rule(
    "order-answers",
    lambda before: _ended().filter(status_at__lt=before),
    _empty,
    forget=forget,
    of_customer=lambda pk: _ended().filter(archived(pk)),
)
