"""The scopes that the portal uses, what each is for, and who grants it. Offered when a client is added, and in the guide.

Scopes of the submissions app are registered by it (`SOURCES`), as that app knows the service catalogue.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.utils.translation import gettext_lazy as _

from systemusers.services.access.answers import READ, WRITE
from systemusers.services.authorised_parties import SCOPE as AUTHORISED_PARTIES
from systemusers.services.system_register.entry import SCOPE as SYSTEM_REGISTER

VENDOR_ONLY = "altinn:authentication/"
"""Scopes that begin so are used with the vendor's own tokens; all others with tokens of system users."""
SKATTEETATEN = "skatteetaten:"


class Owner(StrEnum):
    """Who grants a scope."""

    DIGDIR = "Digdir"
    SKATTEETATEN = "Skatteetaten"


@dataclass(frozen=True)
class Wanted:
    """A scope that the portal uses. `purpose` is for the user, translated when it is shown."""

    scope: str
    purpose: Any

    @property
    def owner(self) -> Owner:
        return owner_of(self.scope)

    @property
    def is_for_system_users(self) -> bool:
        return is_for_system_users(self.scope)


OWN = (
    Wanted(SYSTEM_REGISTER, _("Registrere systemet i Altinn, og liste systembrukere")),
    Wanted(WRITE, _("Be kunder om tilgang")),
    Wanted(READ, _("Se hva kundene har svart")),
    Wanted(AUTHORISED_PARTIES, _("Se hva en systembruker har lov til, og for hvem")),
)
"""Scopes of the calls of this app."""
Source = Callable[[str], list[Wanted]]
SOURCES: list[Source] = []
"""Functions of apps above this one: the scopes they use, by environment."""


def wanted(environment: str) -> list[Wanted]:
    """Every scope once, Digdir's before Skatteetaten's."""
    given = [*OWN, *(one for source in SOURCES for one in source(environment))]
    once: dict[str, Wanted] = {}
    for one in given:
        once.setdefault(one.scope, one)
    return sorted(once.values(), key=lambda one: one.owner == Owner.SKATTEETATEN)


def owner_of(scope: str) -> Owner:
    return Owner.SKATTEETATEN if scope.startswith(SKATTEETATEN) else Owner.DIGDIR


def is_for_system_users(scope: str) -> bool:
    return not scope.startswith((VENDOR_ONLY, "idporten:"))
