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
    INTEGRATE = "keeps_integrations"

    @property
    def text(self) -> str:
        return str(_TEXTS[self])


_TEXTS = {
    Capability.SEE: _("Se kunder, innsendinger og dialoger"),
    Capability.WORK: _("Be om tilgang, sende og rette"),
    Capability.CONFIGURE: _("Nøkler, systemer og tilgangspakker"),
    Capability.ADMINISTER: _("Egne frister, tjenester, og alt om en kunde"),
    Capability.INTEGRATE: _("Integrasjoner: systemene som bruker API-et"),
}


class Scope(models.TextChoices):
    """What an integration may do. What it may see of it is decided beside: customers of its portfolios, or all."""

    CUSTOMERS_READ = "customers:read", _("Se kunder")
    CUSTOMERS_WRITE = "customers:write", _("Legge inn og endre kunder")
    ACCESSES_READ = "accesses:read", _("Se tilganger og lenkene til kundene")
    ACCESSES_WRITE = "accesses:write", _("Be om tilgang, trekke tilbake og fornye")
    SUBMISSIONS_READ = "submissions:read", _("Se innsendinger og hva som kan sendes")
    SUBMISSIONS_WRITE = "submissions:write", _("Lage kladder, legge til filer og rette")
    SUBMISSIONS_SEND = "submissions:send", _("Sende og avbryte")
    DOCUMENTS_READ = "documents:read", _("Hente filer, tilbakemeldinger og bevispakker")
    EVENTS_READ = "events:read", _("Lese hva som har skjedd")
    ORDERS_READ = "orders:read", _("Se bestillinger og hva som kan bestilles")
    ORDERS_WRITE = "orders:write", _("Bestille skattekort, krav og frister, og avbryte")
    ANSWERS_READ = "answers:read", _("Hente svarene på bestillinger, også med fødselsnumre")
    DIALOGS_READ = "dialogs:read", _("Se dialoger og brev")
    DIALOGS_WRITE = "dialogs:write", _("Gi dialoger til noen, og merke dem som ferdige")


CHANGES = frozenset({
    Scope.CUSTOMERS_WRITE, Scope.ACCESSES_WRITE, Scope.SUBMISSIONS_WRITE, Scope.SUBMISSIONS_SEND, Scope.ORDERS_WRITE,
    Scope.ANSWERS_READ, Scope.DIALOGS_WRITE,
})  # fmt: skip
"""Scopes for which an employee, when one is named, needs the capability WORK: changes, and answers that may name people."""


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
SEE, WORK, CONFIGURE, ADMINISTER, INTEGRATE = Capability
TABLE: dict[Role, dict[Capability, frozenset[Environment]]] = {
    Role.ADMINISTRATOR: dict.fromkeys(Capability, ALWAYS),
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
