"""The list of submissions: the search, and the groups of states for the filter chips."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.services.customers import find_customer_ids
from portal.core.environments import Environment
from portal.core.filters import Group
from portal.core.next_step import NextStep
from submissions.models import Approval, Submission, SubmissionQuerySet
from submissions.period import Period, PeriodKind
from submissions.services import catalogue
from submissions.services.pages.next_step import next_step

S = Submission.Status
_PERIOD = re.compile(r"20[0-4]\d(-(0[1-9]|1[0-2])|-T[1-6])?")


GROUPS = [
    Group("drafts", _("Kladder"), Q(status__in=[S.DRAFT, S.READY])),
    Group("moving", _("På vei"), Q(status__in=[S.QUEUED, S.SENDING])),
    Group("uncertain", _("Uavklart"), Q(status=S.UNCERTAIN)),
    Group("delivered", _("Levert"), Q(status=S.DELIVERED)),
    Group("accepted", _("Godkjent"), Q(status=S.ACCEPTED)),
    Group("rejected", _("Avvist"), Q(status=S.REJECTED)),
    Group("person", _("Krever en person"), Q(status=S.NEEDS_PERSON)),
    Group("failed", _("Feilet"), Q(status=S.FAILED)),
    Group("cancelled", _("Avbrutt"), Q(status=S.CANCELLED)),
]
"""The codes are used in URLs, also by links from other pages."""


def unanswered(at: datetime) -> Q:
    """Delivered, and without a verdict after the service's usual time."""
    late = Q(pk__in=[])
    for service in catalogue.services():
        late |= Q(service=service.id, delivered_at__lte=at - timedelta(hours=service.usual_hours))
    return Q(status=S.DELIVERED) & late


def groups(at: datetime) -> list[Group]:
    """The groups of the filter; which answers are late depends on when one asks."""
    return [
        *GROUPS,
        Group("approval", _("Venter på godkjenning"), Approval.UNANSWERED),
        Group("unanswered", _("Mangler svar"), unanswered(at)),
    ]


def find_submissions(*, user: User, environment: Environment, text: str = "") -> SubmissionQuerySet:
    """Submissions visible to `user`, filtered by customer and by a year (2025), month (2025-03) or term (2025-T2), in any order."""
    rows = Submission.objects.visible_to(user).filter(environment=environment)
    periods = [word for word in text.split() if _PERIOD.fullmatch(word)]
    if len(periods) == 1:
        rows = rows.filter(_about(Period.read(periods[0])))
        text = " ".join(word for word in text.split() if word != periods[0])
    return rows.filter(customer__in=find_customer_ids(text, environment=environment)) if text else rows


def _about(period: Period) -> Q:
    """A year finds everything within it."""
    if period.kind == PeriodKind.YEAR:
        return Q(period_start__year=period.start.year)
    return Q(**period.columns())


@dataclass(frozen=True)
class Row:
    """A submission in a list: shown without further queries."""

    submission: Submission
    service_name: str
    step: NextStep


def row_of(submission: Submission, *, at: datetime, working: bool) -> Row:
    """`submission` comes from `with_correction`, with its customer where the list shows it."""
    step = next_step(submission, at=at, working=working)
    return Row(submission=submission, service_name=catalogue.name_of(submission.service), step=step)
