"""Archives customers whose relation was ended, once nothing of theirs is under way. Documents are kept as for every customer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, Max, OuterRef, Q, QuerySet

from accounts.models import Customer, CustomerQuerySet
from portal.core.audit import event, record_all
from portal.core.audit_events import AuditType
from portal.core.retention import periods
from submissions.models import EventSubscription, Order, Submission
from submissions.services.inbox.subscriptions import asking
from systemusers.models import Access, ChangeRequest

BY = "task:archive_customers"
BATCH = 500
ASKING = {Access.Status.DRAFT, *Access.OPEN}


@dataclass(frozen=True)
class UnderWay:
    """What an ending relation waits for: numbers."""

    submissions: int
    orders: int
    questions: int


def under_way(customer: Customer) -> UnderWay:
    """Six queries. Reports for an accountant's clients go through its access, so they count too."""
    changes = ChangeRequest.objects.open().filter(access__customer=customer)
    return UnderWay(
        submissions=_concerned(Submission.objects.filter(status__in=Submission.UNDER_WAY), customer),
        orders=_concerned(Order.objects.filter(status__in=Order.UNDER_WAY), customer),
        questions=Access.objects.filter(customer=customer, status__in=ASKING).count() + changes.count(),
    )


def _concerned(rows: QuerySet[Any], customer: Customer) -> int:
    """Of the customer, or through its access: one after the other, since an OR of both reads the whole table."""
    through = rows.filter(access__customer=customer).exclude(customer=customer)
    return rows.filter(customer=customer).count() + through.count()


def answers_kept_until(customer: Customer) -> datetime | None:
    """When the last answer to an order for the customer is deleted; None without answers. Files of reports are not deleted."""
    newest = Order.objects.filter(customer=customer, question__isnull=False).aggregate(at=Max("status_at"))["at"]
    return periods.ends_at("order-answers", settings.KEPT["order-answers"], since=newest) if newest else None


def leaving() -> CustomerQuerySet:
    """Ended, and not archived."""
    return Customer.objects.filter(end_asked_at__isnull=False, archived_at__isnull=True)


def ready() -> CustomerQuerySet:
    """Of those that are leaving: nothing is under way."""
    own, through = Q(customer=OuterRef("pk")), Q(access__customer=OuterRef("pk"))
    reports, orders = (rows.objects.filter(status__in=rows.UNDER_WAY) for rows in (Submission, Order))
    return leaving().filter(
        *(~Exists(rows.filter(of)) for rows in (reports, orders) for of in (own, through)),
        ~Exists(Access.objects.filter(customer=OuterRef("pk"), status__in=ASKING)),
        ~Exists(ChangeRequest.objects.open().filter(access__customer=OuterRef("pk"))),
    )


def archive_ended(*, at: datetime) -> int:
    """Returns how many were archived. Safe to run twice at once: nothing new begins for an ended customer."""
    if not leaving().exists():
        return 0
    with transaction.atomic():
        locked = ready().select_for_update(of=("self",), no_key=True, skip_locked=True).order_by("pk")
        rows = list(locked[:BATCH])
        Customer.objects.filter(pk__in=[row.pk for row in rows]).update(archived_at=at)
        record_all(event(by=BY, at=at, target=row, what=AuditType.ARCHIVED, customer_id=row.pk) for row in rows)
        for row in rows:  # while the system user is there: nobody else can
            asking.end(EventSubscription.objects.filter(access__customer=row), at=at)
            asking.end(EventSubscription.objects.filter(client=row), at=at)
    return len(rows)
