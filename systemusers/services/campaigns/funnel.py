"""From invited to in use: how many customers have come how far, how long it took, and how long the others have waited.

Each table is one GROUP BY. A stage counts those who have reached it or a later one, so no stage has more than the one before.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Aggregate, Count, DurationField, ExpressionWrapper, F, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from portal.core import counting
from systemusers.models import Access, Campaign, CampaignRow, ChangeRequest

LOOKED_BACK = 7
"""Days from which the forecast takes its pace."""
AGES = (1, 7, 14)
"""Bounds of the ages of waiting questions, in days."""
S = Access.Status
STAGES: dict[str, Any] = {
    "asked": _("Spurt i Altinn"),
    "told": _("Varslet"),
    "opened": _("Har åpnet lenken"),
    "approved": _("Godkjent"),
    "in_use": _("I bruk"),
}
Key = tuple[str, str]


class Median(Aggregate):
    """Of the values that are not null; null without any."""

    function = "percentile_cont"
    template = "%(function)s(0.5) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = DurationField()


@dataclass(frozen=True)
class Stage:
    """`share` of those asked for, in percent; `median`: the time that half of them needed from the question."""

    code: str
    label: Any
    number: int
    share: int
    median: timedelta | None


@dataclass(frozen=True)
class Funnel:
    """`all`: the customers of the campaign, or with an access. `ages`: those that wait, by AGES, the youngest first.

    `approved_lately`: in the last LOOKED_BACK days. `rejected` have said no.
    """

    all: int
    stages: list[Stage]
    waiting: int
    ages: list[int]
    rejected: int
    approved_lately: int

    def number(self, code: str) -> int:
        return next((stage.number for stage in self.stages if stage.code == code), 0)


def of_campaign(campaign: Campaign, *, at: datetime) -> Funnel:
    """Of the rows that were asked or are to be."""
    rows = CampaignRow.objects.taken(campaign)
    measures = _of_changes("change__", at) if campaign.is_change else _of_accesses("access__", at)
    found = _grouped(rows, "campaign", measures, at)
    return found.get(campaign.pk) or _funnel(rows.none().aggregate(all=Count("pk"), **measures))


def by_campaign(campaigns: QuerySet[Campaign], *, at: datetime) -> dict[int, Funnel]:
    """Of those that ask for accesses, by their ids."""
    rows = CampaignRow.objects.filter(campaign__in=campaigns.order_by(), state=CampaignRow.State.ASKED)
    return _grouped(rows, "campaign", _of_accesses("access__", at), at)


def by_profile(accesses: QuerySet[Access], *, at: datetime) -> dict[int, Funnel]:
    """Of the accesses that the portal has asked for, by the ids of the profiles."""
    return _grouped(accesses.filter(ASKED_HERE), "profile", _of_accesses("", at), at)


def by_portfolio(accesses: QuerySet[Access], *, at: datetime) -> dict[int | None, Funnel]:
    """As `by_profile`, by the ids of the portfolios; None for customers without one."""
    return _grouped(accesses.filter(ASKED_HERE), "customer__portfolio", _of_accesses("", at), at)


ASKED_HERE = Q(sent_at__isnull=False) | Q(status=S.DRAFT)
"""Without the accesses that were made elsewhere and taken over."""


def _grouped(rows: QuerySet[Any], key: str, measures: dict[str, Any], at: datetime) -> dict[Any, Funnel]:
    """Large numbers are kept for a minute."""
    grouped = rows.order_by().values(key).annotate(all=Count("pk"), **measures)
    return {each[key]: _funnel(each) for each in counting.whole(grouped, of="all", at=at)}


def _q(prefix: str) -> Callable[..., Q]:
    return lambda **conditions: Q(**{prefix + name: value for name, value in conditions.items()})


def _of_accesses(prefix: str, at: datetime) -> dict[str, Any]:
    q = _q(prefix)
    stood = q(status=S.UNKNOWN, system_user__isnull=False)
    approved = q(status__in=[*Access.USABLE, S.REMOVED]) | stood
    used = approved & q(system_user__first_token_at__isnull=False)
    opened = approved | q(opened_at__isnull=False)
    told = opened | q(invitation__told_at__isnull=False)
    asked = told | q(sent_at__isnull=False)
    stages = {"asked": asked, "told": told, "opened": opened, "approved": approved, "in_use": used}
    times = {"opened": "opened_at", "approved": "answered_at", "in_use": "system_user__first_token_at"}
    return {
        **{code: Count("pk", filter=condition) for code, condition in stages.items()},
        **{f"{code}_median": _median(prefix, name, stages[code]) for code, name in times.items()},
        **_waiting(prefix, q(status__in=list(Access.OPEN)), at),
        "rejected": Count("pk", filter=q(status=S.REJECTED)),
        "lately": Count("pk", filter=approved & q(answered_at__gte=at - timedelta(days=LOOKED_BACK))),
    }


def _of_changes(prefix: str, at: datetime) -> dict[str, Any]:
    q, status = _q(prefix), ChangeRequest.Status
    approved = q(status=status.APPROVED)
    told = approved | q(invitations__told_at__isnull=False)
    return {
        "asked": Count("pk", filter=told | q(sent_at__isnull=False)),
        "told": Count("pk", filter=told),
        "approved": Count("pk", filter=approved),
        "approved_median": _median(prefix, "status_at", approved),
        **_waiting(prefix, q(status=status.SENT), at),
        "rejected": Count("pk", filter=q(status=status.REJECTED)),
        "lately": Count("pk", filter=approved & q(status_at__gte=at - timedelta(days=LOOKED_BACK))),
    }


def _median(prefix: str, name: str, condition: Q) -> Median:
    took = ExpressionWrapper(F(f"{prefix}{name}") - F(f"{prefix}sent_at"), output_field=DurationField())
    return Median(took, filter=condition)


def _waiting(prefix: str, waiting: Q, at: datetime) -> dict[str, Any]:
    bounds = [at - timedelta(days=days) for days in AGES]
    sent = f"{prefix}sent_at"
    ages = [Q(**{f"{sent}__gt": bounds[0]})]
    ages += [Q(**{f"{sent}__lte": younger, f"{sent}__gt": older}) for younger, older in itertools.pairwise(bounds)]
    ages.append(Q(**{f"{sent}__lte": bounds[-1]}))
    counts = {f"age_{index}": Count("pk", filter=waiting & age) for index, age in enumerate(ages)}
    return {"waiting": Count("pk", filter=waiting), **counts}


def _funnel(numbers: dict[str, Any]) -> Funnel:
    total = numbers["all"]
    stages = [
        Stage(
            code,
            label,
            numbers[code],
            round(100 * numbers[code] / total) if total else 0,
            numbers.get(f"{code}_median"),
        )
        for code, label in STAGES.items()
        if code in numbers
    ]
    ages = [numbers[f"age_{index}"] for index in range(len(AGES) + 1)]
    return Funnel(total, stages, numbers["waiting"], ages, numbers["rejected"], numbers["lately"])


def forecast(funnel: Funnel, *, began_at: datetime, deadline: date, at: datetime) -> int | None:
    """How many have approved at the end of the deadline, if the same share of those who wait approves each day as lately.

    None while nobody has been asked for a day, without any approval lately, and when the deadline is past.
    """
    days_left = (deadline - timezone.localdate(at)).days
    days_back = min(LOOKED_BACK, (at - began_at).days)
    had = funnel.waiting + funnel.approved_lately
    if days_left < 0 or days_back < 1 or not funnel.approved_lately:
        return None
    share = min(1.0, funnel.approved_lately / had / days_back)
    return funnel.number("approved") + round(funnel.waiting * (1 - (1 - share) ** days_left))
