"""The overview's lines for those who keep people: alarms that nobody has seen, and the quarter's look at who may do what."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.services import access_review
from accounts.services.alarms import of_environment
from portal.core.environments import Environment
from portal.core.next_step import list_of as _url
from portal.desk.counting import Counted
from portal.desk.todo import PEOPLE, Todo


def selections(environment: Environment, at: datetime) -> dict[str, QuerySet[Any]]:
    return {"alarms": of_environment(environment).filter(seen_at=None), "review": access_review.due(at=at)}


def about_alarms(environment: Environment, counts: Mapping[str, Counted]) -> list[Todo]:
    n = counts["alarms"].n
    title = ngettext("Alarm ingen har sett på", "Alarmer ingen har sett på", n)
    text = _("Noe i revisjonsloggen kan være misbruk.")
    page = _url(environment, "alarms", "state=unseen")
    review = _url(environment, "access-review")
    due = _("Ingen har gått gjennom listen dette kvartalet.")
    return [
        Todo(n, title, text, _("Se på dem"), page, is_urgent=True, may=PEOPLE, key="alarms"),
        Todo(counts["review"].n, _("Hvem har tilgang til hva?"), due, _("Gå gjennom"), review, may=PEOPLE),
    ]
