"""The overview's lines about accesses."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy, ngettext_lazy

from accounts.models import User
from portal.core.environments import Environment
from portal.core.filters import conditions
from portal.core.next_step import list_of as _url
from portal.desk.counting import Counted
from portal.desk.todo import CONFIGURE, WORK, Todo
from systemusers.models import Access
from systemusers.services import listing

Counts = Mapping[str, Counted]

ABOUT_ACCESS = [  # key, title, text, action, group in the list's filter: its rows are counted
    (
        "failed",
        ngettext_lazy("Forespørsel kom ikke fram til Altinn", "Forespørsler kom ikke fram til Altinn", "n"),
        gettext_lazy("Altinn sa nei, og sa hvorfor."),
        gettext_lazy("Rett"),
        "REFUSED",
    ),
    (
        "stuck",
        ngettext_lazy("Tilgang står fast", "Tilganger står fast", "n"),
        gettext_lazy("Vi prøver igjen så lenge portalen arbeider, men noe må trolig rettes først."),
        gettext_lazy("Se hvorfor"),
        "STUCK",
    ),
    (
        "childless",
        ngettext_lazy("Regnskapsfører har ingen klienter", "Regnskapsførere har ingen klienter", "n"),
        gettext_lazy("Tilgangen er godkjent, men klientene må legges til i Altinn før dere kan sende."),
        gettext_lazy("Følg opp"),
        "CHILDLESS",
    ),
    (
        "unread",
        ngettext_lazy(
            "Regnskapsfører vi ikke får lest klientene til", "Regnskapsførere vi ikke får lest klientene til", "n"
        ),
        gettext_lazy("Vi prøver igjen av oss selv, men noe må trolig rettes først."),
        gettext_lazy("Se hvorfor"),
        "UNREAD",
    ),
    (
        "changes",
        ngettext_lazy("Endring av en tilgang står fast", "Endringer av tilganger står fast", "n"),
        gettext_lazy("Altinn sa nei, eller svarer ikke. Det kundene har godkjent, virker som før."),
        gettext_lazy("Se hvorfor"),
        "CHANGE",
    ),
    (
        "rights",
        ngettext_lazy("Tilgang der vi ikke får vite rettighetene", "Tilganger der vi ikke får vite rettighetene", "n"),
        gettext_lazy("Vi prøver igjen av oss selv, men noe må trolig rettes først."),
        gettext_lazy("Se hvorfor"),
        "RIGHTS",
    ),
    (
        "unknown",
        ngettext_lazy("Tilgang er uavklart", "Tilganger er uavklart", "n"),
        gettext_lazy(
            "Altinn og Maskinporten sier ikke det samme. Vi undersøker så lenge portalen arbeider, og ingenting sendes imens."
        ),
        gettext_lazy("Se tilgangene"),
        "UNSETTLED",
    ),
    (
        "outdated",
        ngettext_lazy("Tilgang må oppdateres", "Tilganger må oppdateres", "n"),
        gettext_lazy("Profilen ber om noe annet enn kunden har godkjent. Det som er godkjent, virker som før."),
        gettext_lazy("Be om endring"),
        "OUTDATED",
    ),
    (
        "unsent",
        ngettext_lazy("Forespørsel er ikke sendt ennå", "Forespørsler er ikke sendt ennå", "n"),
        gettext_lazy("Den skulle gått av seg selv for over ti minutter siden."),
        gettext_lazy("Se hvorfor"),
        "UNSENT",
    ),
    (
        "removed",
        ngettext_lazy("Kunde har fjernet tilgangen", "Kunder har fjernet tilgangen", "n"),
        gettext_lazy("Vi kan ikke lenger sende for dem."),
        gettext_lazy("Se kundene"),
        "REMOVED",
    ),
    (
        "rejected",
        ngettext_lazy("Kunde har avvist forespørselen", "Kunder har avvist forespørselen", "n"),
        gettext_lazy("Ring dem før du spør på nytt."),
        gettext_lazy("Følg opp"),
        "REJECTED",
    ),
    (
        "expired",
        ngettext_lazy("Forespørsel er utløpt", "Forespørsler er utløpt", "n"),
        gettext_lazy("Når du fornyer, virker lenken igjen."),
        gettext_lazy("Forny"),
        "EXPIRED",
    ),
    (
        "untold",
        ngettext_lazy("Kunde er ikke varslet", "Kunder er ikke varslet", "n"),
        gettext_lazy("Altinn har forespørselen, men kunden har ikke fått lenken fra portalen."),
        gettext_lazy("Send lenken"),
        "UNTOLD",
    ),
    (
        "unreached",
        ngettext_lazy("E-post til en kunde kom ikke fram", "E-poster til kunder kom ikke fram", "n"),
        gettext_lazy("Se over adressen, eller varsle kunden på en annen måte."),
        gettext_lazy("Følg opp"),
        "MAIL",
    ),
    (
        "unopened",
        ngettext_lazy(
            "Kunde har ikke åpnet lenken på over sju dager", "Kunder har ikke åpnet lenken på over sju dager", "n"
        ),
        gettext_lazy("Send lenken på nytt, eller ring."),
        gettext_lazy("Følg opp"),
        "UNOPENED_LONG",
    ),
    (
        "forwarded",
        ngettext_lazy(
            "Forespørsel har ligget hos tilgangsstyrer i over sju dager",
            "Forespørsler har ligget hos tilgangsstyrer i over sju dager",
            "n",
        ),
        gettext_lazy("Ring kunden og spør hvem som kan godkjenne."),
        gettext_lazy("Følg opp"),
        "FORWARDED_LONG",
    ),
]

TECHNICAL = {"unread", "rights", "unknown", "unsent", "stuck"}
"""Lines whose cause is in the connection, so that whoever keeps it can mend it."""
OWED = {"failed", "unsent", "untold", "unreached", "unopened", "forwarded"}
"""Lines of drafts and open questions."""


def selections(user: User, environment: Environment, at: datetime) -> dict[str, QuerySet[Any]]:
    """The rows of each line's group. What is `owed` anyway is not asked whether its customer has left."""
    seen = Access.objects.visible_to(user).filter(environment=environment)
    rows, groups = seen.current(), conditions(listing.groups(at))
    return {
        key: (seen if key in OWED else rows).filter(groups[group])
        for key, _title, _text, _action, group in ABOUT_ACCESS
    }


def about_accesses(environment: Environment, counts: Counts) -> list[Todo]:
    return [
        Todo(
            counts[key].n,
            str(title % {"n": counts[key].n}),
            str(text),
            str(action),
            _url(environment, "accesses", f"status={group}"),
            may=CONFIGURE if key in TECHNICAL else WORK,
            key=key,
        )
        for key, title, text, action, group in ABOUT_ACCESS
    ]
