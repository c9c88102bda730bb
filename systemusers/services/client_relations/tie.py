"""Ties clients to the customers that they are. A customer may be made anywhere, so a sweep does this too."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Exists, OuterRef, Subquery

from accounts.models import Customer
from portal.core.environments import Environment
from systemusers.models import ClientRelation, ClientRelationQuerySet


def tie_customers(*, at: datetime, rows: ClientRelationQuerySet | None = None) -> int:
    """Set the customer of those among `rows`, by default all, that are none yet and whose number is a customer's now."""
    rows = ClientRelation.objects.all() if rows is None else rows
    number = 0
    for environment in Environment:
        same = Customer.objects.filter(environment=environment, orgnr=OuterRef("orgnr"))
        untied = rows.filter(Exists(same), customer__isnull=True, access__environment=environment)
        number += untied.update(customer=Subquery(same.values("pk")[:1]), customer_at=at)
    return number
