"""What a service needs in one environment, and what of it is there: scopes, rights of a system, profiles, accesses."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from django.db.models import Q, QuerySet

from accounts.models import Customer, User
from portal.core.counting import total_of
from portal.core.environments import Environment
from portal.gateways import urns
from submissions.services import catalogue
from submissions.services.catalogue import Capability, Local, Openness, Service
from submissions.services.local import is_possible
from systemusers.models import Access, AccessProfile, MaskinportenClient, ScopeGrant, System

REFUSED = (ScopeGrant.Verdict.NOT_ON_CLIENT, ScopeGrant.Verdict.NOT_GRANTED)


class Answer(StrEnum):
    """Whether something that a service needs is in place."""

    YES = "YES"
    NO = "NO"
    UNKNOWN = "UNKNOWN"  # no page says what it needs
    NOT_NEEDED = "NOT_NEEDED"


class State(StrEnum):
    """What a person should know of a service first."""

    ON = "ON"
    LACKS = "LACKS"  # on, and something is not in place
    OFF = "OFF"
    BUILT_IN = "BUILT_IN"  # not sent by anybody: a part of following dialogs
    CLOSED = "CLOSED"  # the authority does not take it in this environment
    PERSON = "PERSON"
    NOT_FOR_SYSTEMBRUKER = "NOT_FOR_SYSTEMBRUKER"
    NOT_PUBLIC = "NOT_PUBLIC"  # its calls are not described in public


@dataclass(frozen=True)
class Needs:
    """`right`: a system has one of the rights or packages. `profile`: a profile asks for one."""

    scope: Answer
    right: Answer
    profile: Answer

    @property
    def is_lacking(self) -> bool:
        return Answer.NO in (self.scope, self.right, self.profile)


@dataclass(frozen=True)
class Ours:
    """What the vendor has in an environment: the usable scopes of each client, and the codes of its systems and profiles."""

    scopes: tuple[frozenset[str], ...]
    systems: frozenset[str]
    profiles: frozenset[str]


@dataclass(frozen=True)
class Standing:
    """A service in one environment."""

    service: Service
    state: State
    openness: Openness
    needs: Needs


def ours(environment: str) -> Ours:
    """Four queries."""
    clients = MaskinportenClient.objects.filter(environment=environment)
    refused = set(
        ScopeGrant.objects.filter(client__environment=environment, verdict__in=REFUSED).values_list(
            "client_id", "scope"
        )
    )
    scopes = tuple(
        frozenset(scope for scope in client.scopes if (client.pk, scope) not in refused) for client in clients
    )
    systems = System.objects.filter(environment=environment).exclude(status=System.Status.DELETED)
    profiles = AccessProfile.objects.filter(system__environment=environment)
    return Ours(scopes, _codes(systems), _codes(profiles))


def standings(environment: str) -> list[Standing]:
    """Every service of the catalogue, in its order. Five queries."""
    settings, there = catalogue.local(environment), ours(environment)
    return [standing(service, settings, there) for service in catalogue.services()]


def standing(service: Service, settings: Local, there: Ours) -> Standing:
    needs = _needs(service, there)
    return Standing(service, _state(service, settings, needs), settings.openness(service), needs)


def _state(service: Service, settings: Local, needs: Needs) -> State:
    if not is_possible(service):
        return NOT_POSSIBLE.get(service.capability, State.NOT_PUBLIC)
    if not service.has_address(settings.environment):
        return State.NOT_PUBLIC
    if settings.openness(service) == Openness.CLOSED:
        return State.CLOSED
    if not settings.is_on(service):
        return State.OFF
    return State.LACKS if needs.is_lacking else State.ON


NOT_POSSIBLE = {
    Capability.MACHINE: State.BUILT_IN,
    Capability.PERSON: State.PERSON,
    Capability.NOT_FOR_SYSTEMBRUKER: State.NOT_FOR_SYSTEMBRUKER,
    Capability.UNKNOWN: State.NOT_PUBLIC,
}


def _needs(service: Service, there: Ours) -> Needs:
    wanted = set(service.scopes)
    codes = {*service.resources, *service.packages}
    return Needs(
        scope=_answer(bool(wanted), any(wanted <= scopes for scopes in there.scopes)),
        right=_answer(bool(codes), bool(codes & there.systems)),
        profile=_answer(bool(codes), bool(codes & there.profiles)),
    )


def _answer(is_known: bool, is_there: bool) -> Answer:
    if not is_known:
        return Answer.UNKNOWN
    return Answer.YES if is_there else Answer.NO


def _codes(rows: QuerySet[System] | QuerySet[AccessProfile]) -> frozenset[str]:
    """Rights by their short code, packages by their urn."""
    found: set[str] = set()
    for rights, packages in rows.values_list("rights", "packages"):
        found |= {*map(urns.resource_of, rights), *packages}
    return frozenset(found)


@dataclass(frozen=True)
class Reach:
    """For how many of a user's customers a service can be sent with an access of their own, of how many."""

    able: int
    customers: int


def reach(service: Service, *, user: User, environment: Environment) -> Reach:
    """Two queries. Customers that only an accountant reaches are not counted as able."""
    everyone = Customer.objects.visible_to(user).filter(environment=environment).current()
    usable = Access.objects.filter(environment=environment, status__in=Access.USABLE).filter(covering(service))
    return Reach(total_of(everyone.filter(pk__in=usable.values("customer"))), total_of(everyone))


def covering(service: Service, prefix: str = "") -> Q:
    """Accesses whose rights or packages include the service. `prefix` leads to them from another model."""
    codes = [*service.resources, *service.resource_urns]
    packages = Q(**{f"{prefix}packages__has_any_keys": list(service.packages)})
    return packages | Q(**{f"{prefix}rights__has_any_keys": codes})
