"""How long answers to orders are kept. They name employees and what they are to pay, and are of use for a year at the most."""

from __future__ import annotations

import time
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from portal.core import lease
from portal.core.audit import record
from portal.core.audit_events import AuditType
from submissions.models import Document, Order
from submissions.services.documents import forget

ENDED = (Order.Status.FETCHED, Order.Status.FAILED, Order.Status.CANCELLED)
BATCH = 200
SWEEP_FOR = 200.0
"""Seconds: less than the time limit of the task."""
BY = "task:sweep_answers"


def find_old(*, at: datetime) -> QuerySet[Order]:
    """Orders that ended ORDER_ANSWERS_KEPT_DAYS ago and still have what was asked and answered."""
    since = at - timedelta(days=settings.ORDER_ANSWERS_KEPT_DAYS)
    return Order.objects.filter(lease.free(at=at), status__in=ENDED, status_at__lt=since, question__isnull=False)


def sweep_answers(*, at: datetime) -> int:
    """Delete questions, answers and their files of old orders; the orders and their history stay. Returns how many orders.

    Rows first, then bytes: what a crash leaves of the bytes is swept with other files without a row.
    """
    total, until = 0, time.monotonic() + SWEEP_FOR
    while time.monotonic() < until:
        with transaction.atomic():
            orders = list(find_old(at=at).order_by("pk").select_for_update(skip_locked=True)[:BATCH])
            hashes = _empty(orders, at)
        forget(hashes)
        total += len(orders)
        if len(orders) < BATCH:
            break
    return total


def _empty(orders: Iterable[Order], at: datetime) -> set[str]:
    """The hashes of the files whose rows are gone."""
    documents = Document.objects.filter(order__in=orders)
    hashes = set(documents.values_list("sha256", flat=True))
    documents.delete()
    Order.objects.filter(pk__in=[order.pk for order in orders]).update(question=None, facts=None)
    for order in orders:
        record(by=BY, at=at, target=order, what=AuditType.ANSWER_DELETED)
    return hashes
