"""The overview's lines about campaigns."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import User
from portal.core.environments import Environment
from portal.core.lease import lasting_problems
from portal.core.next_step import list_of
from portal.desk.counting import Counted
from portal.desk.todo import Todo
from systemusers.models import Campaign
from systemusers.services.campaigns import news

NEWS = timedelta(days=3)
"""So long a campaign that is done is told of."""
S = Campaign.Status


def selections(user: User, environment: Environment, at: datetime) -> dict[str, QuerySet[Any]]:
    """One's own, those done for who started them, and those that stand still also for who sees them."""
    seen = Campaign.objects.visible_to(user).filter(environment=environment)
    own = seen.filter(owner=user)
    return {
        "campaigns_stuck": lasting_problems(seen.filter(status__in=Campaign.MOVING)),
        "campaigns_ready": own.filter(status=S.READY),
        "campaigns_moving": own.filter(status__in=[S.RUNNING, S.PAUSED]),
        "campaigns_done": news.finished(user=user, since=at - NEWS).filter(environment=environment),
    }


def about_campaigns(environment: Environment, counts: Mapping[str, Counted]) -> list[Todo]:
    stuck, ready, moving, done = (
        counts[f"campaigns_{name}"].n for name in ("stuck", "ready", "moving", "done")
    )  # fmt: skip
    return [
        Todo(
            stuck, ngettext("Kampanje står fast", "Kampanjer står fast", stuck),
            _("Vi prøver igjen så lenge portalen arbeider, men noe må trolig rettes først."), _("Se hvorfor"),
            list_of(environment, "campaigns"),
        ),
        Todo(
            ready, ngettext("Kampanje venter på at du ser over", "Kampanjer venter på at du ser over", ready),
            _("Ingen er spurt ennå."), _("Se over"), list_of(environment, "campaigns", f"state={S.READY}"),
        ),
        Todo(
            moving, ngettext("Kampanje pågår", "Kampanjer pågår", moving), _("Se hvem som har svart."), _("Vis"),
            list_of(environment, "campaigns"),
        ),
        Todo(
            done, ngettext("Kampanje er ferdig", "Kampanjer er ferdige", done),
            _("Alle er spurt. Følg opp dem som ikke svarer."), _("Vis"), list_of(environment, "campaigns", f"state={S.DONE}"),
        ),
    ]  # fmt: skip
