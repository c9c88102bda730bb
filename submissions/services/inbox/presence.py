"""Dialogs that are no longer in the customer's inbox: deleted, expired, or not ours any more. What we have is kept.

The list leaves them out without a word. `/transmissions` tells them apart: 410 deleted, 404 no right, 200 hidden or expired.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db.models import F, Q, QuerySet

from portal.core import lease
from portal.core.lease import Hold
from portal.gateways.errors import Refused
from portal.gateways.statuses import Kind, kind_of
from submissions.models import Dialog, PollCursor
from submissions.services.inbox import cursors
from systemusers.models import Access, ClientRelation
from systemusers.models import Kind as AccessKind
from systemusers.services.tokens import ABOUT_TOKEN

Gone = Dialog.Gone
AT_ONCE = 1000
UNKNOWN_WAIT = timedelta(hours=1)
"""How long a dialog, and what belongs to it, waits while we do not know whether its access exists."""
FOLLOWED = frozenset({*Access.USABLE, Access.Status.UNKNOWN})


def reason_of(dialog: Dialog, error: Refused) -> str:
    """Why the dialog is gone, by the refusal of its transmissions. "": it may come back, so it is asked for again.

    404 alone decides nothing: a new dialog, and a new right, need some time to be visible. Maskinporten knows no dialogs.
    """
    if isinstance(error, ABOUT_TOKEN):
        return ""
    if kind_of(error) == Kind.GONE:
        return Gone.DELETED
    return Gone.NOT_OURS if error.status == 404 and dialog.missing_since else ""


def mark_gone(hold: Hold[Dialog], reason: str, **fields: Any) -> None:
    """The dialog leaves the counts; its documents are kept."""
    row, since = hold.row, hold.row.gone_at or hold.now()
    left_at = row.missing_since or row.access.status_at
    hold.finish(gone_at=since, gone_reason=reason, missing_since=None, **fields)
    if reason == Gone.NOT_OURS:
        _read_by_others(row, left_at=left_at, at=hold.now())


def _read_by_others(dialog: Dialog, *, left_at: datetime, at: datetime) -> None:
    """Another access may reach the customer: its own, or that of another accountant. Each reads everything once, and takes over
    the dialogs that are listed there.
    """
    own = Q(access__customer=dialog.customer_id) & ~Q(access__profile__kind=AccessKind.AGENT)
    relations = ClientRelation.objects.present().filter(customer=dialog.customer_id)
    reaching = own | Q(access__in=relations.values("access"))
    rows = PollCursor.objects.filter(reaching, access__status__in=Access.USABLE).exclude(access=dialog.access_id)
    rows = rows.filter(Q(full_began_at__isnull=True) | Q(full_began_at__lt=left_at), overlap_from__isnull=True)
    ids = list(rows.values_list("pk", flat=True))
    PollCursor.objects.filter(pk__in=ids).update(overlap_at=at, full_at=at)
    lease.make_due(PollCursor.objects.filter(pk__in=ids), at=at)


def without_access(hold: Hold[Dialog]) -> None:
    """No token can be had for the dialog's access."""
    if hold.row.access.status == Access.Status.UNKNOWN:
        hold.postpone(UNKNOWN_WAIT)
    else:
        mark_gone(hold, Gone.NOT_OURS)


def note_deleted(*, environment: str, dialog_id: str, customer_id: int, at: datetime) -> int:
    """An event says that a dialog was deleted: ask for it now."""
    rows = Dialog.objects.present().filter(environment=environment, dialog_id=dialog_id, customer=customer_id)
    return lease.make_due(rows, at=at)


def note_unlisted(*, access: Access, resources: list[str] | None, since: datetime, at: datetime) -> int:
    """Everything was read, beginning at `since`: ask for the dialogs that were not in the list.

    `resources`: only dialogs of these were asked for, so that nothing is known of the others. None: there was no limit.
    """
    unlisted = Q(listed_at__isnull=True) | Q(listed_at__lt=since)
    rows = Dialog.objects.present().filter(unlisted, access=access)
    rows = rows if resources is None else rows.filter(service_resource__in=resources)
    ids = list(rows.order_by("pk").values_list("pk", flat=True))
    Dialog.objects.filter(pk__in=ids, missing_since__isnull=True).update(missing_since=at)
    return lease.make_due(Dialog.objects.filter(pk__in=ids), at=at)


def sweep(*, at: datetime, everything: bool = False) -> int:
    """Dialogs of accesses that have ended are due once more, and marked then; an access that is back is read in whole.

    `everything`: also of accesses whose state has not changed lately.
    """
    accesses: QuerySet[Access] = Access.objects.all() if everything else cursors.recent(Access.objects.all(), at=at)
    ended = Dialog.objects.present().filter(
        access__in=accesses.exclude(status__in=FOLLOWED), next_attempt_at__isnull=True
    )
    ids = list(ended.order_by("pk").values_list("pk", flat=True)[:AT_ONCE])
    lease.make_due(Dialog.objects.filter(pk__in=ids), at=at)
    back = PollCursor.objects.filter(
        Q(full_began_at__isnull=True) | Q(full_began_at__lt=F("access__status_at")),
        access__in=accesses.filter(status__in=Access.USABLE),
        access__dialog__gone_reason=Gone.NOT_OURS,
        overlap_from__isnull=True,
    )
    rows = list(back.order_by("pk").values_list("pk", flat=True).distinct()[:AT_ONCE])
    PollCursor.objects.filter(pk__in=rows).update(overlap_at=at, full_at=at)
    lease.make_due(PollCursor.objects.filter(pk__in=rows), at=at)
    return len(ids)
