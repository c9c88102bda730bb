"""Through whom a customer is reached: its own accesses, and those of accountants that have it as a client."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from accounts.models import Customer
from systemusers.models import Access, ClientRelation, Kind

NEAREST = ("gone_at", "access__customer__sort_name", "pk")
"""The order of the ways through accountants."""


@dataclass(frozen=True)
class Way:
    """One access that may be used for `customer`. `relation` is how an accountant's access reaches it; None: it does not."""

    access: Access
    customer: Customer
    relation: ClientRelation | None = None

    @property
    def is_through_accountant(self) -> bool:
        return self.access.profile.kind == Kind.AGENT


def way_of(*, access: Access, customer: Customer) -> Way:
    """The way by one access. One query for an accountant's."""
    if access.profile.kind != Kind.AGENT:
        return Way(access, customer)
    return Way(access, customer, ClientRelation.objects.filter(access=access, orgnr=customer.orgnr).first())


def ways_to(customer: Customer) -> list[Way]:
    """Its own accesses, the newest state first, then those of accountants. Two queries."""
    own = customer.accesses.exclude(profile__kind=Kind.AGENT).loaded().order_by("-status_at", "-pk")
    relations = ClientRelation.objects.all().of(customer).order_by(*NEAREST)
    return [*(Way(access, customer) for access in own), *(Way(row.access, customer, row) for row in relations)]


def ways_to_all(customers: Collection[Customer]) -> dict[int, list[Way]]:
    """The same for many customers of one environment, by their ids. Two queries."""
    ways: dict[int, list[Way]] = {customer.pk: [] for customer in customers}
    by_orgnr = {customer.orgnr: customer for customer in customers}
    own = Access.objects.filter(customer__in=customers).exclude(profile__kind=Kind.AGENT)
    for access in own.loaded().order_by("-status_at", "-pk"):
        ways[access.customer_id].append(Way(access, by_orgnr[access.customer.orgnr]))
    for row in ClientRelation.objects.all().of_all(customers).order_by(*NEAREST):
        ways[by_orgnr[row.orgnr].pk].append(Way(row.access, by_orgnr[row.orgnr], row))
    return ways


def settling_since(*, access: Access | None, customer: Customer) -> datetime | None:
    """When the newest of what is needed was given: the access, or the client to it. Rights take a while to be known everywhere."""
    if access is None:
        return None
    relation = way_of(access=access, customer=customer).relation
    times = [moment for moment in (access.answered_at, relation.first_seen_at if relation else None) if moment]
    return max(times, default=None)
