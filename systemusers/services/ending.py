"""The end of a customer relation: what a person decides, and the questions that a worker then takes back in Altinn.

Ending stops everything new at once. What is under way is followed to its end; then the customer is archived, which is for
the app above to see (`submissions.services.archiving`). Only the customer can remove a given access.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from accounts.models import Customer
from portal.core import lease
from portal.core.audit import record
from portal.core.audit_events import AuditType
from portal.core.enqueue import enqueue_by_name
from portal.core.lease import Hold
from systemusers.models import Access, ChangeRequest, Invitation
from systemusers.services.access import withdraw
from systemusers.services.access.rounds import waits_for_us, work, work_accesses
from systemusers.services.changes import work as changes
from systemusers.services.invitations.order import stop

TASK = "systemusers.tasks.withdraw_ended"


def end_relation(*, customer: Customer, by: str, at: datetime) -> bool:
    """Nothing new begins from now on; open questions are due to be withdrawn, and mail plans stop. False: ended before."""
    with transaction.atomic():
        row = Customer.objects.select_for_update(of=("self",), no_key=True).get(pk=customer.pk)
        if row.is_ended:
            return False
        row.end_asked_at, row.end_asked_by = at, by
        row.save(update_fields=["end_asked_at", "end_asked_by"])
        record(by=by, at=at, target=row, what=AuditType.RELATION_ENDED, customer_id=row.pk)
        for plan in Invitation.objects.running().filter(access__customer=row).select_related("access"):
            stop(access=plan.access, by=by, at=at, why=Invitation.Why.ENDED)
        _make_due(row, at=at)
        enqueue_by_name(TASK)
    return True


def _make_due(customer: Customer, *, at: datetime) -> None:
    """Also those that Altinn refused."""
    lease.make_due(Access.objects.to_withdraw().filter(customer=customer), at=at)
    lease.make_due(ChangeRequest.objects.to_withdraw().filter(access__customer=customer), at=at)


def reactivate(*, customer: Customer, by: str, at: datetime) -> bool:
    """The relation goes on, and what was followed is followed again. Withdrawn questions stay withdrawn. False: not ended."""
    with transaction.atomic():
        row = Customer.objects.select_for_update(of=("self",), no_key=True).get(pk=customer.pk)
        if not row.is_ended:
            return False
        row.end_asked_at, row.end_asked_by, row.archived_at = None, "", None
        row.save(update_fields=["end_asked_at", "end_asked_by", "archived_at"])
        record(by=by, at=at, target=row, what=AuditType.REACTIVATED, customer_id=row.pk)
    return True


def withdraw_due(*, at: datetime) -> int:
    """Take back a batch of the questions that are marked for it, or whose customer's relation ends. Returns how many."""
    taken = work_accesses(Access.objects.to_withdraw(), _withdraw_access, at=at)
    path = "access__profile__system__"
    rows = ChangeRequest.objects.to_withdraw()
    return taken + work(rows, _withdraw_change, at=at, path=path, system_of=lambda row: row.access.profile.system)


def _by(row: Access | ChangeRequest, customer: Customer) -> str:
    """Who ended the relation, or takes the question back with others."""
    return customer.end_asked_by or (row.withdrawal.asked_by.actor if row.withdrawal else "")


def _withdraw_access(hold: Hold[Access]) -> None:
    by = _by(hold.row, hold.row.customer)
    record(by=by, at=hold.now(), target=hold.row, what=AuditType.WITHDRAW, attempt=hold.attempt)
    with waits_for_us(hold):
        try:
            withdraw.withdraw_held(hold, by=by)
        except withdraw.AlreadyAnswered:
            return  # the row has the answer


def _withdraw_change(hold: Hold[ChangeRequest]) -> None:
    by = _by(hold.row, hold.row.access.customer)
    record(by=by, at=hold.now(), target=hold.row, what=AuditType.WITHDRAW, attempt=hold.attempt)
    with waits_for_us(hold):
        try:
            changes.withdraw_held(hold, by=by)
        except changes.AlreadyAnswered:
            return  # the row has the answer
