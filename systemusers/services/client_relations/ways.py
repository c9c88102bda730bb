"""Through whom a customer is reached: its own accesses, and those of accountants that have it as a client."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, QuerySet

from accounts.models import Customer
from systemusers.models import Access, ClientRelation, Kind, ScopeGrant

NEAREST = ("gone_at", "access__customer__sort_name", "pk")
"""The order of the ways through accountants."""


@dataclass(frozen=True)
class Way:
    """One access that may be used for `customer`. `relation` is how an accountant's access reaches it; None: it does not.

    `refused`: the scopes that Maskinporten refuses to the client of its system; None where that was not read with it.
    """

    access: Access
    customer: Customer
    relation: ClientRelation | None = None
    refused: frozenset[str] | None = None

    @property
    def is_through_accountant(self) -> bool:
        return self.access.profile.kind == Kind.AGENT


def way_of(*, access: Access, customer: Customer) -> Way:
    """The way by one access. One query for an accountant's."""
    if access.profile.kind != Kind.AGENT:
        return Way(access, customer)
    return Way(access, customer, ClientRelation.objects.filter(access=access, orgnr=customer.orgnr).first())


def refused_scopes(client: Any) -> QuerySet[ScopeGrant, str]:
    """Scopes that Maskinporten refuses to a client."""
    verdicts = [ScopeGrant.Verdict.NOT_ON_CLIENT, ScopeGrant.Verdict.NOT_GRANTED]
    return ScopeGrant.objects.filter(client=client, verdict__in=verdicts).order_by().values_list("scope", flat=True)


def ways_to(customer: Customer) -> list[Way]:
    """Its own accesses, the newest state first, then those of accountants. Two queries."""
    return ways_to_all([customer])[customer.pk]


def ways_to_all(customers: Collection[Customer]) -> dict[int, list[Way]]:
    """The same for many customers of one environment, by their ids. Two queries."""
    ways: dict[int, list[Way]] = {customer.pk: [] for customer in customers}
    by_orgnr = {customer.orgnr: customer for customer in customers}
    own = Access.objects.filter(customer__in=customers).exclude(profile__kind=Kind.AGENT).loaded()
    refused = ArraySubquery(refused_scopes(OuterRef("profile__system__client")))
    for access in own.order_by("-status_at", "-pk").annotate(refused=refused):
        way = Way(access, by_orgnr[access.customer.orgnr], None, frozenset(access.refused))  # type: ignore[attr-defined] # annotated
        ways[access.customer_id].append(way)
    relations = ClientRelation.objects.all().of_all(customers).order_by(*NEAREST)
    for row in relations.annotate(refused=ArraySubquery(refused_scopes(OuterRef("access__profile__system__client")))):
        ways[by_orgnr[row.orgnr].pk].append(Way(row.access, by_orgnr[row.orgnr], row, frozenset(row.refused)))
    return ways


def settling_since(*, access: Access | None, customer: Customer) -> datetime | None:
    """When the newest of what is needed was given: the access, or the client to it. Rights take a while to be known everywhere."""
    if access is None:
        return None
    relation = way_of(access=access, customer=customer).relation
    times = [moment for moment in (access.answered_at, relation.first_seen_at if relation else None) if moment]
    return max(times, default=None)
