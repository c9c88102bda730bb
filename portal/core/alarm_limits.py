"""From how much on something in the audit trail is an alarm. Read by the settings; no Django here."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import time

from portal.core.env import BadSetting, Env

_HOURS = re.compile(r"([01][0-9]|2[0-3])-([01][0-9]|2[0-3])")


@dataclass(frozen=True)
class Limits:
    """In an hour; 0 for no such alarm. `hours`: when reading is unusual, None for never. `integrations`: how many times as much one may."""

    log_ins: int
    reading: int
    exports: int
    rows: int
    hours: tuple[time, time] | None
    integrations: int = 1


def read(env: Env) -> Limits:
    """Raises BadSetting."""
    return Limits(
        log_ins=env.integer("ALARM_FAILED_LOG_INS", default=30, maximum=100_000),
        reading=env.integer("ALARM_READ", default=300, maximum=1_000_000),
        exports=env.integer("ALARM_EXPORTS", default=30, maximum=100_000),
        rows=env.integer("ALARM_EXPORTED_ROWS", default=20_000, maximum=100_000_000),
        hours=_hours(env),
        integrations=env.integer("ALARM_INTEGRATION_TIMES", default=1, minimum=1, maximum=1000),
    )


def dormant_days(env: Env) -> int:
    """Raises BadSetting."""
    days = env.integer("DORMANT_DAYS", default=0, maximum=3650)
    if 0 < days < 30:
        problem = "must be 0, or 30 days or more: the owner is told two weeks before"
        raise BadSetting("DORMANT_DAYS", problem, example="180")
    return days


def _hours(env: Env) -> tuple[time, time] | None:
    value = env.optional("ALARM_HOURS")
    if value is None:
        return None
    match = _HOURS.fullmatch(value)
    if match is None or match[1] == match[2]:
        raise BadSetting("ALARM_HOURS", f"is {value!r}, but must be two hours of the day", example="22-06")
    return time(int(match[1])), time(int(match[2]))
