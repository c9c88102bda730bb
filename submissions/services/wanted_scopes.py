"""The scopes of this app: Dialogporten, Altinn Events, letters, and every service that is on."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from submissions.services.catalogue import Openness, followed, local
from submissions.services.inbox.sources import LETTER_SCOPES
from submissions.services.inbox.subscriptions.asking import SCOPES as EVENTS
from submissions.services.remote import DIALOGPORTEN_SCOPES
from systemusers.services import wanted_scopes
from systemusers.services.wanted_scopes import Wanted


def of_submissions(environment: str) -> list[Wanted]:
    """Of services that are on, and that can be used in the environment."""
    settings = local(environment)
    return [
        *(Wanted(scope, _("Følge svarene i Dialogporten")) for scope in DIALOGPORTEN_SCOPES),
        *(Wanted(scope, _("Få varsel om nytt fra Altinn")) for scope in EVENTS),
        *(
            Wanted(scope, service.name)
            for service in followed(settings)
            if settings.is_on(service)
            and service.has_address(environment)
            and settings.openness(service) != Openness.CLOSED
            for scope in service.scopes
        ),
        *(Wanted(scope, _("Hente brev fra Skatteetaten")) for scope in LETTER_SCOPES),
    ]


def register() -> None:
    """Tell the app below which scopes this one uses."""
    wanted_scopes.SOURCES.append(of_submissions)
