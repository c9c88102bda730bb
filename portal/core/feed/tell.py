"""Write what happened, in the transaction of what it tells."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import NAMESPACE_URL, uuid5

from django.db import models

from portal.core.bulk import insert_rows
from portal.core.feed.event import FeedEvent, Type

COLLECTIONS = {
    "systemusers.Access": ("accesses", "reference"),
    "systemusers.Campaign": ("campaigns", "pk"),
    "systemusers.SigningKey": ("keys", "pk"),
    "submissions.Submission": ("submissions", "reference"),
    "submissions.Dialog": ("dialogs", "pk"),
    "submissions.Document": ("documents", "pk"),
    "submissions.Order": ("orders", "reference"),
}
"""The names by which the API knows rows of these models, and the field that names one."""


def subject_of(row: models.Model) -> str:
    collection, name = COLLECTIONS[row._meta.label]
    return f"{collection}/{getattr(row, name)}"


def told(type: Type, row: models.Model, *, at: datetime, environment: str = "", **data: object) -> FeedEvent:
    """What `tell` writes, not written yet. `environment`: of a row that has none of its own."""
    return FeedEvent(
        environment=environment or getattr(row, "environment", ""),
        type=type,
        subject=subject_of(row),
        customer_id_ref=getattr(row, "customer_id", None),
        data=data,
        at=at,
    )


def tell_once(event: FeedEvent, *, key: str) -> None:
    """`tell` of what a worker finds again and again: by its `key` it is told once."""
    event.uid = uuid5(NAMESPACE_URL, f"{event.environment}:{event.type}:{key}")
    FeedEvent.objects.bulk_create([event], ignore_conflicts=True)


def tell(events: Iterable[FeedEvent]) -> None:
    """All in one statement."""
    insert_rows(list(events), "uid", "environment", "type", "subject", "customer_id_ref", "data", "at")
