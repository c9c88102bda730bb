"""Makes customers and accesses of the found system users that were chosen. The customers are asked nothing.

A batch is one transaction after the look-up of the names, so an interrupted take-over goes on where it was, without doubles.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Case, Exists, OuterRef, Q, QuerySet, Value, When

from accounts.models import Customer
from accounts.services.customers import add_customers, look_up_new
from portal.core import lease
from portal.core.audit import record
from portal.core.audit_events import AuditType
from portal.core.feed.event import Type
from portal.core.feed.tell import tell, told
from portal.core.lease import Hold
from portal.core.required import required
from portal.core.states import LostRace
from portal.gateways.enhetsregisteret import Unit
from systemusers.models import Access, FoundSystemUser, Kind, RightsCheck
from systemusers.services.access.answers import CALM, UNKNOWN_RIGHTS, forget_rights, write_system_user
from systemusers.services.chosen import BATCH, with_readable_number, work_groups

BY = "task:take_over"
Status = Access.Status
Holds = list[Hold[FoundSystemUser]]
LATER = timedelta(hours=1)


def take_over_due(*, at: datetime) -> int:
    """Take over a batch of the chosen. Returns how many were claimed."""
    holds = lease.claim(FoundSystemUser.objects.to_take_over(), at=at, limit=BATCH)
    work_groups(holds, key=lambda row: (row.system.environment, row.chosen_by), do=_take_over)
    return len(holds)


def _take_over(key: tuple[str, str], group: Holds) -> None:
    """Raises the gateways' errors when a name is needed and the business register does not answer."""
    environment, by = key
    usable = with_readable_number(group, environment=environment)
    units = look_up_new({hold.row.orgnr for hold in usable}, environment=environment)
    with transaction.atomic():
        mine = _newest(_there(lease.lock_all(usable)))
        customers = _customers(environment, mine, units, by=by)
        taken = {hold: _access_of(hold, customers[hold.row.orgnr]) for hold in mine}
        _ask_for_rights(taken)
        _let_go(taken)
        lease.finish_all({hold: {"next_attempt_at": None, "access": access} for hold, access in taken.items()})


def _there(holds: Holds) -> Holds:
    """Those that Altinn still lists: another worker may have read the list during the look-up."""
    listed = _among(holds, FoundSystemUser.objects.filter(gone_at=None))
    for hold in set(holds) - set(listed):
        hold.give_back()
    return listed


def _newest(holds: Holds) -> Holds:
    """One for each reference: of two the older was replaced in Altinn between two looks, and leaves the list at the next one."""
    later = Q(found_at__gt=OuterRef("found_at")) | Q(found_at=OuterRef("found_at"), pk__gt=OuterRef("pk"))
    reference = {name: OuterRef(name) for name in ("system", "orgnr", "external_ref")}
    newer = FoundSystemUser.objects.filter(later, gone_at=None, **reference)
    newest = _among(holds, FoundSystemUser.objects.exclude(Exists(newer)))
    for hold in set(holds) - set(newest):
        hold.postpone(LATER)
    return newest


def _among(holds: Holds, rows: QuerySet[FoundSystemUser]) -> Holds:
    kept = set(rows.filter(pk__in=[hold.row.pk for hold in holds]).values_list("pk", flat=True))
    return [hold for hold in holds if hold.row.pk in kept]


def _let_go(taken: Mapping[Hold[FoundSystemUser], Access]) -> None:
    """An access that stands for a new system user no longer stands for the one before it."""
    others = FoundSystemUser.objects.filter(access__in=taken.values()).exclude(pk__in=[hold.row.pk for hold in taken])
    for at in [hold.now() for hold in taken][:1]:
        others.update(access=None, gone_at=at, next_attempt_at=None)


def _customers(environment: str, holds: Holds, units: dict[str, Unit], *, by: str) -> dict[str, Customer]:
    """The customer of each number, locked: made where there is none, named by its number when the register has no name."""
    wanted = {hold.row.orgnr: units.get(hold.row.orgnr) for hold in holds}
    for hold in holds[:1]:
        add_customers(environment=environment, units=wanted, by=by, at=hold.now())
    rows = Customer.objects.filter(environment=environment, orgnr__in=wanted)
    return {row.orgnr: row for row in rows.select_for_update(no_key=True, of=("self",)).order_by("pk")}


def _access_of(hold: Hold[FoundSystemUser], customer: Customer) -> Access:
    """The access that stands for the system user: the one there is for the reference, or a new one."""
    found = hold.row
    same = Access.objects.filter(
        customer=customer, profile__system=found.system, profile__kind=found.kind, external_ref=found.external_ref
    )
    used_first = Case(When(status__in=Access.USABLE, then=Value(0)), default=Value(1))
    access = same.select_related("customer", "profile__system").order_by(used_first, "-status_at", "-pk").first()
    if access is None:
        access = _new_access(hold, customer)
    elif _is_replaced(access, found):
        forget_rights(access, altinn_id=str(found.altinn_id))
    elif access.can_move_to(Status.APPROVED):
        _approve(access, hold)
    write_system_user(
        access, altinn_id=str(found.altinn_id), kind=found.kind, created_at=found.created_at, at=hold.now()
    )
    record(
        by=found.chosen_by, at=hold.now(), target=access, what=AuditType.TAKEN_OVER,
        customer_id=customer.pk, profile=access.profile.name,
    )  # fmt: skip
    return access


def _is_replaced(access: Access, found: FoundSystemUser) -> bool:
    """It stands in Altinn already, by another system user."""
    return access.status in Access.USABLE and str(access.altinn_id) != str(found.altinn_id)


def _new_access(hold: Hold[FoundSystemUser], customer: Customer) -> Access:
    found, at = hold.row, hold.now()
    profile = required(found.profile, because="chosen rows have one")
    row = Access.objects.create(
        environment=customer.environment, customer=customer, profile=profile, external_ref=found.external_ref,
        status=Status.APPROVED, status_at=at, altinn_id=str(found.altinn_id), remote_status="Accepted",
        requested_by=found.chosen_by, answered_at=found.created_at, polled_at=at,
    )  # fmt: skip
    tell([told(Type.ACCESS_APPROVED, row, at=at, status=row.status)])
    return row


def _approve(access: Access, hold: Hold[FoundSystemUser]) -> None:
    """A row that was rejected, expired, withdrawn or removed, and that the customer made good in Altinn itself."""
    try:
        access.move_to(
            Status.APPROVED, by=hold.row.chosen_by, at=hold.now(), altinn_id=str(hold.row.altinn_id), remote_status="Accepted",
            answered_at=hold.row.created_at, missing_since=None, next_attempt_at=None, lease_until=None, **CALM, **UNKNOWN_RIGHTS,
        )  # fmt: skip
    except LostRace:
        access.refresh_from_db()


def _ask_for_rights(taken: Mapping[Hold[FoundSystemUser], Access]) -> None:
    rows = [
        RightsCheck(access=access, next_attempt_at=hold.at)
        for hold, access in taken.items()
        if access.rights_known_at is None and access.profile.kind != Kind.AGENT
    ]
    RightsCheck.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["access"], update_fields=["next_attempt_at"]
    )
