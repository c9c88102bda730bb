"""When a session ends by itself: after a while without activity, and after a working day whatever happens."""

from __future__ import annotations

from collections.abc import MutableMapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from django.conf import settings

BEGAN, SEEN = "began_at", "seen_at"
"""In the session: seconds since 1970."""
NOTED_EVERY = 60
"""Seconds: a session is not stored for each page. With a short setting it is a tenth of that."""


class End(StrEnum):
    IDLE = "idle"
    OLD = "old"
    NOT_VOUCHED = "not-vouched"


def why_ended(session: MutableMapping[str, Any], *, at: datetime) -> End | None:
    """None while it goes on. A session of the release before begins with the first page."""
    now = at.timestamp()
    if now - session.get(BEGAN, now) >= settings.SESSION_HOURS * 3600:
        return End.OLD
    idle = settings.SESSION_IDLE_MINUTES * 60
    return End.IDLE if idle and now - session.get(SEEN, now) >= idle else None


def begin(session: MutableMapping[str, Any], *, at: datetime) -> None:
    """Somebody logged in."""
    session[BEGAN] = session[SEEN] = int(at.timestamp())


def note_activity(session: MutableMapping[str, Any], *, at: datetime) -> None:
    """Nothing is stored where idling is no end."""
    now = int(at.timestamp())
    every = min(NOTED_EVERY, settings.SESSION_IDLE_MINUTES * 6)
    if every and BEGAN not in session:
        begin(session, at=at)
    elif every and abs(now - session.get(SEEN, 0)) >= every:
        session[SEEN] = now
