"""The service catalogue: which services an access can use, and the reason when it cannot.

The entries are data in `catalogue.toml`; a new service of a known adapter is a new table there and no code.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from accounts.models import Customer
from portal.core.environments import Addresses, Environment
from portal.gateways import urns
from submissions.period import Period, PeriodKind
from systemusers.models import Access, ClientRelation, ClientRound, Kind, ScopeGrant
from systemusers.services.client_relations.ways import Way, way_of

FILE = Path(__file__).with_name("catalogue.toml")
Texts = dict[str, str]


class UnknownService(Exception):
    """No entry of the catalogue has this id."""


@dataclass(frozen=True)
class Day:
    day: int
    month: int


class Openness(StrEnum):
    """Whether the authority accepts a service in one environment."""

    OPEN = "open"
    CLOSED = "closed"
    UNKNOWN = "unknown"  # no page says so: it can be tried


@dataclass(frozen=True)
class Service:
    """One entry. Sizes in bytes; `resource` without its urn prefix, `packages` with theirs.

    `usual_hours`: within so many hours after delivery there is mostly a verdict.
    `adapter` is a name in `submissions.adapters`, "" while there is none; `options` are the entry's own data for it.
    """

    id: str
    adapter: str
    enabled: bool
    period: PeriodKind
    environments: dict[Environment, Openness]
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
    usual_hours: int = 24
    options: dict[str, Any] = field(default_factory=dict)

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
        return urns.resource(self.resource)

    def base_url(self, addresses: Addresses) -> str:
        """Where the service is, without a trailing slash."""
        if self.gateway == "older":
            return addresses.skatteetaten_older + self.path
        return addresses.skatteetaten_newer.format(label=self.label)

    def deadline(self, period: Period) -> date:
        """The last day to deliver for a yearly period: a day of the next year."""
        return date(period.start.year + 1, self.last_day.month, self.last_day.day)

    def openness(self, environment: str) -> Openness:
        return self.environments[Environment(environment)]


@dataclass(frozen=True)
class Availability:
    """Whether one access can use a service. `reason` is a sentence for the user, "" when it can.

    `note` is a doubt that does not stop it.
    """

    service: Service
    reason: str = ""
    note: str = ""

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


def availability(*, access: Access, service: Service, customer: Customer | None = None) -> Availability:
    """The availability of one service through one access, for `customer`, by default the access's own. Three queries at most."""
    return availability_of(way=way_of(access=access, customer=customer or access.customer), service=service)


def availability_of(*, way: Way, service: Service) -> Availability:
    """The same for a way that is loaded. Two queries at most."""
    return Availability(service, _obstacle(way, service), _doubt(way, service))


def _doubt(way: Way, service: Service) -> str:
    access, relation = way.access, way.relation
    if relation is not None and not relation.is_known:
        return _("Det er ukjent hva klienten har gitt %(accountant)s. Skatteetaten kan si nei.") % _names(way)
    if relation is not None and relation.missing_since:
        return _("Klienten manglet i listen fra Altinn sist. Vi spør igjen før vi sier det sikkert.")
    if access.has_unknown_rights:
        return _("Det er ukjent om tilgangen gjelder %(service)s. Skatteetaten kan si nei.") % {"service": service.name}
    if service.openness(access.environment) != Openness.UNKNOWN:
        return ""
    return _("Det er ikke bekreftet at Skatteetaten tar imot %(service)s i dette miljøet.") % {"service": service.name}


def _names(way: Way) -> dict[str, str]:
    return {"accountant": way.access.customer.name, "client": way.customer.name}


def _obstacle(way: Way, service: Service) -> str:
    access = way.access
    if not service.enabled:
        return _("Portalen kan ikke sende denne tjenesten ennå.")
    if service.openness(access.environment) == Openness.CLOSED:
        return _("Skatteetaten tar ikke imot %(service)s i dette miljøet.") % {"service": service.name}
    if access.status not in Access.USABLE:
        return _("Tilgangen er ikke i bruk: %(state)s.") % {"state": access.get_status_display().lower()}
    if way.is_through_accountant:
        return _client_obstacle(way, service) or _scope_obstacle(access, service)
    if not covers(access, service):
        return _("Tilgangen mangler rettigheten til %(service)s. Be kunden om en tilgang som har den.") % {
            "service": service.name
        }
    return _scope_obstacle(access, service)


def _client_obstacle(way: Way, service: Service) -> str:
    """Why an accountant's access cannot be used for the client."""
    relation, names = way.relation, {**_names(way), "service": service.name}
    if relation is None and way.access.customer_id == way.customer.pk:
        return _("Tilgangen gjelder klientene til %(accountant)s, ikke virksomheten selv.") % names
    if relation is None:
        return _("%(accountant)s har ikke lagt %(client)s til som klient i Altinn.") % names
    if relation.gone_at:
        return _("%(accountant)s har fjernet %(client)s fra systemtilgangen i Altinn.") % names
    if relation.is_known and not gives(relation, service) and covers(way.access, service):
        return _("%(client)s mangler pakken til %(service)s hos %(accountant)s, som må ordne det i Altinn.") % names
    if not covers(way.access, service) and not gives(relation, service):
        return _("Systemtilgangen til %(accountant)s har ingen pakke for %(service)s.") % names
    return ""


def gives(relation: ClientRelation, service: Service) -> bool:
    """Whether Altinn says that the client has given the accountant what the service needs."""
    return service.resource in relation.resources or bool(set(service.packages) & set(relation.packages))


def resources_of(access: Access) -> list[str]:
    """Urns of the resources that dialogs and events of the access may be about. One query for an accountant's, unless loaded."""
    opened = {service.resource for service in services() if covers(access, service)}
    if access.profile.kind == Kind.AGENT:
        round_ = getattr(access, "client_round", None)
        given = set(round_.resources) if isinstance(round_, ClientRound) else set()
        opened |= given & {service.resource for service in services()}
    else:
        opened |= {urns.resource_of(right) for right in access.rights}
    return sorted(map(urns.resource, opened))


def covers(access: Access, service: Service) -> bool:
    """Whether the rights or packages of the access include the service, or may: of some it is not known what they have."""
    if access.has_unknown_rights:
        return True
    rights = {urns.resource_of(right) for right in access.rights}
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
