"""The verdict on each row of a campaign, from its customer and the accesses there are. Judged again when the row is asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction

from accounts.models import Customer, User
from accounts.services.imports.judging import portfolios_of
from portal.core.bulk import write_columns
from portal.core.lease import Hold
from systemusers.models import Access, Campaign, CampaignRow, ChangeRequest, Invitation
from systemusers.services.access import ask_many
from systemusers.services.access.ask_many import Obstacle
from systemusers.services.changes.ask_many import is_possible
from systemusers.services.changes.plan import difference

BATCH = 1000
V = CampaignRow.Verdict
Rows = Sequence[CampaignRow]


@dataclass(frozen=True)
class Facts:
    """What the rows are judged by. `in_the_way` and `muted` are by the id of the customer; `mine` as of `portfolios_of`."""

    campaign: Campaign
    customers: dict[int, Customer]
    in_the_way: dict[int, Obstacle]
    muted: set[int]
    mine: frozenset[int] | None


def step(hold: Hold[Campaign]) -> bool:
    """One batch of rows that nobody has judged. False when all are. Raises LostRace."""
    with transaction.atomic():
        hold.lock()
        rows = list(hold.row.rows.filter(verdict=V.WAITING).order_by("number")[:BATCH])
        judge(rows, facts(hold.row, customers_of(rows), user=hold.row.owner))
        write_columns(rows, "verdict", "remarks")
    return bool(rows)


def customers_of(rows: Rows) -> list[Customer]:
    return list(Customer.objects.filter(pk__in=[row.customer_id for row in rows]).order_by("pk"))


def facts(campaign: Campaign, customers: Sequence[Customer], *, user: User | None) -> Facts:
    """`user`: with whose rights customers are asked."""
    find = _changes_in_the_way if campaign.is_change else _accesses_in_the_way
    muted = Invitation.objects.filter(access__customer__in=customers, muted_at__isnull=False)
    return Facts(
        campaign=campaign,
        customers={customer.pk: customer for customer in customers},
        in_the_way=find(campaign, customers),
        muted=set(muted.values_list("access__customer", flat=True)) if campaign.mails else set(),
        mine=portfolios_of(user, campaign.environment),
    )


def judge(rows: Rows, now: Facts) -> None:
    """Sets `verdict` and `remarks`."""
    for row in rows:
        customer = now.customers.get(row.customer_id or 0)
        if customer is None or (now.mine is not None and customer.portfolio_id not in now.mine):
            row.verdict, row.remarks = V.NOT_YOURS, []
            continue
        obstacle = now.in_the_way.get(customer.pk)
        final = _final(customer, obstacle)
        row.remarks = [] if final else _remarks(customer, obstacle, now)
        row.verdict = final or next(iter(row.remarks), V.READY)


def _final(customer: Customer, obstacle: Obstacle | None) -> str:
    """The verdict that nobody can set aside; "" when there is none."""
    if obstacle is not None and obstacle.code not in (V.ENDED, V.READY):
        return obstacle.code
    return V.DELETED if customer.business_register.get("is_deleted") else ""


def _remarks(customer: Customer, obstacle: Obstacle | None, now: Facts) -> list[str]:
    unit = customer.business_register
    applies = {
        V.ENDED: obstacle is not None and obstacle.code == V.ENDED,
        V.SUB_UNIT: bool(unit.get("main_unit")),
        V.BANKRUPT: bool(unit.get("is_bankrupt")),
        V.NO_ADDRESS: now.campaign.mails and not customer.contact_email,
        V.MUTED: customer.pk in now.muted,
    }
    return [str(verdict) for verdict, does in applies.items() if does]


def _accesses_in_the_way(campaign: Campaign, customers: Sequence[Customer]) -> dict[int, Obstacle]:
    return ask_many.obstacles(customers=customers, profile=campaign.profile)


def _changes_in_the_way(campaign: Campaign, customers: Sequence[Customer]) -> dict[int, Obstacle]:
    """Of every customer; READY with the access that can be asked about."""
    found = {customer.pk: Obstacle(V.NO_ACCESS) for customer in customers}
    usable = Access.objects.filter(customer__in=customers, profile=campaign.profile, status__in=Access.USABLE)
    rows = list(usable.select_related("profile__system").order_by("pk"))
    asked = set(ChangeRequest.objects.open().filter(access__in=rows).values_list("access", flat=True))
    for row in rows:
        found[row.customer_id] = Obstacle(_of_access(row, is_asked=row.pk in asked), row)
    return found | ask_many.of_relations(customers)


def _of_access(row: Access, *, is_asked: bool) -> str:
    if is_asked:
        return V.UNDERWAY
    if row.has_unknown_rights:
        return V.UNCLEAR
    lacks = difference(row)
    if lacks.is_empty:
        return V.HAS_ACCESS
    return V.READY if is_possible(row, lacks) else V.NO_ACCESS
