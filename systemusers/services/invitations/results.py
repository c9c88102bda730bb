"""Takes over from the outbox what became of each mail. A mail that was accepted tells the customer; a refused one ends the plan."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F, OuterRef, Q, QuerySet, Subquery

from accounts.models import MailAddress
from portal.core.audit import record
from portal.core.audit_events import AuditType
from portal.core.bulk import write_columns
from portal.core.outbox.message import OutboxMessage
from systemusers.models import CustomerMail, Invitation
from systemusers.services.invitations.order import TELLING, _stopped

BATCH = 500
BY = "task:note_mails"
Status = CustomerMail.Status


def note_results(*, at: datetime) -> int:
    """One batch. Returns how many mails have a new status. Two at once share the rows."""
    message = OutboxMessage.objects.filter(key=OuterRef("key"))
    news = CustomerMail.objects.unsettled().annotate(
        now=Subquery(message.values("status")[:1]),
        now_at=Subquery(message.values("status_at")[:1]),
        now_code=Subquery(message.values("problem_code")[:1]),
    )
    with transaction.atomic():
        changed = news.filter(~Q(now=F("status")), now__isnull=False).select_for_update(skip_locked=True, of=("self",))
        mails = list(changed.select_related("access__invitation").order_by("pk")[:BATCH])
        for mail in mails:
            news_of: Any = mail  # with what the query adds
            mail.status, mail.status_at, mail.problem_code = news_of.now, news_of.now_at, news_of.now_code
            _pass_on(mail, at)
        write_columns(mails, "status", "status_at", "problem_code")
    return len(mails)


def _pass_on(mail: CustomerMail, at: datetime) -> None:
    """What the status of a mail means for its address, and for the plan of its access."""
    _note_address(mail)
    if mail.kind in TELLING:
        return
    plans = Invitation.objects.filter(access=mail.access_id, began_at__lte=mail.put_at)  # not of an earlier question
    if mail.status == Status.SENT:
        told = {"told_at": mail.status_at, "told_how": Invitation.Told.MAIL}
        plans.filter(told_at__isnull=True).exclude(stopped_why=Invitation.Why.RETURNED).update(**told)
    elif mail.status == Status.DEAD and not _others(mail).exists():
        plans.running().update(**_stopped(Invitation.Why.REFUSED, at=at))
        record(by=BY, at=at, target=mail.access, what=AuditType.MAIL_REFUSED, mail=mail.kind, code=mail.problem_code)


def _note_address(mail: CustomerMail) -> None:
    rows = MailAddress.objects.filter(pk=mail.address_id or 0)
    if mail.status == Status.DEAD:
        rows.update(refused_at=mail.status_at, problem_code=mail.problem_code)
    elif mail.status == Status.SENT:
        rows.update(refused_at=None, problem_code="")


def _others(mail: CustomerMail) -> QuerySet[CustomerMail]:
    """The same mail to other addresses of the customer, that arrived or may arrive."""
    same = CustomerMail.objects.filter(access=mail.access_id, kind=mail.kind, number=mail.number).exclude(pk=mail.pk)
    return same.filter(status__in=[Status.WAITING, Status.SENDING, Status.UNCERTAIN, Status.SENT])
