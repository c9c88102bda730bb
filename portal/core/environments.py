"""The three environments, and the base URLs of the outside services in each.

Test pairs test.maskinporten.no with Altinn TT02; the sandbox serves all services from one origin.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class Environment(models.TextChoices):
    SANDBOX = "SANDBOX", _("Sandkasse")
    TEST = "TEST", _("Test")
    PRODUCTION = "PRODUCTION", _("Produksjon")

    @property
    def slug(self) -> str:
        """The first URL segment of this environment."""
        return self.value.lower()

    @property
    def is_enabled(self) -> bool:
        return self.value in settings.ENVIRONMENTS


def from_slug(slug: str) -> Environment | None:
    """The enabled environment with this slug; None for any other text."""
    return next((e for e in Environment if e.slug == slug and e.is_enabled), None)


@dataclass(frozen=True)
class Addresses:
    """Base URLs without a trailing slash. The issuer is exact, as it is compared literally."""

    maskinporten: str
    issuer: str
    self_service: str
    self_service_web: str  # where a person does the same by hand
    platform: str
    skatteetaten_older: str
    skatteetaten_newer: str  # with {label} where the service's name goes
    skatteetaten_opened: str  # "forsendelse åpnet", called with a dialog token
    apps: str  # Altinn's apps, with {owner} where the owner of an app goes
    inbox: str  # Altinn's inbox, for people
    dialog: str  # the same, with one dialog open: {dialog_id}; not confirmed by Altinn's documentation
    business_register: str


_TEST = Addresses(
    maskinporten="https://test.maskinporten.no",
    issuer="https://test.maskinporten.no/",
    self_service="https://api.test.samarbeid.digdir.no",
    self_service_web="https://sjolvbetjening.test.samarbeid.digdir.no",
    platform="https://platform.tt02.altinn.no",
    skatteetaten_older="https://api-test.sits.no/api",
    skatteetaten_newer="https://{label}.api.skatteetaten-test.no/v1",
    skatteetaten_opened="https://forsendelseaapnet.dialog.skatteetaten-test.no",
    apps="https://{owner}.apps.tt02.altinn.no",
    inbox="https://af.tt02.altinn.no",
    dialog="https://af.tt02.altinn.no/inbox/{dialog_id}",
    business_register="https://data.brreg.no/enhetsregisteret/api",
)
_PRODUCTION = Addresses(
    maskinporten="https://maskinporten.no",
    issuer="https://maskinporten.no/",
    self_service="https://api.samarbeid.digdir.no",
    self_service_web="https://sjolvbetjening.samarbeid.digdir.no",
    platform="https://platform.altinn.no",
    skatteetaten_older="https://api.skatteetaten.no/api",
    skatteetaten_newer="https://{label}.api.skatteetaten.no/v1",
    skatteetaten_opened="https://forsendelseaapnet.dialog.skatteetaten.no",
    apps="https://{owner}.apps.altinn.no",
    inbox="https://af.altinn.no",
    dialog="https://af.altinn.no/inbox/{dialog_id}",
    business_register="https://data.brreg.no/enhetsregisteret/api",
)


def addresses(environment: str) -> Addresses:
    """Where the services of `environment` are."""
    if environment == Environment.SANDBOX:
        return _sandbox(str(settings.SANDBOX_URL))
    return _PRODUCTION if environment == Environment.PRODUCTION else _TEST


def _sandbox(origin: str) -> Addresses:
    return Addresses(
        maskinporten=f"{origin}/maskinporten",
        issuer=f"{origin}/maskinporten/",
        self_service=f"{origin}/maskinporten/admin",
        self_service_web=f"{origin}/control#clients",
        platform=f"{origin}/platform",
        skatteetaten_older=f"{origin}/skatteetaten/api",
        skatteetaten_newer=f"{origin}/skatteetaten/{{label}}/v1",
        skatteetaten_opened=f"{origin}/skatteetaten/forsendelseaapnet",
        apps=f"{origin}/apps",
        inbox=f"{origin}/control#dialogs",
        dialog=f"{origin}/control#dialogs",
        business_register=f"{origin}/brreg/enhetsregisteret/api",
    )
