"""The overview's lines about campaigns."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import User
from portal.core.environments import Environment
from portal.core.next_step import list_of
from portal.desk.counting import Counted
from portal.desk.todo import Todo
from systemusers.models import Campaign
from systemusers.services.campaigns import news


def selections(user: User, environment: Environment, at: datetime) -> dict[str, QuerySet[Any]]:
    seen = Campaign.objects.visible_to(user).filter(environment=environment)
    return {f"campaigns_{one.code}": seen.filter(one.condition) for one in news.groups(user=user, at=at)}


def about_campaigns(environment: Environment, counts: Mapping[str, Counted]) -> list[Todo]:
    stuck, ready, moving, done = (
        counts[f"campaigns_{name}"].n for name in ("stuck", "own-ready", "own-moving", "own-done")
    )  # fmt: skip
    return [
        Todo(
            stuck, ngettext("Kampanje står fast", "Kampanjer står fast", stuck),
            _("Vi prøver igjen så lenge portalen arbeider, men noe må trolig rettes først."), _("Se hvorfor"),
            list_of(environment, "campaigns", "state=stuck"),
        ),
        Todo(
            ready, ngettext("Kampanje venter på at du ser over", "Kampanjer venter på at du ser over", ready),
            _("Ingen er spurt ennå."), _("Se over"), list_of(environment, "campaigns", "state=own-ready"),
        ),
        Todo(
            moving, ngettext("Kampanje pågår", "Kampanjer pågår", moving), _("Se hvem som har svart."), _("Vis"),
            list_of(environment, "campaigns", "state=own-moving"),
        ),
        Todo(
            done, ngettext("Kampanje er ferdig", "Kampanjer er ferdige", done),
            _("Alle er spurt. Følg opp dem som ikke svarer."), _("Vis"), list_of(environment, "campaigns", "state=own-done"),
        ),
    ]  # fmt: skip
