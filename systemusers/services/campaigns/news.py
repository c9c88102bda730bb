"""What a person who started a campaign is told of it, for the overview and for notifications."""

from __future__ import annotations

from datetime import datetime

from django.db.models import QuerySet

from accounts.models import User
from systemusers.models import Campaign


def finished(*, user: User, since: datetime) -> QuerySet[Campaign]:
    """The campaigns that `user` started, or resumed last, and whose customers have all been asked after `since`.

    In all environments, the newest first. `status_at` says when. A stopped campaign is no news: a person stopped it.
    """
    rows = Campaign.objects.visible_to(user).filter(ordered_by=user, status=Campaign.Status.DONE)
    return rows.filter(status_at__gt=since).order_by("-status_at", "-pk")
