"""Dialogs that somebody must answer, and until when: Dialogporten's `dueAt` is the customer's deadline."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from django.db.models import Q

from accounts.models import User
from portal.core.environments import Environment
from submissions.models import Dialog, DialogQuerySet

WEEK = timedelta(days=7)


class Due(StrEnum):
    OVERDUE = "overdue"
    WEEK = "week"
    LATER = "later"
    NONE = "none"


NEEDS_ANSWER = (
    Q(gone_at__isnull=True, handled_at__isnull=True)
    & ~Q(status__in=["Completed", "Awaiting"])
    & (Q(status="RequiresAttention") | Q(due_at__isnull=False))
)
"""The sender waits for the customer: it says so, or it has set a deadline. "Awaiting" waits for the sender."""


def due_by(code: str, *, at: datetime) -> Q:
    """The condition of one part of the calendar. A deadline counts while the dialog is open. Raises ValueError."""
    last, is_open = at + WEEK, Q(gone_at__isnull=True) & ~Q(status="Completed")
    return {
        Due.OVERDUE: Q(due_at__lt=at) & is_open,
        Due.WEEK: Q(due_at__gte=at, due_at__lt=last) & is_open,
        Due.LATER: Q(due_at__gte=last) & is_open,
        Due.NONE: Q(due_at__isnull=True),
    }[Due(code)]


def find_due(*, user: User, environment: Environment, at: datetime) -> DialogQuerySet:
    """Dialogs visible to `user` that need an answer and have a deadline, the late ones first."""
    rows = Dialog.objects.visible_to(user).current().filter(NEEDS_ANSWER, environment=environment, due_at__isnull=False)
    return rows.order_by("due_at", "pk")
