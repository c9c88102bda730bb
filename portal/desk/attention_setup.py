"""Lines of the overview about what administrators keep: systems in Altinn's register, and messages that did not leave."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import User
from portal.core.environments import Environment
from portal.core.lease import lasting_problems
from portal.core.next_step import list_of as _url
from portal.desk.counting import Counted
from portal.desk.todo import CONFIGURE, STORED, Todo
from systemusers.models import FoundSystemUser, System, SystemRound
from systemusers.services import offered

Counts = Mapping[str, Counted]


def systems(environment: Environment, at: datetime) -> dict[str, QuerySet[Any]]:
    registered = System.objects.filter(environment=environment, status=System.Status.REGISTERED)
    stuck = lasting_problems(SystemRound.objects.filter(system=OuterRef("pk")))
    withdrawn = offered.troubled(environment, at=at)
    found = FoundSystemUser.objects.filter(system__in=registered)
    return {
        "drift": registered.exclude(drift=[]), "rounds": registered.filter(Exists(stuck)), "found": found.waiting(),
        "untaken": found.stuck(), "offered": withdrawn,
    }  # fmt: skip


def about_system(environment: Environment, counts: Counts) -> list[Todo]:
    text = _("Se forskjellene og oppdater Altinn.")
    title = _("Altinn har noe annet enn vi har om systemet")
    page = _url(environment, "systems")
    reason = _("Tilgangene kan ikke sammenlignes med det Altinn har.")
    n = counts["found"].n
    found = ngettext("Systembruker i Altinn følges ikke her", "Systembrukere i Altinn følges ikke her", n)
    why = _("Overta dem under systemet. Ingen kunder blir spurt på nytt.")
    late = _("Vi prøver igjen av oss selv.")
    return [
        Todo(
            counts["offered"].n,
            _("Altinn har endret en tilgangspakke eller rettighet i bruk"),
            _("Den er trukket tilbake, har skiftet navn, eller er for andre enn før."),
            _("Se hva"),
            _url(environment, "offered", "group=troubled"),
            may=CONFIGURE,
        ),
        Todo(n, found, why, _("Se dem"), page, may=CONFIGURE),
        Todo(counts["untaken"].n, _("Systembrukere lar seg ikke overta"), late, _("Se hvorfor"), page, may=CONFIGURE),
        Todo(counts["drift"].n, title, text, _("Se forskjellen"), page, may=CONFIGURE),
        Todo(
            counts["rounds"].n, _("Vi får ikke spurt Altinn om systemet"), reason, _("Se hvorfor"), page, may=CONFIGURE
        ),
    ]


def may_see_messages(user: User) -> bool:
    return user.is_staff or user.operates or user.may_configure


def about_messages(user: User, environment: Environment, counts: Counts) -> list[Todo]:
    """Mails and other messages that did not leave, in every environment: those who run the portal must look."""
    stopped = counts["messages"].n
    title = ngettext("Utgående melding er ikke sendt", "Utgående meldinger er ikke sendt", stopped)
    if not user.is_staff:
        text = _("Be den som drifter portalen om å se på dem i Django admin.")
        return [Todo(stopped, title, text, _("Vis"), _url(environment, "connection"), may=STORED)]
    text = _("Se hvorfor, og send på nytt eller avslutt.")
    url = reverse("admin:portal_outboxmessage_changelist") + "?needs=person"
    return [Todo(stopped, title, text, _("Se hvorfor"), url, may=STORED)]
