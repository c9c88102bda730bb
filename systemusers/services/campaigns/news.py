"""Which campaigns the overview tells a person of: groups of the list of campaigns, which the overview counts and leads to."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from portal.core.filters import Group
from portal.core.lease import LASTING
from systemusers.models import Campaign

NEWS = timedelta(days=3)
"""So long a campaign that is done is told of."""
S = Campaign.Status


def groups(*, user: User, at: datetime) -> list[Group]:
    """Those that stand still of whoever sees them, one's own, and those done for who started, or resumed last.

    A stopped campaign is no news: a person stopped it.
    """
    done = Q(ordered_by=user, status=S.DONE, status_at__gt=at - NEWS)
    return [
        Group("stuck", _("Står fast"), LASTING & Q(status__in=Campaign.MOVING), is_hidden=True),
        Group("own-ready", _("Venter på at du ser over"), Q(owner=user, status=S.READY), is_hidden=True),
        Group("own-moving", _("Dine som pågår"), Q(owner=user, status__in=[S.RUNNING, S.PAUSED]), is_hidden=True),
        Group("own-done", _("Dine som nettopp er ferdige"), done, is_hidden=True),
    ]
