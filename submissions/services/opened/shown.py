"""How the telling goes, for the page of the setting."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count

from portal.core.environments import Environment
from portal.explain import explain
from submissions.models import Opening

PERIOD = timedelta(days=30)


@dataclass(frozen=True)
class Figures:
    """Of the last PERIOD. `reasons` are (why, how many) of those that Skatteetaten was not told about, the most first."""

    told: int
    waiting: int
    reasons: list[tuple[str, int]]

    @property
    def has_any(self) -> bool:
        return bool(self.told or self.waiting or self.reasons)


def figures(*, environment: Environment, at: datetime) -> Figures:
    rows = Opening.objects.filter(transmission__dialog__environment=environment, opened_at__gte=at - PERIOD)
    counted = rows.order_by().values_list("status", "problem_code").annotate(n=Count("pk"))
    totals: dict[str, int] = {}
    reasons: dict[str, int] = {}
    for status, code, number in counted:
        totals[status] = totals.get(status, 0) + number
        if status == Opening.Status.NOT_TOLD:
            title = str(explain(code).title)
            reasons[title] = reasons.get(title, 0) + number
    return Figures(
        told=totals.get(Opening.Status.TOLD, 0),
        waiting=totals.get(Opening.Status.WAITING, 0),
        reasons=sorted(reasons.items(), key=lambda pair: -pair[1]),
    )
