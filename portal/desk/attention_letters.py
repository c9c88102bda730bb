"""The overview's lines about what Skatteetaten has written of its own accord."""

from __future__ import annotations

from collections.abc import Mapping
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


def selections(user: User, environment: Environment) -> dict[str, QuerySet[Any]]:
    return {
        "letters": Transmission.objects.visible_to(user, environment=environment).letters().unread(),
        "material": material.find_waiting(user=user, environment=environment),
    }


def about_letters(environment: Environment, counts: Mapping[str, Counted]) -> list[Todo]:
    n = counts["letters"].n
    title = ngettext("Nytt brev fra Skatteetaten", "Nye brev fra Skatteetaten", n)
    text = _("Ingen saksbehandler har åpnet det ennå.") if n == 1 else _("Ingen saksbehandler har åpnet dem ennå.")
    asked = counts["material"].n
    asks = ngettext("Skatteetaten ber en kunde om materiale", "Skatteetaten ber kunder om materiale", asked)
    give = _("Kunden skal sende inn noe, for eksempel regnskap i SAF-T.")
    return [
        Todo(asked, asks, give, _("Send inn"), list_of(environment, "dialogs", "state=material"), is_urgent=True),
        Todo(n, title, text, _("Les"), list_of(environment, "letters", "state=unread")),
    ]
