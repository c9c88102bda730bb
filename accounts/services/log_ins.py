"""The log-ins that have not ended: seen by their owner, and ended here."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import QuerySet

from accounts.models import LogIn, User
from accounts.services.visits import Visit
from portal.core.audit import record
from portal.core.audit_events import AuditType

BY = "task:sessions"
MOST_OPEN = 20
"""Sessions of one person."""


def began(*, user: User, session_key: str, visit: Visit) -> None:
    """A session began, or goes on under a new key. Those of the person that are too old to be used are forgotten, and of more than
    MOST_OPEN those end that were unused for longest.
    """
    LogIn.objects.filter(user=user, began_at__lt=oldest(visit.at)).delete()
    where = visit.as_detail()
    values = {"user": user, "began_at": visit.at, "seen_at": visit.at, "ip": where["ip"], "browser": where["browser"]}
    LogIn.objects.update_or_create(session_key=session_key, defaults=values)
    newest = LogIn.objects.filter(user=user).order_by("-seen_at", "-pk").values_list("pk", flat=True)
    if too_many := list(newest[MOST_OPEN:]):
        end(rows=LogIn.objects.filter(pk__in=too_many), by=BY, at=visit.at)


def ended(*, session_key: str | None) -> None:
    """The person logged out."""
    LogIn.objects.filter(session_key=session_key or "").delete()


def seen(*, session_key: str | None, at: datetime) -> None:
    LogIn.objects.filter(session_key=session_key or "").update(seen_at=at)


def oldest(at: datetime) -> datetime:
    """A session that began before can be used no longer."""
    return at - timedelta(seconds=settings.SESSION_COOKIE_AGE)


def open_of(user: User, *, at: datetime) -> QuerySet[LogIn]:
    rows = LogIn.objects.filter(user=user, began_at__gte=oldest(at))
    idle = timedelta(minutes=settings.SESSION_IDLE_MINUTES)
    return rows.filter(seen_at__gt=at - idle) if idle else rows


def end(*, rows: QuerySet[LogIn], by: str, at: datetime) -> int:
    """The sessions are of no use any more. Returns how many were ended; each is recorded."""
    with transaction.atomic():
        found = list(rows.select_for_update(of=("self",)).select_related("user"))
        Session.objects.filter(session_key__in=[row.session_key for row in found]).delete()
        for row in found:
            record(by=by, at=at, target=row.user, what=AuditType.LOGGED_OUT, ip=row.ip, browser=row.browser)
        LogIn.objects.filter(pk__in=[row.pk for row in found]).delete()
    return len(found)


def end_all(*, by: str, at: datetime, keep: str | None = None) -> int:
    """Every session but `keep`, those that are in nobody's list too. Returns how many people saw were open."""
    with transaction.atomic():
        number = end(rows=LogIn.objects.exclude(session_key=keep or ""), by=by, at=at)
        Session.objects.exclude(session_key=keep or "").delete()
    return number
