"""The rule of clicks: when a customer opened our link. After a while only the month of it is kept, which the counts need."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from django.db.models import F, QuerySet
from django.db.models.functions import TruncMonth

from portal.core.retention.rule import AT_ONCE, Rule
from systemusers.models import Access

MONTH = TruncMonth("opened_at", tzinfo=UTC)


def _find(before: datetime) -> QuerySet[Access]:
    return Access.objects.alias(month=MONTH).filter(opened_at__lt=before).exclude(opened_at=F("month"))


def _empty(accesses: Sequence[Access], by: str, at: datetime) -> set[str]:
    Access.objects.filter(pk__in=[access.pk for access in accesses]).update(opened_at=MONTH)
    return set()


def _of_customer(pk: int) -> QuerySet[Access]:
    clicked = Access.objects.alias(month=MONTH).filter(customer=pk, customer__archived_at__isnull=False)
    return clicked.filter(opened_at__isnull=False).exclude(opened_at=F("month"))


CLICKS = Rule("clicks", _find, _empty, notice=AT_ONCE, batch=2000, of_customer=_of_customer)
