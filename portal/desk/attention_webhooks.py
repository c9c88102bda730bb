"""The overview's line of webhooks whose receivers take nothing, for those who keep them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.core.environments import Environment
from portal.core.next_step import list_of
from portal.core.webhooks.row import Webhook
from portal.desk.counting import Counted
from portal.desk.todo import INTEGRATE, Todo


def selections(environment: Environment, at: datetime) -> dict[str, QuerySet[Webhook]]:
    return {"webhooks": Webhook.objects.filter(environment=environment).failing(at=at)}


def about_webhooks(environment: Environment, counts: Mapping[str, Counted]) -> list[Todo]:
    count = counts["webhooks"].n
    title = ngettext("Webhook der mottakeren ikke tar imot", "Webhooks der mottakeren ikke tar imot", count)
    text = _("Fagsystemet får ikke vite hva som skjer. Det som venter, sendes når det virker igjen.")
    return [Todo(count, title, text, _("Se hva"), list_of(environment, "webhooks", "state=failing"), may=INTEGRATE)]
