"""Where each package of a heap stands: in exactly one group, whatever counts, lists, drafts or sends them.

The numbers of the page, the rows that they lead to, and what the two buttons are about are all of `grouped`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from enum import StrEnum
from typing import Any

from django.db.models import Case, Exists, OuterRef, Q, QuerySet, Value, When
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from submissions.models import Approval, HeapPackage, Submission
from submissions.services.drafting.beside import TAKEN, taken
from submissions.services.drafting.package_check import OPEN
from systemusers.models import Access

V, S = HeapPackage.Verdict, Submission.Status


class Where(StrEnum):
    """READY can become a draft, DRAFTS can be sent without a further question, MOVING waits for a worker. LOOK waits for a person."""

    READY = "ready"
    DRAFTS = "drafts"
    LOOK = "look"
    SENT = "sent"
    MOVING = "moving"
    CANCELLED = "cancelled"


NO_DRAFT, OPEN_DRAFT = Q(draft__isnull=True), Q(draft__status__in=OPEN)
UNCHECKED = OPEN_DRAFT & Q(draft__is_checked=False)
DRAFTABLE = NO_DRAFT & Q(verdict__in=(V.READY, V.BEFORE), wanted_at__isnull=True)
"""Also what was delivered before: its draft says what becomes of the old one, and is sent from its own page."""
_MOVING = (NO_DRAFT & (Q(verdict=V.WAITING) | Q(wanted_at__isnull=False))) | UNCHECKED | Q(send_wanted_at__isnull=False)
_CLEAN = Q(
    draft__status=S.READY,
    draft__errors=0,
    draft__warnings=0,
    draft__package_check__refused__isnull=True,
    draft__package_check__refused_more=0,
    draft__access__status__in=Access.USABLE,
    was_before=False,
    is_asked=False,
)


def with_asked(packages: QuerySet[HeapPackage]) -> QuerySet[HeapPackage]:
    """Annotates `is_asked`: a second person is asked."""
    return packages.annotate(is_asked=Exists(Approval.objects.unanswered().filter(submission=OuterRef("draft"))))


def grouped(packages: QuerySet[HeapPackage], *, apart: Collection[str]) -> QuerySet[HeapPackage]:
    """Annotates `where`, `was_before` (something about the same was sent) and `is_asked` (a second person is asked).

    `apart`: services that are sent from their own pages alone, see `sending.left_to_page`.
    """
    same = Submission.objects.filter(
        customer=OuterRef("customer"),
        service=OuterRef("service"),
        period_kind=OuterRef("period_kind"),
        period_start=OuterRef("period_start"),
        answers__isnull=True,
        status__in=TAKEN,
    )
    others = same.exclude(pk=Coalesce(OuterRef("draft"), 0))  # without a draft all are others
    return (
        with_asked(packages)
        .annotate(was_before=Exists(others))
        .annotate(
            where=Case(
                When(draft__status=S.CANCELLED, then=Value(Where.CANCELLED)),
                When(~NO_DRAFT & ~OPEN_DRAFT, then=Value(Where.SENT)),
                When(_MOVING, then=Value(Where.MOVING)),
                When(DRAFTABLE, then=Value(Where.READY)),
                When(_CLEAN & ~Q(service__in=apart), then=Value(Where.DRAFTS)),
                default=Value(Where.LOOK),
            )
        )
    )


def state_of(row: Any) -> tuple[str, str]:
    """(code, label) of a package of `grouped`, with its draft loaded. Ready is what `DRAFTS` counts, and nothing else."""
    draft: Submission | None = row.draft
    if row.where == Where.READY and not row.was_before:
        return V.READY, _("Kan bli kladd")
    if row.was_before and (row.where == Where.READY or (row.where == Where.LOOK and draft and draft.status == S.READY)):
        return V.BEFORE, str(V.BEFORE.label)
    if draft is None:
        return (V.WAITING, _("Kladden lages")) if row.wanted_at else (row.verdict, row.get_verdict_display())
    if row.where == Where.MOVING and row.send_wanted_at:
        return S.QUEUED, _("Legges i kø")
    if row.where == Where.LOOK and draft.status == S.READY:
        return "LOOK", _("Må ses på")
    return draft.status, draft.get_status_display()


def earlier_of(packages: Iterable[HeapPackage]) -> dict[int, Submission]:
    """By the id of the package: the newest other report about the same that the authority has, or soon may. One query."""
    rows = list(packages)
    if not rows:
        return {}
    found = taken(
        Submission.objects.filter(
            customer__in={row.customer_id for row in rows},
            service__in={row.service for row in rows},
            period_start__in={row.period_start for row in rows},
            answers__isnull=True,
        )
    )
    earlier: dict[tuple[object, ...], list[Submission]] = {}
    for one in found:
        earlier.setdefault(_about(one), []).append(one)
    others = {row.pk: [one for one in earlier.get(_about(row), []) if one.pk != row.draft_id] for row in rows}
    return {pk: found[0] for pk, found in others.items() if found}


def _about(row: HeapPackage | Submission) -> tuple[object, ...]:
    return (row.customer_id, row.service, row.period_kind, row.period_start)
