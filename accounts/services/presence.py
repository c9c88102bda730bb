"""When a member of staff last opened a page, and when the visit before this one ended: for what changed since."""

from __future__ import annotations

from datetime import datetime, timedelta

from accounts.models import User
from accounts.services import log_ins

PAUSE = timedelta(minutes=30)
"""After so long without a page, the next one begins a new visit."""
NOTED_EVERY = timedelta(minutes=1)


def note_page(*, user: User, session_key: str | None = None, at: datetime) -> None:
    """Call it for each page that a person opens. One UPDATE in NOTED_EVERY at most; of two at once, the first one counts."""
    before = user.seen_at
    if before is not None and abs(at - before) < NOTED_EVERY:
        return
    seen = {"seen_at": at}
    if before is not None and at - before > PAUSE:
        seen["previous_seen_at"] = before
    if User.objects.filter(pk=user.pk, seen_at=before).update(**seen):
        for name, value in seen.items():
            setattr(user, name, value)
        log_ins.seen(session_key=session_key, at=at)
