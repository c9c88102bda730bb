"""The overview's lines about mails to staff that do not arrive: one's own, and for administrators those of colleagues."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import NotificationPlan, User
from portal.core.environments import Environment
from portal.core.next_step import list_of
from portal.desk.counting import Counted
from portal.desk.todo import EVERYBODY, PEOPLE, Todo


def selections(user: User) -> dict[str, QuerySet[Any]]:
    refused = NotificationPlan.objects.filter(refused_at__isnull=False, user__is_active=True)
    others = refused.exclude(user=user) if user.keeps_people else refused.none()
    return {"own_mail": refused.filter(user=user), "staff_mail": others}


def about_notices(environment: Environment, counts: Mapping[str, Counted]) -> list[Todo]:
    page, others = list_of(environment, "account"), counts["staff_mail"].n
    own = _("E-postserveren tar ikke imot e-post til deg")
    text = _("Se over adressen din, så sender vi varslene på nytt.")
    title = ngettext("Ansatt får ikke varslene sine", "Ansatte får ikke varslene sine", others)
    mend = _("E-postserveren avviser adressen. Rett den, så sendes varslene på nytt.")
    return [
        Todo(counts["own_mail"].n, own, text, _("Se hvorfor"), page, may=EVERYBODY),
        Todo(others, title, mend, _("Se hvem"), page, may=PEOPLE),
    ]
