"""The periods, each from a variable of the environment. Read by the settings as KEPT; no Django here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from portal.core.env import Env

OSLO = ZoneInfo("Europe/Oslo")


@dataclass(frozen=True)
class Period:
    """`default` and `minimum` in days; `by_year`: in whole years after the end of the year. 0, where it is allowed: without end."""

    variable: str
    default: int
    minimum: int = 1
    by_year: bool = False
    may_be_endless: bool = True


PERIODS = {
    "evidence": Period("EVIDENCE_KEPT_YEARS", 5, 5, by_year=True),
    "dialogs": Period("DIALOGS_KEPT_YEARS", 5, 1, by_year=True),
    "order-answers": Period("ORDER_ANSWERS_KEPT_DAYS", 400, 30),
    "discarded-drafts": Period("DISCARDED_FILES_KEPT_DAYS", 90, 1),
    "notes": Period("NOTES_KEPT_DAYS", 1095, 30),
    "contacts": Period("ENDED_CONTACTS_KEPT_DAYS", 365, 1),
    "clicks": Period("CLICKS_KEPT_DAYS", 90, 1),
    "mail-bodies": Period("UNSENT_MAILS_KEPT_DAYS", 30, 4),
    "mails": Period("MAILS_KEPT_DAYS", 365, 30),
    "events": Period("EVENTS_KEPT_DAYS", 90, 90),
    "feed": Period("FEED_KEPT_DAYS", 30, 7),
    "heaps": Period("HEAPS_KEPT_DAYS", 30, 1, may_be_endless=False),
    "imports": Period("IMPORTS_KEPT_DAYS", 30, 1, may_be_endless=False),
    "keyed-calls": Period("API_ANSWERS_KEPT_DAYS", 2, 1, may_be_endless=False),
    "told": Period("TOLD_KEPT_DAYS", 60, 60, may_be_endless=False),
    "proposals": Period("PROPOSALS_KEPT_DAYS", 1095, 30),
    "sessions": Period("SESSIONS_KEPT_DAYS", 1, 1, may_be_endless=False),
}
MOST = {False: 3650, True: 30}


def read(env: Env) -> dict[str, int]:
    """Raises BadSetting."""
    return {kind: _one(env, period) for kind, period in PERIODS.items()}


def _one(env: Env, period: Period) -> int:
    if period.may_be_endless and env.optional(period.variable) == "0":
        return 0
    return env.integer(period.variable, default=period.default, minimum=period.minimum, maximum=MOST[period.by_year])


def cutoff(kind: str, kept: int, *, at: datetime) -> datetime | None:
    """What is older is deleted. None: nothing is. By year: what is of the year 2020 is kept to the end of 2025 for 5 years."""
    if not kept:
        return None
    if PERIODS[kind].by_year:
        return datetime(at.astimezone(OSLO).year - kept, 1, 1, tzinfo=OSLO)
    return at - timedelta(days=kept)


def ends_at(kind: str, kept: int, *, since: datetime) -> datetime | None:
    """When something that ended at `since` may be deleted. None: never."""
    if not kept:
        return None
    if PERIODS[kind].by_year:
        return datetime(since.astimezone(OSLO).year + kept + 1, 1, 1, tzinfo=OSLO)
    return since + timedelta(days=kept)
