"""The plan and the texts of mails to customers: read, changed by an administrator, tried out."""

from __future__ import annotations

from datetime import datetime
from uuid import uuid4

from django.db import transaction

from accounts.models import User, Vendor
from portal.core import lease
from portal.core.audit import record
from portal.core.audit_changes import changes, values_of
from portal.core.audit_events import AuditType
from portal.core.masking import length_only
from portal.core.outbox.message import MailPayload, OutboxMessage
from portal.core.outbox.put import put
from portal.core.stale import check_unchanged
from systemusers.models import Invitation, MailPlan, MailTemplate
from systemusers.services.invitations import compose
from systemusers.services.invitations.texts import Text, check, usual_text

PLAN_FIELDS = (
    "reminder_days", "most_mails", "quiet_from", "quiet_to", "skips_weekends", "skips_holidays", "sends_receipts",
    "dkim_selectors",
)  # fmt: skip
TEXT_FIELDS = ("kind", "language", "subject", "body")
MASKS = {"subject": length_only, "body": length_only}


def mail_plan() -> MailPlan:
    """The plan; the usual one until somebody has changed it."""
    return MailPlan.objects.first() or MailPlan(pk=1)


def save_plan(*, plan: MailPlan, seen: str | None, by: str, at: datetime) -> None:
    """`plan` has the values to store. First mails that wait are given a new time by it. Raises EditedMeanwhile."""
    with transaction.atomic():
        MailPlan.objects.bulk_create([MailPlan(pk=1)], ignore_conflicts=True)
        stored = MailPlan.objects.select_for_update().get(pk=1)
        check_unchanged(stored, plan, PLAN_FIELDS, seen=seen)
        edits = changes(old=values_of(stored, PLAN_FIELDS), new=values_of(plan, PLAN_FIELDS))
        if edits:
            plan.pk = 1
            plan.save(force_update=True)
            not_begun = Invitation.objects.filter(
                began_at__isnull=True, stopped_at__isnull=True, next_attempt_at__gt=at
            )
            lease.make_due(not_begun, at=at)  # other hours may hold for them now
            record(by=by, at=at, target=plan, what=AuditType.EDITED, changes=edits)


def save_text(*, kind: str, language: str, text: Text, by: str, at: datetime) -> None:
    """Raises BadText."""
    check(kind=kind, subject=text.subject, body=text.body)
    with transaction.atomic():
        row, created = MailTemplate.objects.select_for_update().get_or_create(
            kind=kind, language=language, defaults={"subject": text.subject, "body": text.body}
        )
        old = {} if created else values_of(row, TEXT_FIELDS)
        row.subject, row.body = text.subject, text.body
        row.save()
        edits = changes(old=old, new=values_of(row, TEXT_FIELDS), masks=MASKS)
        if edits:
            record(by=by, at=at, target=row, what=AuditType.ADDED if created else AuditType.EDITED, changes=edits)


def drop_text(*, kind: str, language: str, by: str, at: datetime) -> None:
    """Back to the usual text. Does nothing when that is in force."""
    with transaction.atomic():
        row = MailTemplate.objects.select_for_update().filter(kind=kind, language=language).first()
        if row is not None:
            record(by=by, at=at, target=row, what=AuditType.DELETED)
            row.delete()


def text_of(*, kind: str, language: str) -> Text:
    row = MailTemplate.objects.filter(kind=kind, language=language).first()
    return Text(row.subject, row.body) if row else usual_text(kind, language)


def example(*, kind: str, language: str, text: Text, vendor: Vendor) -> MailPayload:
    """The mail as a customer with a made-up name would get it. Its links lead nowhere."""
    return compose.example(kind=kind, language=language, text=text, vendor=vendor)


def send_test(*, kind: str, language: str, text: Text, vendor: Vendor, to: User, at: datetime) -> None:
    """To oneself. Raises BadText."""
    check(kind=kind, subject=text.subject, body=text.body)
    payload = example(kind=kind, language=language, text=text, vendor=vendor)
    with transaction.atomic():
        put(kind=OutboxMessage.Kind.MAIL, key=f"test-mail:{uuid4()}", address=to.email, payload=payload, at=at)
        record(by=to.actor, at=at, target=to, what=AuditType.TEST_MAIL, mail=kind)
