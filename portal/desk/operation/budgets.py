"""How much of what a host allows us is used now. The one place where the operator's numbers meet the budgets."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass

from portal.core import call_budget
from portal.core.valkey import valkey


@dataclass(frozen=True)
class Budget:
    """`used` of `most` calls at once; `pause`: seconds for which the host has asked for no calls."""

    used: int
    most: int
    pause: float = 0.0


def find_budgets(calls: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Budget]:
    """By (service, host or API), for those that have one. Raises ERRORS of Valkey."""
    limited = sorted({(service, api) for service, api in calls if service == call_budget.SERVICE})
    with valkey().pipeline(transaction=False) as pipe:
        for _service, api in limited:
            pipe.zcount(f"calls:{api}", time.time(), "+inf")
            pipe.pttl(f"calls-paused:{api}")
        answers = pipe.execute()
    return {
        key: Budget(answers[2 * index], call_budget.AT_ONCE, max(0, answers[2 * index + 1]) / 1000)
        for index, key in enumerate(limited)
    }
