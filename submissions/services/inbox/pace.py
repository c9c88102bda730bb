"""How often customers are followed, and how much later than planned: measured over all cursors by a worker, kept for the pages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from django.core.cache import cache
from django.db.models import Aggregate, Case, Count, DurationField, F, Q, Value, When

from accounts.models import followed
from portal.core.environments import Environment
from submissions.models import PollCursor
from systemusers.models import Access

KEPT = timedelta(minutes=15)
LATE = timedelta(minutes=2)
"""After its time; a sweep and the work before it take a while."""
Tier = PollCursor.Tier
NEW = "NEW"
"""Not asked yet."""
TIERS: tuple[str, ...] = (*Tier.values, NEW)


@dataclass(frozen=True)
class Pace:
    """One tier. Times in seconds since the last round, and `lag` of the one that is latest; `late`: later than planned by LATE."""

    tier: str
    customers: int
    late: int
    typical: float
    slow: float
    lag: float

    @property
    def in_time(self) -> int:
        return self.customers - self.late


@dataclass(frozen=True)
class Measured:
    at: datetime
    paces: list[Pace]


class Percentile(Aggregate):
    """The value that this share of the rows does not exceed."""

    function = "PERCENTILE_CONT"
    template = "%(function)s(%(share)s) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = DurationField()

    def __init__(self, expression: Any, share: float) -> None:
        super().__init__(expression, share=share)


def measure(*, environment: Environment, at: datetime) -> Measured:
    """One statement over all cursors of the environment; store it. For a worker."""
    rows = PollCursor.objects.filter(followed("access__customer"), access__status__in=Access.USABLE)
    planned = rows.filter(access__environment=environment).annotate(
        pace=Case(When(polled_at__isnull=True, then=Value(NEW)), default=F("tier")),
        since_asked=Value(at) - F("polled_at"),
        lag=Value(at) - F("next_attempt_at"),
    )
    groups = planned.order_by().values("pace").annotate(
        customers=Count("pk"),
        late=Count("pk", filter=Q(lag__gt=LATE)),
        typical=Percentile("since_asked", 0.5),
        slow=Percentile("since_asked", 0.95),
        longest=Percentile("lag", 1.0),
    )  # fmt: skip
    paces = {row["pace"]: _pace(row) for row in groups}
    measured = Measured(at, [paces[tier] for tier in TIERS if tier in paces])
    cache.set(_key(environment), asdict(measured), KEPT.total_seconds())
    return measured


def _pace(row: Mapping[str, Any]) -> Pace:
    seconds = {name: row[name].total_seconds() if row[name] else 0.0 for name in ("typical", "slow", "longest")}
    return Pace(
        row["pace"], row["customers"], row["late"], seconds["typical"], seconds["slow"], max(0.0, seconds["longest"])
    )


def newest(environment: Environment) -> Measured | None:
    """What a worker measured last; None when that is long ago. No query."""
    stored = cache.get(_key(environment))
    return Measured(stored["at"], [Pace(**pace) for pace in stored["paces"]]) if stored else None


def _key(environment: Environment) -> str:
    return f"operation:pace:1:{environment}"
