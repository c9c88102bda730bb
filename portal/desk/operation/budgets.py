"""How much of what a host allows us is used now: the budgets, as the operator's numbers name hosts."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from portal.core import budgets
from portal.core.budgets import State
from portal.core.budgets.policy import name_of


def find_budgets(calls: Iterable[tuple[str, str]], *, at: datetime) -> dict[tuple[str, str], State]:
    """By (service, host or API), for those that were used in the last day. Nothing while Valkey does not answer."""
    states = {state.name: state for state in budgets.now(at=at) or ()}
    return {key: states[name] for key in calls if (name := name_of(*key)) in states}
