"""The worker's side: what is to be done with each plan now, and all of a batch in one transaction.

A mail is a row of `CustomerMail`, a message of the outbox and a new time in the plan, written together: a worker that dies
before the commit has done nothing, and one that dies after it has done all.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from accounts.models import ContactMail, Vendor
from accounts.services.contacts import Reach, reach_all
from portal.core import lease, lease_many
from portal.core.environments import Environment
from portal.core.lease import Hold
from systemusers.models import Access, ChangeRequest, Invitation, MailKind, MailPlan
from systemusers.services.invitations.hours import hours_of, next_reminder
from systemusers.services.invitations.order import _withdraw
from systemusers.services.invitations.putting import ToMail, put_mails
from systemusers.services.invitations.settings import mail_plan

BATCH = 100
BY = "task:send_invitations"
NO_VENDOR = "NO_VENDOR"
Why, Change = Invitation.Why, ChangeRequest.Status
Columns = dict[str, Any]


RECENT = timedelta(days=2)
"""What changed before that is found once a day."""


class NoVendor(Exception):
    """Nobody has said who the vendor is: a mail would come from nobody."""

    code = NO_VENDOR


@dataclass(frozen=True)
class Step:
    """What to do with one plan: which mail to send ("" for none), and the columns to write."""

    mail: str
    columns: Columns


def wake_ended(*, at: datetime, everything: bool = False) -> int:
    """Make plans due whose question is no longer open. `everything`: also when it ended long ago, or the link was closed."""
    rows = Invitation.objects.to_settle()
    if everything:
        return lease.make_due(rows, at=at)
    since = at - RECENT
    of_access = rows.filter(access__environment__in=list(Environment), access__status_at__gt=since)
    return lease.make_due(of_access, at=at) + lease.make_due(rows.filter(change__status_at__gt=since), at=at)


def work_due(*, at: datetime) -> int:
    """One batch of the plans that are due, or that an answer of the customer has ended. Returns how many were taken."""
    wake_ended(at=at)
    holds = lease.claim(Invitation.objects.to_work(), at=at, limit=BATCH)
    if holds:
        lease_many.work_as_one(holds, _work)
    return len(holds)


def _work(holds: list[Hold[Invitation]]) -> None:
    vendor = Vendor.objects.first()
    if vendor is None:
        raise NoVendor
    plan, at = mail_plan(), holds[0].now()
    with transaction.atomic():
        mine = lease.lock_all(holds)
        asked = [hold.row.access.customer for hold in mine]
        reaches = reach_all(asked, mail=ContactMail.ASKS)
        steps = {hold: next_step(hold.row, plan=plan, its=reaches[hold.row.access.customer_id], at=at) for hold in mine}
        mails = [ToMail(hold.row.access, step.mail, hold.row.change) for hold, step in steps.items() if step.mail]
        put_mails(mails=mails, vendor=vendor, plan=plan, by=BY, at=at)
        stopped = [hold.row.access for hold, step in steps.items() if step.columns["stopped_at"]]
        _withdraw(stopped, at=at)
        lease.finish_all({hold: step.columns for hold, step in steps.items()})


def next_step(row: Invitation, *, plan: MailPlan, its: Reach, at: datetime) -> Step:
    """`row` has its access and customer loaded. `its`: whom mails that ask go to."""
    reminder = MailKind.CHANGE_AGAIN if row.change else MailKind.REMINDER
    if why := _end(row, its):
        was_mailed = row.began_at is not None and its.has_address
        receipt = MailKind.RECEIPT if why == Why.APPROVED and was_mailed and plan.sends_receipts else ""
        return _stop(row, why, at, mail=receipt)
    earliest = at if row.is_at_once else hours_of(plan).earliest(at)
    if earliest > at:
        return _step(row, next_attempt_at=earliest)
    if row.began_at is None:
        later = next_reminder(plan, began_at=at, reminders=0)
        return _step(row, mail=row.opens_with, began_at=at, is_at_once=False, next_attempt_at=later)
    if row.reminders + 1 >= plan.most_mails and not row.is_at_once:
        return _step(row, next_attempt_at=None)
    number = row.reminders + 1
    later = next_reminder(plan, began_at=row.began_at, reminders=number)
    return _step(row, mail=reminder, reminders=number, is_at_once=False, next_attempt_at=later)


def _end(row: Invitation, its: Reach) -> str:
    """Why nothing more is asked by mail; "" while the customer is asked."""
    access, change = row.access, row.change
    if access.link_revoked_at is not None:
        return Why.LINK_CLOSED
    if change.status == Change.APPROVED if change else access.status in Access.USABLE:
        return Why.APPROVED
    if (
        access.status in Access.ENDED
        or access.customer.is_ended
        or (change and change.status not in ChangeRequest.OPEN)
    ):
        return Why.ENDED
    if not its.has_address:
        return Why.NO_ADDRESS
    return "" if its.receivers else Why.BY_CUSTOMER


def _stop(row: Invitation, why: str, at: datetime, *, mail: str = "") -> Step:
    return _step(row, mail=mail, stopped_at=at, stopped_why=why, is_at_once=False, next_attempt_at=None)


def _step(row: Invitation, *, mail: str = "", **changed: Any) -> Step:
    names = ("began_at", "reminders", "is_at_once", "stopped_at", "stopped_why", "next_attempt_at")
    return Step(mail, {name: changed.get(name, getattr(row, name)) for name in names} | changed)
