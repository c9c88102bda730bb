"""What changes in an account mean for the mails to its owner."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Min

from accounts.models import Capability, Notice, NoticeMail, NoticeTold, NotificationPlan, User
from portal.core.outbox.message import OutboxMessage
from portal.core.outbox.settle import close, withdraw

OVERLAP = timedelta(days=1)
"""What happened is looked for from so long before all was told, and told once: see `portal.desk.notifications.news`."""
FREED: dict[str, Any] = {"lease_until": None, "attempts": F("attempts") + 1, "failures": 0, "problem_code": ""}
"""What every change by another than the worker writes too: a worker that has the row loses it, and changes nothing."""


def wanting_key_warnings(environment: str) -> list[User]:
    """Administrators of the environment, unless they have chosen otherwise, and developers who have chosen it."""
    people = User.objects.who_may(Capability.CONFIGURE, environment).exclude(email="").order_by("pk")
    usual = set(User.objects.who_may(Capability.ADMINISTER, environment).values_list("pk", flat=True))
    chosen = dict(NotificationPlan.objects.filter(user__in=people).values_list("user", "at_once"))
    return [user for user in people if (Notice.KEY in chosen[user.pk] if user.pk in chosen else user.pk in usual)]


def account_closed(*, user: User, at: datetime) -> None:
    """Mails to the person that have not left are not sent. In the transaction that closes the account."""
    keys = NoticeMail.objects.filter(NoticeMail.OPEN, user=user).values_list("key", flat=True)
    withdraw(keys=list(keys), at=at)


def role_changed(*, user: User, at: datetime) -> None:
    """What may be told is another."""
    NotificationPlan.objects.filter(user=user, refused_at__isnull=True).update(next_attempt_at=at, **FREED)


def send_again(*, user: User, by: str, at: datetime) -> None:
    """The address is right now: mails are sent again, and what the refused ones told is told anew."""
    with transaction.atomic():
        plan = NotificationPlan.objects.select_for_update().filter(user=user, refused_at__isnull=False).first()
        if plan is None:
            return
        refused = NoticeMail.objects.filter(user=user, status=NoticeMail.Status.DEAD)
        from_when = refused.aggregate(at=Min("looked_from"))["at"]
        earliest = from_when + OVERLAP if from_when else at
        NoticeTold.objects.filter(user=user, told_at__in=list(refused.values_list("put_at", flat=True))).delete()
        for message in OutboxMessage.objects.unsettled().filter(key__in=list(refused.values_list("key", flat=True))):
            close(message, by=by, at=at)
        refused.update(status=NoticeMail.Status.CLOSED, status_at=at)
        positions = {name: min(getattr(plan, name) or at, earliest) for name in ("told_to", "digest_to")}
        NotificationPlan.objects.filter(pk=plan.pk).update(
            refused_at=None, next_attempt_at=at if plan.is_wanted else None, **positions, **FREED
        )
