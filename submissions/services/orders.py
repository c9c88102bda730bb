"""Orders for retrieval services: made here, worked on by the adapter's `order` and `fetch`."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from accounts.models import Customer
from portal.core.audit import record
from portal.core.audit_events import AuditType
from submissions.models import Order
from submissions.period import Period
from submissions.services import catalogue
from systemusers.models import Access


class NotAllowed(Exception):
    """The access does not allow the service. The text says why, in the user's language."""


def create_order(*, access: Access, customer: Customer, service: str, period: Period, by: str, at: datetime) -> Order:
    """A QUEUED order about `customer` with the rights of `access`, due now. Raises NotAllowed, catalogue.UnknownService."""
    availability = catalogue.availability(access=access, service=catalogue.service(service), customer=customer)
    if not availability.is_allowed:
        raise NotAllowed(availability.reason)
    with transaction.atomic():
        order = Order.objects.create(
            environment=access.environment,
            customer=customer,
            access=access,
            service=service,
            status_at=at,
            created_by=by,
            created_at=at,
            next_attempt_at=at,
            **period.columns(),
        )
        record(by=by, at=at, target=order, what=AuditType.CREATED, service=service, period=str(period))
    return order
