"""What each role may do in each environment, and what a charge opens for the whole installation. Every check asks here.

A role is given for one environment (`accounts.models.Grant`); a charge for the installation (`accounts.models.InstallationGrant`).
Which customers somebody sees is decided beside it: those of their portfolios, or all by an explicit grant.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.core.environments import Environment


class Role(models.TextChoices):
    ADMINISTRATOR = "ADMINISTRATOR", _("Administrator")
    CASE_WORKER = "CASE_WORKER", _("Saksbehandler")
    DEVELOPER = "DEVELOPER", _("Utvikler")
    READER = "READER", _("Lesetilgang")


class Capability(StrEnum):
    """The values are properties of User, by which guards and templates ask."""

    SEE = "may_see"
    WORK = "may_work"
    CONFIGURE = "may_configure"
    ADMINISTER = "is_administrator"

    @property
    def text(self) -> str:
        return str(_TEXTS[self])


_TEXTS = {
    Capability.SEE: _("Se kunder, innsendinger og dialoger"),
    Capability.WORK: _("Be om tilgang, sende og rette"),
    Capability.CONFIGURE: _("Nøkler, systemer og tilgangspakker"),
    Capability.ADMINISTER: _("Egne frister, tjenester, og alt om en kunde"),
}


class Charge(models.TextChoices):
    """What is kept for all environments at once."""

    PEOPLE = "PEOPLE", _("Folk og roller")
    VENDOR = "VENDOR", _("Hvem dere er")
    MAILS = "MAILS", _("E-post til kunder")
    OPERATION = "OPERATION", _("Drift")
    KEPT = "KEPT", _("Sikkerhetskopi og sletting")
    STORED = "STORED", _("Alt som er lagret")

    @property
    def may(self) -> str:
        """The property of User by which guards and templates ask."""
        return OPENS[self]


OPENS: dict[str, str] = {
    Charge.PEOPLE: "keeps_people",
    Charge.VENDOR: "keeps_vendor",
    Charge.MAILS: "keeps_mails",
    Charge.OPERATION: "operates",
    Charge.KEPT: "keeps_data",
    Charge.STORED: "is_staff",  # the name by which Django admin asks
}

ALWAYS = frozenset(Environment)
SEE, WORK, CONFIGURE, ADMINISTER = Capability
TABLE: dict[Role, dict[Capability, frozenset[Environment]]] = {
    Role.ADMINISTRATOR: {SEE: ALWAYS, WORK: ALWAYS, CONFIGURE: ALWAYS, ADMINISTER: ALWAYS},
    Role.CASE_WORKER: {SEE: ALWAYS, WORK: ALWAYS},
    Role.DEVELOPER: {SEE: ALWAYS, CONFIGURE: ALWAYS},
    Role.READER: {SEE: ALWAYS},
}
"""Role × capability × environments in which the role has it."""
NAMES = frozenset([*Capability, *OPENS.values()])
"""What a guard may ask for."""


def role_may(role: str, capability: Capability, environment: str) -> bool:
    return environment in TABLE[Role(role)].get(capability, ())


def roles_with(capability: Capability, environment: str) -> list[str]:
    return [role.value for role in Role if role_may(role, capability, environment)]


def enabled() -> Iterator[Environment]:
    return (environment for environment in Environment if environment.is_enabled)
