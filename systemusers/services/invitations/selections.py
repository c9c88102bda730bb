"""Which accesses have a customer who was not told, or whom a mail did not reach: for filters and counts."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, Q

from portal.core.database import has_row
from systemusers.models import Access, CustomerMail, Invitation
from systemusers.models.invitation import NOT_REACHED, TOLD_BEFORE, TOLD_OR_COMING

Mail = CustomerMail.Status


def _plan(*conditions: Q) -> Q:
    return Q(Exists(Invitation.objects.filter(*conditions, access=OuterRef("pk"))))


def _mail(*statuses: str) -> Q:
    return Q(Exists(CustomerMail.objects.filter(access=OuterRef("pk"), status__in=statuses)))


UNTOLD = (
    Q(status=Access.Status.SENT)
    & ~has_row(Invitation.objects.filter(TOLD_OR_COMING, access=OuterRef("pk")))
    & ~has_row(Invitation.objects.filter(TOLD_BEFORE, access=OuterRef("pk")))
    & ~_mail(Mail.WAITING, Mail.SENDING)
)
"""Accesses that Altinn has our question for, and whose customer has not been told of it, nor will be by a plan.

Each that waits is asked for its plan in a small index first; hardly one is left for the second look.
"""
MAIL_FAILED = Q(status__in=Access.OPEN) & (
    _plan(NOT_REACHED) | (_mail(Mail.UNCERTAIN) & ~_plan(Q(told_at__isnull=False)))
)
"""Accesses whose customer was sent a mail that did not arrive, or may not have, and was not told in another way since."""
