"""Deletes by one rule as the worker does, with the days between the plan and the deletion gone by."""

from __future__ import annotations

from datetime import datetime

from portal.core.retention import work
from portal.desk.kept.rules import RULES


def purged(kind: str, *, at: datetime) -> int:
    """How many rows were emptied of what was too old at that time."""
    rule = RULES[kind]
    work.plan([rule], at=at)
    return work.work({kind: rule}, at=at + rule.notice)
