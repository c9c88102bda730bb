"""Calls to the outside services: how many, how they ended and how long they took, by environment, service and host or API."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from portal.core.environments import Environment
from portal.core.operation.counter import HOUR, Counter, Fields, added
from portal.core.upstream import environment_of
from portal.gateways.http import CallStats
from portal.gateways.skatteetaten.common import api_of

LIMITS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, math.inf)
"""Upper ends, in seconds, of the classes of answer times."""
OK, REFUSED, FAILED, LIMITED = "ok", "refused", "failed", "limited"
OUTCOMES = (OK, REFUSED, FAILED, LIMITED)
SHARED = "ALL"
"""The group of hosts that belong to no environment: the business register."""
counter = Counter("calls:1")


@dataclass
class Measured:
    """Of one host, or one API where its owner counts by API, over some time. `classes`: numbers of calls, as LIMITS."""

    service: str
    host: str
    outcomes: dict[str, int] = field(default_factory=lambda: dict.fromkeys(OUTCOMES, 0))
    classes: list[int] = field(default_factory=lambda: [0] * len(LIMITS))
    milliseconds: int = 0

    @property
    def calls(self) -> int:
        return sum(self.outcomes.values())

    @property
    def errors(self) -> int:
        """No answer, a fault of the service, or too many calls from us. A refusal is an answer."""
        return self.outcomes[FAILED] + self.outcomes[LIMITED]

    def slower_than(self, share: float) -> float | None:
        """Seconds within which this share of the calls was answered, as the upper end of a class; None without calls."""
        reached, wanted = 0, share * sum(self.classes)
        for limit, number in zip(LIMITS, self.classes, strict=True):
            reached += number
            if number and reached >= wanted:
                return limit
        return None


def note(stats: CallStats) -> None:
    """Count one call. Never raises."""
    environment = environment_of(stats.host)
    outcome, where = outcome_of(stats), host_of(stats)
    number = bisect_left(LIMITS, stats.seconds)
    prefix = f"{stats.service} {where}"
    counter.add(
        environment.value if environment else SHARED,
        {f"{prefix} {outcome}": 1, f"{prefix} {number}": 1, f"{prefix} ms": round(stats.seconds * 1000)},
    )


def outcome_of(stats: CallStats) -> str:
    if stats.status == 429:
        return LIMITED
    if stats.status is None or stats.status >= 500:
        return FAILED
    return OK if stats.status < 400 else REFUSED


def host_of(stats: CallStats) -> str:
    """Skatteetaten counts calls by API, the others by host. No blanks."""
    if stats.service != "skatteetaten":
        return stats.host
    return api_of(f"https://{stats.host}{stats.path}").replace(" ", "") or stats.host


def measured(fields: Fields) -> list[Measured]:
    """By service and host."""
    found: dict[tuple[str, str], Measured] = {}
    for name, number in fields.items():
        service, host, what = name.split(" ")
        one = found.setdefault((service, host), Measured(service, host))
        if what == "ms":
            one.milliseconds += number
        elif what in one.outcomes:
            one.outcomes[what] += number
        else:
            one.classes[int(what)] += number
    return [found[key] for key in sorted(found)]


def last_hour(environment: Environment, *, at: datetime) -> list[Fields]:
    """By minute, the oldest first. Raises ERRORS."""
    minutes = (counter.last(group, at=at, number=60) for group in (environment.value, SHARED))
    return [added([*pair]) for pair in zip(*minutes, strict=True)]


def last_day(environment: Environment, *, at: datetime) -> list[Fields]:
    """By hour, the oldest first. Raises ERRORS."""
    hours = (counter.last(group, at=at, number=24, size=HOUR) for group in (environment.value, SHARED))
    return [added([*pair]) for pair in zip(*hours, strict=True)]


def total_of(groups: Iterable[str]) -> dict[str, list[Measured]]:
    """Since Valkey was emptied last, by group. Raises ERRORS."""
    return {group: measured(counter.total(group)) for group in groups}
