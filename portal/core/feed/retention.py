"""The rule of what happened: a receiver that was away for so long asks for the states themselves."""

from __future__ import annotations

from datetime import datetime

from django.db.models import QuerySet, Subquery

from portal.core.feed.event import FeedEvent
from portal.core.retention.rule import AT_ONCE, Rule, delete


def _old(before: datetime) -> QuerySet[FeedEvent]:
    """The newest of all stays: by it a reader is told that what followed its cursor is gone."""
    newest = FeedEvent.objects.filter(position__isnull=False).order_by("-position").values("position")[:1]
    return FeedEvent.objects.filter(at__lt=before, position__lt=Subquery(newest))


FEED = Rule("feed", _old, delete, notice=AT_ONCE, batch=2000)
