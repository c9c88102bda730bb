"""After a dialog moved: fetch its transmissions and activities, note their attachments, and read the verdict.

A dialog is never given up: one that goes on failing is counted on the overview, and tried again at least daily. One that
is deleted, or no longer ours, is marked as gone.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Q, QuerySet

from portal.core import enqueue, lease
from portal.core.lease import Hold
from portal.gateways.dialogporten import ActivityItem, TransmissionItem
from portal.gateways.errors import Refused
from submissions.models import Dialog, Submission
from submissions.models.inbox import ANSWERS, FROM_PARTY
from submissions.services.inbox import attachment_rows, attachments, copies, presence
from submissions.services.inbox.verdict import decide
from submissions.services.remote import DIALOGPORTEN_SCOPES, dialogporten, with_token
from systemusers.models import Access

TASK = "submissions.tasks.pull_dialogs"
BATCH = 10
"""Few, so that other workers share a large number of dialogs that moved at once."""
LONGEST_WAIT = timedelta(days=1)
Parts = tuple[list[TransmissionItem], list[ActivityItem]]


def unfinished() -> QuerySet[Dialog]:
    """Those that we follow, with what a round needs; those that are complete are never due."""
    return Dialog.objects.to_pull().select_related("customer", "access__profile__system__client", "access__customer")


def pull_due(*, at: datetime, limit: int = BATCH) -> int:
    """Update a batch of due dialogs. Returns how many were taken."""
    return lease.work_batch(unfinished(), pull, task=TASK, at=at, limit=limit, longest=LONGEST_WAIT)


def pull(hold: Hold[Dialog]) -> None:
    """Update one dialog, or mark it as gone. Attachments are fetched by workers of their own."""
    dialog = hold.row
    if dialog.access.status not in Access.USABLE:
        presence.without_access(hold)
        return
    try:
        transmissions, activities = _ask(hold)
    except Refused as error:
        reason = presence.reason_of(dialog, error)
        if not reason:
            raise
        presence.mark_gone(hold, reason)
        return
    with transaction.atomic():
        hold.lock()
        stored = copies.store_transmissions(dialog=dialog, items=transmissions)
        copies.forget_own_news(dialog, stored)
        attachment_rows.store(dialog=dialog, items=transmissions, at=hold.at)
        copies.store_activities(dialog=dialog, items=activities)
    _decide(hold)
    if dialog.missing_since:
        presence.mark_gone(hold, Dialog.Gone.HIDDEN, transmissions_at=dialog.content_updated_at)
    else:
        hold.finish(transmissions_at=dialog.content_updated_at)
    enqueue.enqueue_by_name(attachments.TASK)


def _ask(hold: Hold[Dialog]) -> Parts:
    dialog, gateway, ident = hold.row, dialogporten(hold.row.environment), str(hold.row.dialog_id)

    def ask(token: str) -> Parts:
        hold.renew()
        transmissions = gateway.transmissions(ident, token=token)
        hold.renew()
        return transmissions, gateway.activities(ident, token=token)

    hold.renew()
    return with_token(dialog.access, DIALOGPORTEN_SCOPES, ask, at=hold.now())


def _decide(hold: Hold[Dialog]) -> None:
    """The verdict does not need the documents: it is mostly the transmission's type.

    An answer is read once, however late it comes. Reasons come with the documents, when they are fetched.
    """
    rows = hold.row.transmissions.filter(submission__isnull=False, deleted_at__isnull=True)
    is_old = Q(created_at__lte=F("submission__decided_at")) & ~Q(type__in=ANSWERS)
    rows = rows.exclude(Q(submission__status__in=Submission.DECIDED) & (Q(verdict__gt="") | is_old))
    for row in rows.exclude(type__in=FROM_PARTY).select_related("submission"):
        if row.submission is not None:
            decide(row, row.submission, hold.now())
