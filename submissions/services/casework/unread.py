"""What each person has not seen of the dialogs: what came since they began, and since they opened the dialog last.

Everything until a person's `InboxMark` counts as seen; `DialogSeen` are the dialogs that were seen after it. A daily sweep
moves the mark to the oldest dialog that is unread, so that few rows are looked at, however many there are.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce, Greatest

from accounts.models import User
from portal.core.environments import Environment
from submissions.models import Dialog, DialogQuerySet, DialogSeen, InboxMark

OLD = timedelta(days=90)
"""What is older is no news to anybody."""
MARGIN = timedelta(minutes=30)
"""A reading that is under way stores dialogs with the time at which it began."""
CHUNK = 1000


def find_mark(*, user: User, environment: Environment) -> datetime:
    """Until when everything counts as seen by `user`."""
    marks = InboxMark.objects.filter(user=user, environment=environment)
    return marks.values_list("read_until", flat=True).first() or user.date_joined


def news_since(mark: datetime, *, at: datetime) -> datetime:
    """What came after it may be unread."""
    return max(mark, at - OLD)


def is_unread(*, user: User, environment: Environment, at: datetime, mark: datetime | None = None) -> Q:
    """The condition on Dialog. Done and gone dialogs are unread by nobody.

    `mark` as of `find_mark`: for a list in another order than by news, which is slow while PostgreSQL does not know how few there are.
    """
    marks = InboxMark.objects.filter(user=user, environment=environment).values("read_until")
    known = Coalesce(Subquery(marks), Value(user.date_joined))
    since = Greatest(known, Value(at - OLD)) if mark is None else news_since(mark, at=at)
    seen = DialogSeen.objects.filter(user=user, dialog=OuterRef("pk"), news_at__gte=OuterRef("news_at"))
    return Q(gone_at__isnull=True, handled_at__isnull=True, news_at__gt=since) & ~Q(Exists(seen))


def find_unread(*, user: User, environment: Environment, at: datetime, since: datetime | None = None) -> DialogQuerySet:
    """Dialogs that `user` may see and has not, the newest first. `since`: only what came after that."""
    rows = Dialog.objects.visible_to(user).current().filter(environment=environment)
    rows = rows.filter(is_unread(user=user, environment=environment, at=at)).order_by("-news_at", "-pk")
    return rows if since is None else rows.filter(news_at__gt=since)


def mark_seen(*, dialogs: QuerySet[Dialog], user: User) -> int:
    """`user` has seen these with all that has come. Returns how many that was news for, or was marked again."""
    known = DialogSeen.objects.filter(user=user, dialog=OuterRef("pk"), news_at__gte=OuterRef("news_at"))
    found = dialogs.order_by("pk").filter(~Exists(known)).values_list("pk", "news_at")
    rows = [DialogSeen(user=user, dialog_id=pk, news_at=news_at) for pk, news_at in found]
    DialogSeen.objects.bulk_create(
        rows, CHUNK, update_conflicts=True, unique_fields=["user", "dialog"], update_fields=["news_at"]
    )
    return len(rows)


def sweep_marks(*, at: datetime) -> int:
    """Move every person's marks forward over what they have seen. Returns how many marks moved."""
    marks = list(InboxMark.objects.select_related("user").filter(user__is_active=True))
    new = [
        InboxMark(user=user, environment=environment, read_until=user.date_joined)
        for user in User.objects.filter(is_active=True)
        for environment in Environment
        if environment.is_enabled and (user.pk, environment) not in {(each.user_id, each.environment) for each in marks}
    ]
    InboxMark.objects.bulk_create(new, ignore_conflicts=True)
    return sum(_move(each, at) for each in [*marks, *new])


def _move(mark: InboxMark, at: datetime) -> bool:
    user, environment = mark.user, Environment(mark.environment)
    oldest = find_unread(user=user, environment=environment, at=at).order_by("news_at", "pk").first()
    until = min(at - MARGIN, oldest.news_at - timedelta(microseconds=1)) if oldest else at - MARGIN
    with transaction.atomic():
        rows = InboxMark.objects.filter(user=user, environment=environment, read_until__lt=until)
        moved = bool(rows.update(read_until=until))
        old = DialogSeen.objects.filter(user=user, dialog__environment=environment, news_at__lte=until)
        old.filter(dialog__news_at__lte=until).delete()
    return moved
