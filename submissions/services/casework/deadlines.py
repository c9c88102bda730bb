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


_UNANSWERED = Q(gone_at__isnull=True) & ~Q(status__in=["Completed", "Awaiting"])
_OURS_TO_ANSWER = Q(handled_at__isnull=True) & _UNANSWERED
DUE_NEEDS_ANSWER = Q(handled_at__isnull=True) & ~Q(status="Awaiting")
"""What makes NEEDS_ANSWER of rows of `due_by` that have a deadline. See `find_due` for why nothing is said twice."""
NEEDS_ANSWER = _OURS_TO_ANSWER & (Q(status="RequiresAttention") | Q(due_at__isnull=False))
"""The sender waits for the customer: it says so, or it has set a deadline. "Awaiting" waits for the sender."""


def due_by(code: str, *, at: datetime) -> Q:
    """The condition of one part of the calendar. A deadline counts while the dialog is open. Raises ValueError."""
    is_open = Q(gone_at__isnull=True) & ~Q(status="Completed")
    when = _within(code, at=at)
    return when if Due(code) == Due.NONE else when & is_open


def _within(code: str, *, at: datetime) -> Q:
    last = at + WEEK
    return {
        Due.OVERDUE: Q(due_at__lt=at),
        Due.WEEK: Q(due_at__gte=at, due_at__lt=last),
        Due.LATER: Q(due_at__gte=last),
        Due.NONE: Q(due_at__isnull=True),
    }[Due(code)]


def with_deadline(rows: DialogQuerySet) -> DialogQuerySet:
    """Those of `rows`, which nobody here is done with, that somebody must answer by a day, the late ones first."""
    return rows.filter(_UNANSWERED, due_at__isnull=False).order_by("due_at", "pk")


def find_due(*, user: User, environment: Environment, at: datetime, part: Due | None = None) -> DialogQuerySet:
    """Dialogs visible to `user` that need an answer and have a deadline, the late ones first; with `part` those of NEEDS_ANSWER and
    `due_by`.

    Nothing is said twice: PostgreSQL takes each condition as one more that few rows meet, and would expect none where there
    are thousands.
    """
    when = _within(part, at=at) if part else Q(due_at__isnull=False)
    rows = Dialog.objects.visible_to(user).current().filter(_OURS_TO_ANSWER, when, environment=environment)
    return rows.order_by("due_at", "pk")
