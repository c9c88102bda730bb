"""Asks thousands of customers: the rules of `ask`, with as many statements for all of them as for one.

Only our own rows are written; a worker sends. Call it in the transaction that notes what came of it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from accounts.models import Customer
from portal.core.audit import event, record_all
from portal.core.audit_events import AuditType
from portal.core.states import move_all
from systemusers.models import Access, AccessProfile, FoundSystemUser, Invitation
from systemusers.services.access.ask import (
    as_new,
    check_possible,
    free_ref,
    waiting_there,
    wanted,
    with_unknown_rights,
)

Status = Access.Status
HAS_ACCESS, UNDERWAY, ENDED, UNCLEAR, APPROVED = "HAS_ACCESS", "UNDERWAY", "ENDED", "UNCLEAR", "APPROVED"
CLOSED = "CLOSED"
"""Codes of `Obstacle`. ENDED can be asked again; CLOSED is a customer whose relation has ended."""


@dataclass(frozen=True)
class Obstacle:
    """Why a customer is not asked for a new access. `access`: the one that there is; for ENDED the newest."""

    code: str
    access: Access | None = None


def obstacles(*, customers: Sequence[Customer], profile: AccessProfile) -> dict[int, Obstacle]:
    """By the id of the customer; those that can be asked are not in it. Three queries."""
    ids, obstacles = {customer.pk for customer in customers}, dict[int, Obstacle]()
    numbers = {customer.orgnr: customer.pk for customer in customers}
    for orgnr in waiting_there(profile).filter(orgnr__in=numbers).values_list("orgnr", flat=True):
        obstacles[numbers[orgnr]] = Obstacle(APPROVED)
    for row in with_unknown_rights(profile).filter(customer__in=ids):
        obstacles[row.customer_id] = Obstacle(UNCLEAR, row)
    known = defaultdict(list)
    for row in Access.objects.filter(customer__in=ids, profile=profile).order_by("-pk"):
        known[row.customer_id].append(row)
    obstacles |= {pk: _of(rows) for pk, rows in known.items()}
    return obstacles | of_relations(customers)


def of_relations(customers: Sequence[Customer]) -> dict[int, Obstacle]:
    """Customers whose relation has ended: nothing new begins for them, whatever they have."""
    return {customer.pk: Obstacle(CLOSED) for customer in customers if customer.is_ended}


def _of(rows: list[Access]) -> Obstacle:
    """`rows`: what one customer has of the profile, the newest first; an agent may have several."""
    for code, statuses in ((HAS_ACCESS, {*Access.USABLE, Status.UNKNOWN}), (UNDERWAY, {Status.DRAFT, *Access.OPEN})):
        found = next((row for row in rows if row.status in statuses), None)
        if found is not None:
            return Obstacle(code, found)
    return Obstacle(ENDED, rows[0])


def ask_many(*, customers: Sequence[Customer], profile: AccessProfile, by: str, at: datetime) -> list[Access]:
    """A DRAFT for each of the customers that has none in the way. Customers of one environment. Raises NotPossible."""
    if not customers:
        return []
    check_possible(profile, environment=customers[0].environment)
    with transaction.atomic():
        locked = lock_customers(customer.pk for customer in customers)
        in_the_way = obstacles(customers=locked, profile=profile)
        free = [customer for customer in locked if customer.pk not in in_the_way and not customer.is_ended]
        taken = _taken_refs(free, profile)
        rows = [
            Access(
                environment=customer.environment, customer=customer, profile=profile, status_at=at, requested_by=by,
                external_ref=free_ref(customer, profile, taken=taken[customer.orgnr]), next_attempt_at=at, **wanted(profile),
            )
            for customer in free
        ]  # fmt: skip
        Access.objects.bulk_create(rows)
        what, told = AuditType.REQUESTED, {"profile": profile.name, **wanted(profile)}
        record_all(event(by=by, at=at, target=row, what=what, **told) for row in rows)
    return rows


def ask_again_many(*, accesses: Iterable[int], profile: AccessProfile, by: str, at: datetime) -> list[int]:
    """Ask again for these accesses (ids) of the profile, those that are still ended. Gives the ids of them. Raises NotPossible."""
    with transaction.atomic():
        ids = list(accesses)
        ended = Access.objects.filter(pk__in=ids, profile=profile, status__in=Access.ENDED)
        ended = ended.filter(customer__in=lock_current(ids))
        rows = list(ended.select_for_update(of=("self",)).order_by("pk"))
        if rows:
            check_possible(profile, environment=rows[0].environment)
            Invitation.objects.filter(access__in=rows).ask_again(at=at)
        for status in sorted({row.status for row in rows}):
            group = [row for row in rows if row.status == status]
            move_all(group, Status.DRAFT, by=by, at=at, **as_new(profile, by=by, at=at))
    return [row.pk for row in rows]


def lock_current(accesses: Sequence[int]) -> list[Customer]:
    """The customers of these accesses (ids) whose relation goes on: locked, it goes on until the transaction ends."""
    ids = Access.objects.filter(pk__in=accesses).values("customer")
    rows = Customer.objects.filter(pk__in=ids).select_for_update(no_key=True, of=("self",)).order_by("pk")
    return [customer for customer in rows if not customer.is_ended]


def lock_customers(ids: Iterable[int]) -> list[Customer]:
    """As `ask_access` locks one: nobody else chooses a reference for them until the transaction ends."""
    rows = Customer.objects.filter(pk__in=list(ids)).select_for_update(no_key=True, of=("self",))
    return list(rows.order_by("pk"))


def _taken_refs(customers: Sequence[Customer], profile: AccessProfile) -> dict[str, set[str]]:
    """By organisation number; see `ask._taken_refs`."""
    taken: dict[str, set[str]] = defaultdict(set)
    numbers = [customer.orgnr for customer in customers]
    here = Access.objects.filter(customer__in=customers, profile__system=profile.system)
    there = FoundSystemUser.objects.filter(system=profile.system, orgnr__in=numbers).exclude(kind=profile.kind)
    pairs = [*here.values_list("customer__orgnr", "external_ref"), *there.values_list("orgnr", "external_ref")]
    for orgnr, ref in pairs:
        taken[orgnr].add(ref)
    return taken
