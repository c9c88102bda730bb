"""Accounts that nobody uses are closed by themselves, where DORMANT_DAYS says so. Their owner is told two weeks before."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from accounts.models import LogIn, User
from accounts.services import log_ins, staff_mails
from accounts.services.access_review import with_use
from accounts.services.staff import LastAdministrator, Rights, change_rights, save_user
from portal.core.formats import spelled_date
from portal.core.outbox.message import OutboxMessage

BEFORE = timedelta(days=14)
BY = "task:close-dormant"


def close(*, at: datetime) -> int:
    """Tell those whose account is to be closed, and close those who were told. Returns how many were closed."""
    if not settings.DORMANT_DAYS:
        return 0
    unused = timedelta(days=settings.DORMANT_DAYS)
    rows = with_use(User.objects.filter(is_active=True, invited_at=None)).filter(used_at__lte=at - unused + BEFORE)
    return sum(_one(user, unused, at) for user in rows.order_by("pk"))


def _one(user: Any, unused: timedelta, at: datetime) -> bool:
    used_at: datetime = user.used_at
    key = f"dormant:{user.pk}:{used_at:%Y%m%d%H%M%S}"
    told = OutboxMessage.objects.filter(key=f"staff-{key}").values_list("created_at", flat=True).first()
    if told is None:
        _tell(user, key, max(used_at + unused, at + BEFORE), at)
        return False
    if told + BEFORE > at or used_at + unused > at:
        return False
    return _close(user, at)


def _tell(user: User, key: str, ends: datetime, at: datetime) -> None:
    with translation.override(user.language):
        lines = [
            _("Du har ikke vært inne i portalen på lenge. Kontoen din stenges %(day)s.") % {"day": spelled_date(ends)},
            "", _("Logg inn før det, så blir den stående:"), settings.PORTAL_URL,
        ]  # fmt: skip
        staff_mails.put_to(user, key=key, subject=_("Kontoen din stenges snart"), lines=lines, at=at)


def _close(user: User, at: datetime) -> bool:
    """Nothing is left given. The last one who keeps people stays."""
    try:
        with transaction.atomic():
            change_rights(user=user, rights=Rights(), by=BY, at=at, tell=False)
            user.is_active = False
            save_user(user=user, by=BY, at=at)
            log_ins.end(rows=LogIn.objects.filter(user=user), by=BY, at=at)
    except LastAdministrator:
        return False
    return True
