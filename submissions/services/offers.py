"""What can be sent for a customer, and through which access: its own, or one of an accountant that has it as a client."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _

from accounts.models import Customer
from submissions.services import catalogue
from submissions.services.catalogue import Availability, Local, Service
from systemusers.models import Access
from systemusers.services.client_relations.ways import Way, ways_to


@dataclass(frozen=True)
class Reason:
    """Why a service cannot be sent. `through` is the accountant's name, "" for the customer's own access."""

    through: str
    text: str


@dataclass(frozen=True)
class Offer:
    """A service through one access; or, with `reasons`, a service that cannot be sent at all.

    `through` names the accountant, "" for the customer's own access. `label` tells several ways of one service apart.
    """

    service: Service
    access: Access | None = None
    through: str = ""
    note: str = ""
    label: str = ""
    reasons: tuple[Reason, ...] = ()

    @property
    def key(self) -> str:
        """Names the offer in the form."""
        return f"{self.access.pk if self.access else 0}:{self.service.id}"

    @property
    def is_allowed(self) -> bool:
        return self.access is not None


def offers_for(customer: Customer) -> list[Offer]:
    """Each service that is on: once for each access that allows it, the customer's own first; else once, with why not.

    [] without any access.
    """
    ways, settings = ways_to(customer), catalogue.local(customer.environment)
    offers = [offer for service in catalogue.reports(settings) for offer in _of(service, ways, settings)]
    return sorted(offers, key=lambda offer: not offer.is_allowed) if ways else []


def offers_through(*, service: Service, ways: list[Way], settings: Local) -> list[Offer]:
    """One service through ways that are loaded, in their order: once for each that allows it; else once, with why not."""
    return _of(service, ways, settings)


def access_for(*, customer: Customer, service: Service, used: Access) -> Access:
    """The access that was used before while it allows the service, else another that does; `used` when none does."""
    if catalogue.availability(access=used, service=service, customer=customer).is_allowed:
        return used
    settings = catalogue.local(customer.environment)
    allowed = (offer.access for offer in _of(service, ways_to(customer), settings) if offer.access is not None)
    return next(allowed, used)


def _of(service: Service, ways: list[Way], settings: Local) -> list[Offer]:
    judged = [(way, catalogue.availability_of(way=way, service=service, settings=settings)) for way in ways]
    allowed = [(way, found) for way, found in judged if found.is_allowed]
    if allowed:
        is_choice = len(allowed) > 1
        return [
            Offer(service, way.access, through(way), found.note, _label(service, way, is_choice))
            for way, found in allowed
        ]
    return [Offer(service, reasons=tuple(_reasons(judged)))]


def _reasons(judged: Iterable[tuple[Way, Availability]]) -> list[Reason]:
    """A reason that is the same for all is about the service."""
    texts = list(dict.fromkeys(found.reason for _way, found in judged))
    if len(texts) == 1:
        return [Reason("", texts[0])]
    return list(dict.fromkeys(Reason(through(way), found.reason) for way, found in judged))


def _label(service: Service, way: Way, is_choice: bool) -> str:
    if way.is_through_accountant:
        return _("%(service)s, gjennom %(accountant)s") % {"service": service.name, "accountant": through(way)}
    if is_choice:
        return _("%(service)s, gjennom tilgangen %(profile)s") % {
            "service": service.name,
            "profile": way.access.profile.name,
        }
    return service.name


def through(way: Way) -> str:
    return way.access.customer.name if way.is_through_accountant else ""
