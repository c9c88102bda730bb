"""The overview's lines about what Skatteetaten has written of its own accord."""

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
from submissions.models import Transmission
from submissions.services import material
from submissions.services.casework.deadlines import Due, find_due


def selections(user: User, environment: Environment, at: datetime) -> dict[str, QuerySet[Any]]:
    """Each dialog once: one that asks for material by a day is among those with a deadline."""
    parts = (Due.OVERDUE, Due.WEEK, Due.LATER)
    return {
        **{f"answers_{part}": find_due(user=user, environment=environment, at=at, part=part) for part in parts},
        "letters": Transmission.objects.visible_to(user, environment=environment).current().letters().unread(),
        "material": material.find_waiting(user=user, environment=environment).filter(
            due_at__isnull=True, handled_at__isnull=True
        ),
    }


def about_letters(environment: Environment, counts: Mapping[str, Counted]) -> list[Todo]:
    n = counts["letters"].n
    title = ngettext("Nytt brev fra Skatteetaten", "Nye brev fra Skatteetaten", n)
    text = _("Ingen saksbehandler har åpnet det ennå.") if n == 1 else _("Ingen saksbehandler har åpnet dem ennå.")
    asked = counts["material"].n
    asks = ngettext("Skatteetaten ber en kunde om materiale", "Skatteetaten ber kunder om materiale", asked)
    give = _("Kunden skal sende inn noe, for eksempel regnskap i SAF-T. Ingen frist er satt.")
    return [
        *_about_answers(environment, counts),
        Todo(
            asked,
            asks,
            give,
            _("Send inn"),
            list_of(environment, "dialogs", f"state=material&due={Due.NONE}"),
            is_urgent=True,
            key="material",
        ),
        Todo(n, title, text, _("Les"), list_of(environment, "letters", "state=unread"), key="letters"),
    ]


def _about_answers(environment: Environment, counts: Mapping[str, Counted]) -> list[Todo]:
    """Dialogs that need an answer, by deadline; each line leads to exactly those."""
    late, week, later = (counts[f"answers_{part}"].n for part in (Due.OVERDUE, Due.WEEK, Due.LATER))
    give = _("Les dialogen, og svar på kundens vegne eller be kunden om det.")

    def line(n: int, title: str, text: str, part: Due, *, is_urgent: bool) -> Todo:
        url = list_of(environment, "dialogs", f"state=attention&due={part}")
        return Todo(n, title, text, _("Se hvem"), url, is_urgent=is_urgent, key=f"answers_{part}")

    is_late = ngettext("Dialog skulle vært besvart", "Dialoger skulle vært besvart", late)
    is_near = ngettext("Dialog skal besvares innen 7 dager", "Dialoger skal besvares innen 7 dager", week)
    is_far = ngettext("Dialog skal besvares senere", "Dialoger skal besvares senere", later)
    return [
        line(late, is_late, _("Fristen er ute. %(give)s") % {"give": give}, Due.OVERDUE, is_urgent=True),
        line(week, is_near, give, Due.WEEK, is_urgent=True),
        line(later, is_far, give, Due.LATER, is_urgent=False),
    ]
