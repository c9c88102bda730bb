"""What can be asked for about a customer, and through which access."""

from __future__ import annotations

from accounts.models import Customer
from submissions.services import catalogue
from submissions.services.offers import Offer, Reason, offers_of
from submissions.services.orders import making
from systemusers.services.client_relations.ways import ways_to


def askable(customer: Customer) -> list[Offer]:
    """Each service of this kind that is on: once for each access that allows it, else once, with why not. [] without access."""
    settings = catalogue.local(customer.environment)
    on = [service for service in making.services() if settings.is_on(service)]
    ways = ways_to(customer) if on else []
    offers = [
        Offer(service, reasons=(Reason("", reason),))
        if (reason := making.obstacle(customer=customer, service=service))
        else offer
        for service in (on if ways else [])
        for offer in offers_of(service, ways, settings)
    ]
    return sorted(offers, key=lambda offer: not offer.is_allowed)
