"""Takes over from the outbox what became of each mail. A refused address is told to the person, and gets nothing more."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F, OuterRef, Q, Subquery

from accounts.models import NoticeMail, NotificationPlan
from accounts.services.notifications import FREED
from portal.core.bulk import write_columns
from portal.core.outbox.mail import REFUSED
from portal.core.outbox.message import OutboxMessage

BATCH = 500
Status = NoticeMail.Status


def note_results(*, at: datetime) -> int:
    """One batch. Returns how many mails have a new status. Two at once share the rows."""
    message = OutboxMessage.objects.filter(key=OuterRef("key"))
    news = NoticeMail.objects.filter(NoticeMail.OPEN).annotate(
        now=Subquery(message.values("status")[:1]),
        now_at=Subquery(message.values("status_at")[:1]),
        now_code=Subquery(message.values("problem_code")[:1]),
    )
    with transaction.atomic():
        changed = news.filter(~Q(now=F("status")), now__isnull=False).select_for_update(skip_locked=True, of=("self",))
        mails = list(changed.order_by("pk")[:BATCH])
        for mail in mails:
            news_of: Any = mail  # with what the query adds
            mail.status, mail.status_at, mail.problem_code = news_of.now, news_of.now_at, news_of.now_code
        write_columns(mails, "status", "status_at", "problem_code")
        refused = [mail.user_id for mail in mails if mail.status == Status.DEAD and mail.problem_code == REFUSED]
        plans = NotificationPlan.objects.filter(user__in=refused)
        plans.update(**FREED, refused_at=at, next_attempt_at=None)
    return len(mails)
