"""The service catalogue: which services an access can use, and the reason when it cannot."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from django.utils.translation import gettext as _

from accounts.models import Customer
from portal.gateways import urns
from submissions.adapters import ADAPTERS, ANSWERING
from submissions.services.entries import Capability, Openness, Service, read_entries
from submissions.services.local import Local, local
from systemusers.models import Access, ClientRelation, ClientRound, Kind
from systemusers.services.client_relations.ways import Way, refused_scopes, way_of

__all__ = [
    "Availability", "Capability",
    "Local",
    "Openness",
    "Service",
    "UnknownService",
    "answering",
    "availability",
    "availability_of",
    "covers",
    "followed",
    "gives",
    "local",
    "name_of",
    "reports",
    "resources_of",
    "service",
    "services",
]  # fmt: skip


class UnknownService(Exception):
    """No entry of the catalogue has this id."""


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
    return read_entries()


def services() -> list[Service]:
    """Every entry, by group and name."""
    return list(_entries().values())


def reports(settings: Local) -> list[Service]:
    """The services that reports are sent with of one's own accord, and that are on."""
    offered = ADAPTERS.keys() - ANSWERING
    return [service for service in services() if service.adapter in offered and settings.is_on(service)]


def answering(settings: Local) -> list[Service]:
    """The services that answer what an authority asked for, and that are on."""
    return [service for service in services() if service.adapter in ANSWERING and settings.is_on(service)]


def followed(settings: Local) -> list[Service]:
    """The services whose dialogs are asked for."""
    return [service for service in services() if settings.is_followed(service)]


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


def availability(*, access: Access, service: Service, customer: Customer | None = None) -> Availability:
    """The availability of one service through one access, for `customer`, by default the access's own. Four queries at most."""
    way = way_of(access=access, customer=customer or access.customer)
    return availability_of(way=way, service=service, settings=local(access.environment))


def availability_of(*, way: Way, service: Service, settings: Local) -> Availability:
    """The same for a way and settings that are loaded. Two queries at most."""
    return Availability(service, _obstacle(way, service, settings), _doubt(way, service, settings))


def _doubt(way: Way, service: Service, settings: Local) -> str:
    access, relation = way.access, way.relation
    if relation is not None and not relation.is_known:
        return _("Det er ukjent hva klienten har gitt %(accountant)s. Skatteetaten kan si nei.") % _names(way)
    if relation is not None and relation.missing_since:
        return _("Klienten manglet i listen fra Altinn sist. Vi spør igjen før vi sier det sikkert.")
    if access.has_unknown_rights:
        return _("Det er ukjent om tilgangen gjelder %(service)s. Skatteetaten kan si nei.") % {"service": service.name}
    if settings.openness(service) != Openness.UNKNOWN:
        return ""
    return _("Det er ikke bekreftet at Skatteetaten tar imot %(service)s i dette miljøet.") % {"service": service.name}


def _names(way: Way) -> dict[str, str]:
    return {"accountant": way.access.customer.name, "client": way.customer.name}


def _obstacle(way: Way, service: Service, settings: Local) -> str:
    access = way.access
    if not settings.is_on(service):
        return _("Dere har ikke slått på %(service)s. Se Tjenester.") % {"service": service.name}
    if reason := _closed(service, settings) or _ended(way):
        return reason
    if access.status not in Access.USABLE:
        return _("Tilgangen er ikke i bruk: %(state)s.") % {"state": access.get_status_display().lower()}
    if way.is_through_accountant:
        return _client_obstacle(way, service) or _scope_obstacle(way, service)
    if not covers(access, service):
        return _("Tilgangen mangler rettigheten til %(service)s. Be kunden om en tilgang som har den.") % {
            "service": service.name
        }
    return _scope_obstacle(way, service)


def _ended(way: Way) -> str:
    """Nothing new begins for a customer whose relation has ended, nor through its access."""
    return _ended_of([way.customer, way.access.customer])


def hold_relations(*, customer: Customer, access: Access | None) -> str:
    """Why nothing new may begin for the customer through the access. "": it may, and until the end of the transaction no
    relation ends. For the transaction that begins it: the rows are locked in one order.
    """
    return _ended_of(Customer.objects.held(customer.pk, access.customer_id if access else customer.pk))


def _ended_of(customers: Iterable[Customer]) -> str:
    ended = next((each for each in customers if each.is_ended), None)
    return _("Kundeforholdet til %(name)s er avsluttet.") % {"name": ended.name} if ended else ""


def _closed(service: Service, settings: Local) -> str:
    """Why the service cannot be used in the environment, whatever the access."""
    names = {"service": service.name}
    if not service.has_address(settings.environment):
        return _("Adressen til %(service)s er ikke offentlig, så portalen kan ikke sende dit.") % names
    if settings.openness(service) == Openness.CLOSED:
        return _("Skatteetaten tar ikke imot %(service)s i dette miljøet.") % names
    return ""


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
    return bool(set(service.resources) & set(relation.resources) or set(service.packages) & set(relation.packages))


def resources_of(access: Access, settings: Local | None = None) -> list[str]:
    """Urns of the resources that dialogs and events of the access may be about. One query for each that is not loaded."""
    settings = settings or local(access.environment)
    known = followed(settings)
    opened = {code for service in known if covers(access, service) for code in service.resources}
    if access.profile.kind == Kind.AGENT:
        round_ = getattr(access, "client_round", None)
        given = set(round_.resources) if isinstance(round_, ClientRound) else set()
        opened |= given & {code for service in known for code in service.resources}
    else:
        opened |= {urns.resource_of(right) for right in access.rights}
    return sorted(map(urns.resource, opened))


def resources_of_client(access: Access, relation: ClientRelation, settings: Local) -> list[str]:
    """Those of `resources_of` that one client of an accountant has opened; all of them where it is not known what it has given."""
    all_of_them = resources_of(access, settings)
    if not relation.is_known:
        return all_of_them
    given = {
        code
        for service in followed(settings)
        if set(service.packages) & set(relation.packages) or set(service.resources) & set(relation.resources)
        for code in service.resources
    }
    return [urn for urn in all_of_them if urn.removeprefix(urns.RESOURCE) in given]


def covers(access: Access, service: Service) -> bool:
    """Whether the rights or packages of the access include the service, or may: of some it is not known what they have."""
    if access.has_unknown_rights:
        return True
    rights = {urns.resource_of(right) for right in access.rights}
    return bool(set(service.resources) & rights or set(service.packages) & set(access.packages))


def _scope_obstacle(way: Way, service: Service) -> str:
    """An unchecked scope does not block sending; the call itself reports a missing scope."""
    client = way.access.profile.system.client
    refused = frozenset(refused_scopes(client)) if way.refused is None else way.refused
    for scope in service.scopes:
        if scope not in client.scopes or scope in refused:
            return _("Dere har ikke fått scopet %(scope)s. Se Tilkobling.") % {"scope": scope}
    return ""
