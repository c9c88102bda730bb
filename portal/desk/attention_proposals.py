"""The overview's line of acts that wait for a second person, for those who may answer."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import Proposal, User
from accounts.services import proposals
from portal.core.environments import Environment
from portal.core.next_step import list_of
from portal.desk.counting import Counted
from portal.desk.todo import EVERYBODY, Todo


def selections(user: User, environment: Environment, at: datetime) -> dict[str, QuerySet[Proposal]]:
    return {"proposals": proposals.waiting(user=user, environment=environment, at=at)}


def about_proposals(environment: Environment, counts: Mapping[str, Counted]) -> list[Todo]:
    count = counts["proposals"].n
    title = ngettext("Handling venter på at du godkjenner", "Handlinger venter på at du godkjenner", count)
    text = _("Det krever to personer. Se over nøyaktig hva som blir gjort.")
    page = list_of(environment, "proposals")
    return [Todo(count, title, text, _("Se over"), page, is_urgent=True, may=EVERYBODY, key="proposals")]
