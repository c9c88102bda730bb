"""What staff and customers decide about the mails for an access: send, send now, told another way, came back, stop.

Each writes the plan only; a worker sends. A write takes the row from a worker that has it, which then changes nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Case, Exists, OuterRef, Prefetch, Q, Subquery, Value, When

from accounts.models import ContactMail, MailAddress
from accounts.services.contacts import Reach, mute, reach, reach_all
from portal.core.audit import event, record, record_all
from portal.core.audit_events import AuditType
from portal.core.enqueue import enqueue_by_name
from portal.core.outbox.settle import withdraw
from systemusers.models import Access, ChangeRequest, CustomerMail, Invitation, MailKind
from systemusers.models.invitation import FREED
from systemusers.services.invitations.hours import hours_of
from systemusers.services.invitations.settings import mail_plan

TASK = "systemusers.tasks.send_invitations"
CHUNK = 1000
PAUSE = timedelta(hours=1)
"""Between two mails that a person presses for: a second press is a mistake."""
PAUSE_OF_MANY = timedelta(days=1)
"""The same for many customers at once."""
ASKING = {Access.Status.DRAFT, *Access.OPEN}
Why, Told = Invitation.Why, Invitation.Told
RUNNING, ANSWERED, JUST_SENT = "RUNNING", "ANSWERED", "JUST_SENT"
"""Reasons of `CannotMail` and `Ordered.excluded`, beside those of `Invitation.Why`."""


class CannotMail(Exception):
    """No mail may be sent for this access now. `code`: a reason as in `Ordered.excluded`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Ordered:
    """`excluded`: ids of accesses by the reason why no mail is sent."""

    ordered: list[int]
    excluded: dict[str, list[int]] = field(default_factory=dict)


def earliest(at: datetime) -> datetime:
    """When a mail that is ordered at `at` may leave, by the hours of the plan: `at` where it may at once."""
    return hours_of(mail_plan()).earliest(at)


def order(*, accesses: Iterable[int], by: str, at: datetime, reminds: bool = False) -> Ordered:
    """Mail the link to the customers of these accesses (ids), within the hours of the plan, and remind them.

    An access in use is mailed about the change that its customer is asked for. What is not at Altinn yet is mailed when it is.
    A plan that runs is left as it is; with `reminds` its next reminder comes now, unless a mail left within PAUSE_OF_MANY or the
    plan allows no more. In chunks, each a transaction: one that was interrupted may be repeated.
    """
    ids, ordered, excluded = sorted(set(accesses)), [], defaultdict(list)
    leaves_at = earliest(at)
    for start in range(0, len(ids), CHUNK):
        with transaction.atomic():
            rows = _rows(ids[start : start + CHUNK])
            reaches = reach_all([row.customer for row in rows], mail=ContactMail.ASKS)
            obstacles = {row: _obstacle(row, reaches[row.customer_id]) for row in rows}
            if reminds:
                reminded = _remind([row for row, code in obstacles.items() if code == RUNNING], by, at, leaves_at)
                ordered += [row.pk for row in reminded]
                obstacles = {row: code for row, code in obstacles.items() if row not in reminded}
            for row, code in obstacles.items():
                if code:
                    excluded[code].append(row.pk)
            wanted = [row for row, code in obstacles.items() if not code]
            ordered += _begin(wanted, by=by, at=at, next_attempt_at=leaves_at)
            enqueue_by_name(TASK)
    return Ordered(ordered, dict(excluded))


def _remind(rows: Sequence[Access], by: str, at: datetime, next_attempt_at: datetime) -> list[Access]:
    """The plans whose next reminder comes now: they have begun, and nobody was mailed lately."""
    lately = CustomerMail.objects.filter(access=OuterRef("access"), put_at__gt=at - PAUSE_OF_MANY)
    most = mail_plan().most_mails
    plans = Invitation.objects.running().filter(access__in=rows, began_at__isnull=False, reminders__lt=most - 1)
    changed = set(plans.exclude(Exists(lately)).select_for_update().values_list("access", flat=True))
    Invitation.objects.filter(access__in=changed).update(next_attempt_at=next_attempt_at, **FREED)
    reminded = [row for row in rows if row.pk in changed]
    record_all(event(by=by, at=at, target=row, what=AuditType.MAIL_ORDERED) for row in reminded)
    return reminded


def send_now(*, access: Access, by: str, at: datetime) -> None:
    """A person wants the mail to leave at once: the first one, or a reminder. Raises CannotMail."""
    with transaction.atomic():
        [row] = _rows([access.pk])
        code = _obstacle(row, reach(row.customer, mail=ContactMail.ASKS))
        if code and code != RUNNING:
            raise CannotMail(code)
        if row.mails.filter(put_at__gt=at - PAUSE).exists():
            raise CannotMail(JUST_SENT)
        if code == RUNNING:
            changed = {"next_attempt_at": at, "is_at_once": True, **FREED}
            Invitation.objects.running().filter(access=row).update(**changed)
            record(by=by, at=at, target=row, what=AuditType.MAIL_ORDERED)
        else:
            _begin([row], by=by, at=at, next_attempt_at=at, is_at_once=True)
        enqueue_by_name(TASK)


def _rows(ids: Sequence[int]) -> list[Access]:
    rows = Access.objects.filter(pk__in=ids).select_related("customer", "invitation").order_by("pk")
    return list(rows.prefetch_related(Prefetch("changes", ChangeRequest.objects.open(), to_attr="open_changes")))


def asked_change(row: Access) -> ChangeRequest | None:
    """The open change of an access in use: that is what its customer is asked for. Without a query for rows of `_rows`."""
    if row.status not in Access.USABLE:
        return None
    known: list[ChangeRequest] | None = getattr(row, "open_changes", None)
    return next(iter(known), None) if known is not None else row.changes.open().first()


def _obstacle(row: Access, its: Reach) -> str:
    """Why the customer of `row` cannot be mailed; "" when nothing is in the way."""
    plan: Invitation | None = getattr(row, "invitation", None)
    change = asked_change(row)
    if row.status not in ASKING and change is None:
        return ANSWERED
    if row.customer.is_ended:
        return str(Why.ENDED)
    if row.link_revoked_at is not None:
        return str(Why.LINK_CLOSED)
    is_muted = its.has_address and not its.receivers
    if is_muted or (plan is not None and plan.muted_at is not None):
        return str(Why.BY_CUSTOMER)
    if not its.has_address:
        return str(Why.NO_ADDRESS)
    is_running = plan is not None and plan.stopped_at is None and plan.change_id == (change.pk if change else None)
    return RUNNING if is_running else ""


def _begin(
    rows: Sequence[Access], *, by: str, at: datetime, next_attempt_at: datetime, is_at_once: bool = False
) -> list[int]:
    """New plans, and old ones that begin again. Of two who do so at once, one does."""
    ids = [row.pk for row in rows]
    fresh = {"ordered_by": by, "ordered_at": at, "next_attempt_at": next_attempt_at, "is_at_once": is_at_once}
    changes = {row.pk: change.pk for row in rows if (change := asked_change(row))}
    made = [
        Invitation(access_id=pk, change_id=changes.get(pk), opens_with=_first(pk in changes), **fresh) for pk in ids
    ]
    Invitation.objects.bulk_create(made, ignore_conflicts=True)
    others = Invitation.objects.filter(access__in=ids, muted_at__isnull=True)
    again = {"began_at": None, "reminders": 0, "stopped_at": None, "stopped_why": "", **fresh, **FREED}
    asked_before = Exists(CustomerMail.objects.filter(access=OuterRef("access"), kind__in=ASKS))
    first = Case(When(asked_before, then=Value(MailKind.RENEWAL)), default=Value(MailKind.INVITATION))
    stopped = others.filter(stopped_at__isnull=False).exclude(access__in=changes)
    stopped.update(**again, change=None, opens_with=first)
    of_another = others.filter(access__in=changes).filter(Q(stopped_at__isnull=False) | ~OF_OPEN_CHANGE)
    of_another.update(**again, told_at=None, told_how="", change=OPEN_CHANGE, opens_with=MailKind.CHANGE)
    record_all(event(by=by, at=at, target=row, what=AuditType.MAIL_ORDERED) for row in rows)
    return ids


TELLING = [MailKind.RECEIPT, MailKind.FAREWELL]
"""Mails that ask for nothing: no plan begins, stops or withdraws them."""


def _first(is_change: bool) -> str:
    return MailKind.CHANGE if is_change else MailKind.INVITATION


ASKS = [MailKind.INVITATION, MailKind.RENEWAL]
OPEN_CHANGE = Subquery(ChangeRequest.objects.open().filter(access=OuterRef("access")).values("pk")[:1])
OF_OPEN_CHANGE = Q(change__isnull=False, change__status__in=ChangeRequest.OPEN)


def mark_told(*, accesses: Iterable[int], by: str, at: datetime) -> int:
    """Staff have told the customers of these accesses (ids) themselves: no mail is sent. Returns how many."""
    with transaction.atomic():
        rows = [row for row in _rows(list(accesses)) if row.status in ASKING or asked_change(row)]
        told = {"told_at": at, "told_how": Told.OTHER_WAY, "change": OPEN_CHANGE, **_stopped(Why.OTHER_WAY, at=at)}
        made = [
            Invitation(access=row, ordered_by=by, ordered_at=at, stopped_at=at, stopped_why=Why.OTHER_WAY)
            for row in rows
        ]
        Invitation.objects.bulk_create(made, ignore_conflicts=True)
        Invitation.objects.filter(access__in=rows).update(**told)
        _withdraw(rows, at=at)
        record_all(event(by=by, at=at, target=row, what=AuditType.TOLD_OTHER_WAY) for row in rows)
    return len(rows)


def mark_returned(*, access: Access, by: str, at: datetime, mail: int = 0) -> None:
    """The mail (its id; 0: every one) came back to the vendor's mailbox: the customer is not told by it. Raises CannotMail when
    there was none. While another of the customer's addresses has got one, the customer is told.
    """
    with transaction.atomic():
        sent = access.mails.filter(status__in=[CustomerMail.Status.SENT, CustomerMail.Status.UNCERTAIN])
        these = sent.filter(Q(pk=mail) | Q(address=sent.filter(pk=mail).values("address")[:1])) if mail else sent
        addresses = {row.address_id for row in these if row.address_id}
        if not these.update(status=CustomerMail.Status.RETURNED, status_at=at):
            raise CannotMail(Why.RETURNED)
        MailAddress.objects.filter(pk__in=addresses).update(refused_at=at, problem_code="")
        if sent.exists():
            record(by=by, at=at, target=access, what=AuditType.MAIL_RETURNED)
            return
        plans = Invitation.objects.filter(access=access)
        plans.filter(told_how=Told.MAIL).update(told_at=None, told_how="")
        plans.update(**_stopped(Why.RETURNED, at=at))
        _withdraw([access], at=at)
        record(by=by, at=at, target=access, what=AuditType.MAIL_RETURNED)


def stop(*, access: Access, by: str, at: datetime, why: str = Why.BY_STAFF) -> None:
    """No more mails for this access. Asked by the customer (`BY_CUSTOMER`), staff cannot begin again either. Idempotent."""
    by_customer = {"muted_at": at} if why == Why.BY_CUSTOMER else {}
    with transaction.atomic():
        made = Invitation(access=access, ordered_by=by, ordered_at=at, stopped_at=at, stopped_why=why, **by_customer)
        Invitation.objects.bulk_create([made], ignore_conflicts=True)
        to_stop = Q(muted_at__isnull=True) if by_customer else Q(stopped_at__isnull=True)
        changed = Invitation.objects.filter(to_stop, access=access).update(**_stopped(why, at=at), **by_customer)
        if changed or made.pk:
            _withdraw([access], at=at)
            record(by=by, at=at, target=access, what=AuditType.MAILS_STOPPED, why=str(why))


def stop_address(*, access: Access, address: int, by: str, at: datetime) -> None:
    """The person at one of several addresses wants no more mail. A plan that reaches nobody any more ends when it is due. Idempotent."""
    with transaction.atomic():
        if not mute(address=address, customer=access.customer, by=by, at=at):
            return
        waiting = CustomerMail.objects.filter(address=address, status=CustomerMail.Status.WAITING)
        withdraw(keys=waiting.values_list("key", flat=True), at=at)


def _stopped(why: str, *, at: datetime) -> dict[str, Any]:
    return {"stopped_at": at, "stopped_why": why, "next_attempt_at": None, "is_at_once": False, **FREED}


def _withdraw(rows: Sequence[Access], *, at: datetime) -> None:
    waiting = CustomerMail.objects.filter(access__in=rows, status=CustomerMail.Status.WAITING)
    withdraw(keys=waiting.exclude(kind__in=TELLING).values_list("key", flat=True), at=at)
