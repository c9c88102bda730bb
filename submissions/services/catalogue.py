"""The service catalogue: which services an access can use, and the reason when it cannot.

The entries are data in `catalogue.toml`; a new service of a known profile is a new table there and no code.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path

import msgspec
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from portal.core.environments import Addresses
from systemusers.models import Access, ScopeGrant

FILE = Path(__file__).with_name("catalogue.toml")
Texts = dict[str, str]


class UnknownService(Exception):
    """No entry of the catalogue has this id."""


@dataclass(frozen=True)
class Day:
    day: int
    month: int


@dataclass(frozen=True)
class Service:
    """One entry. Sizes in bytes; `resource` without its urn prefix, `packages` with theirs."""

    id: str
    profile: str
    enabled: bool
    form: str
    names: Texts
    abouts: Texts
    scopes: tuple[str, ...]
    resource: str
    packages: tuple[str, ...]
    gateway: str
    last_day: Day
    extensions: tuple[str, ...]
    media_type: str
    max_file_bytes: int
    max_files: int
    path: str = ""
    label: str = ""

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        return _in_language(self.names)

    @property
    def about(self) -> str:
        return _in_language(self.abouts)

    @property
    def resource_urn(self) -> str:
        return f"urn:altinn:resource:{self.resource}"

    def base_url(self, addresses: Addresses) -> str:
        """Where the service is, without a trailing slash."""
        if self.gateway == "older":
            return addresses.skatteetaten_older + self.path
        return addresses.skatteetaten_newer.format(label=self.label)

    def deadline(self, year: int) -> date:
        """The last day to deliver for income year `year`."""
        return date(year + 1, self.last_day.month, self.last_day.day)


@dataclass(frozen=True)
class Availability:
    """Whether one access can use a service. `reason` is a sentence for the user, "" when it can."""

    service: Service
    reason: str = ""

    @property
    def is_allowed(self) -> bool:
        return not self.reason


@lru_cache(maxsize=1)
def _entries() -> dict[str, Service]:
    tables = tomllib.loads(FILE.read_text(encoding="utf-8"))["service"]
    return {entry.id: entry for entry in msgspec.convert(tables, list[Service])}


def services() -> list[Service]:
    """Every entry, in the order of the file."""
    return list(_entries().values())


def service(service_id: str) -> Service:
    """The entry with this id. Raises UnknownService."""
    try:
        return _entries()[service_id]
    except KeyError as error:
        raise UnknownService(service_id) from error


def name_of(service_id: str) -> str:
    """The service's name for lists; its id when the catalogue no longer has it."""
    entry = _entries().get(service_id)
    return entry.name if entry else service_id


def services_for(access: Access) -> list[Availability]:
    """The availability of every service through this access; available ones first."""
    availabilities = [availability(access=access, service=service) for service in services()]
    return sorted(availabilities, key=lambda entry: not entry.is_allowed)


def availability(*, access: Access, service: Service) -> Availability:
    """The availability of one service through one access. Two queries at most."""
    return Availability(service, _obstacle(access, service))


def _obstacle(access: Access, service: Service) -> str:
    if not service.enabled:
        return _("Portalen kan ikke sende denne tjenesten ennå.")
    if access.status not in Access.USABLE:
        return _("Tilgangen er ikke i bruk: %(state)s.") % {"state": access.get_status_display().lower()}
    if not covers(access, service):
        return _("Tilgangen mangler rettigheten til %(service)s. Be kunden om en tilgang som har den.") % {
            "service": service.name
        }
    return _scope_obstacle(access, service)


def covers(access: Access, service: Service) -> bool:
    """Whether the rights or packages of the access include the service."""
    rights = {right.removeprefix("urn:altinn:resource:") for right in access.rights}
    return service.resource in rights or bool(set(service.packages) & set(access.packages))


def _scope_obstacle(access: Access, service: Service) -> str:
    """An unchecked scope does not block sending; the call itself reports a missing scope."""
    client = access.profile.system.client
    refused = {ScopeGrant.Verdict.NOT_ON_CLIENT, ScopeGrant.Verdict.NOT_GRANTED}
    known = dict(ScopeGrant.objects.filter(client=client, scope__in=service.scopes).values_list("scope", "verdict"))
    for scope in service.scopes:
        if scope not in client.scopes or known.get(scope) in refused:
            return _("Dere har ikke fått scopet %(scope)s. Se Tilkobling.") % {"scope": scope}
    return ""


def _in_language(texts: Texts) -> str:
    return texts.get((get_language() or "nb")[:2]) or texts["nb"]
