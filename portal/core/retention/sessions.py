"""The rule of log-ins that have run out."""

from __future__ import annotations

from datetime import datetime

from django.contrib.sessions.models import Session
from django.db.models import QuerySet

from portal.core.retention.rule import AT_ONCE, Rule, delete


def _find(before: datetime) -> QuerySet[Session]:
    return Session.objects.filter(expire_date__lt=before)


SESSIONS = Rule("sessions", _find, delete, notice=AT_ONCE, batch=2000)
