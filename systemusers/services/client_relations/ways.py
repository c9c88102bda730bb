"""Through whom a customer is reached: its own accesses, and those of accountants that have it as a client."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from accounts.models import Customer
from systemusers.models import Access, ClientRelation, Kind


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
    relations = ClientRelation.objects.all().of(customer).order_by("gone_at", "access__customer__sort_name", "pk")
    return [*(Way(access, customer) for access in own), *(Way(row.access, customer, row) for row in relations)]


def settling_since(*, access: Access | None, customer: Customer) -> datetime | None:
    """When the newest of what is needed was given: the access, or the client to it. Rights take a while to be known everywhere."""
    if access is None:
        return None
    relation = way_of(access=access, customer=customer).relation
    times = [moment for moment in (access.answered_at, relation.first_seen_at if relation else None) if moment]
    return max(times, default=None)
