"""Asks the customers of a campaign that a person has confirmed. A chunk of rows is one transaction: the accesses, the orders of
mails and the marks on the rows are written together, so that a worker that dies has done all of a chunk or nothing of it.
"""

from __future__ import annotations

from django.db import transaction

from accounts.models import Customer
from portal.core.bulk import write_columns
from portal.core.enqueue import enqueue_by_name
from portal.core.lease import Hold
from systemusers.models import Campaign, CampaignRow
from systemusers.services import invitations
from systemusers.services.access.ask_many import ask_again_many, ask_many, lock_customers
from systemusers.services.campaigns.judging import Facts, facts, judge
from systemusers.services.changes.ask_many import ask_many as ask_changes

CHUNK = 500
PER_HOUR_CHUNKS = 12
"""A campaign with a pace asks each five minutes."""
SEND_ACCESSES, SEND_CHANGES = "systemusers.tasks.send_accesses", "systemusers.tasks.send_changes"
V, S = CampaignRow.Verdict, CampaignRow.State
Rows = list[CampaignRow]


def chunk_of(campaign: Campaign) -> int:
    return max(1, min(CHUNK, campaign.per_hour // PER_HOUR_CHUNKS)) if campaign.per_hour else CHUNK


def step(hold: Hold[Campaign]) -> bool:
    """One chunk. False when nobody is left to ask. Raises LostRace, NotPossible."""
    with transaction.atomic():
        hold.lock()
        campaign = hold.row
        rows = list(
            CampaignRow.objects.taken(campaign)
            .filter(campaign=campaign, state="")
            .order_by("number")[: chunk_of(campaign)]
        )
        customers = lock_customers(row.customer_id for row in rows if row.customer_id)
        now = facts(campaign, customers, user=campaign.ordered_by)
        judge(rows, now)
        may = [row for row in rows if _may(row, campaign)]
        (_change if campaign.is_change else _ask)(hold, may, now)
        for row in rows:
            row.state = S.ASKED if row.access_id else S.LEFT
        write_columns(rows, "verdict", "remarks", "state", "access_id", "change_id")
        enqueue_by_name(SEND_CHANGES if campaign.is_change else SEND_ACCESSES)
    return bool(rows)


def _may(row: CampaignRow, campaign: Campaign) -> bool:
    """Whether the row, as it is judged now, is still one that the person has confirmed."""
    return (row.verdict == V.READY or row.verdict in CampaignRow.OPTIONAL) and {*row.remarks} <= {*campaign.extra}


def _by(hold: Hold[Campaign]) -> str:
    person = hold.row.ordered_by
    return person.actor if person else hold.row.owner.actor


def _ask(hold: Hold[Campaign], rows: Rows, now: Facts) -> None:
    campaign, by, at = hold.row, _by(hold), hold.now()
    ended = {row.customer_id: now.in_the_way[row.customer_id or 0].access for row in rows if V.ENDED in row.remarks}
    new: list[Customer] = [now.customers[row.customer_id or 0] for row in rows if row.customer_id not in ended]
    made = {row.customer_id: row.pk for row in ask_many(customers=new, profile=campaign.profile, by=by, at=at)}
    wanted = [access.pk for access in ended.values() if access is not None]
    again = set(ask_again_many(accesses=wanted, profile=campaign.profile, by=by, at=at))
    made |= {pk: access.pk for pk, access in ended.items() if pk and access is not None and access.pk in again}
    for row in rows:
        row.access_id = made.get(row.customer_id or 0)
    if campaign.mails:
        invitations.order(accesses=made.values(), by=by, at=at)


def _change(hold: Hold[Campaign], rows: Rows, now: Facts) -> None:
    campaign, by, at = hold.row, _by(hold), hold.now()
    accesses = {row.customer_id: now.in_the_way[row.customer_id or 0].access for row in rows}
    ids = [access.pk for access in accesses.values() if access is not None]
    made = {change.access_id: change.pk for change in ask_changes(accesses=ids, by=by, at=at)}
    for row in rows:
        access = accesses[row.customer_id]
        if access is not None and access.pk in made:
            row.access_id, row.change_id = access.pk, made[access.pk]
    if campaign.mails:
        invitations.order(accesses=made, by=by, at=at)
