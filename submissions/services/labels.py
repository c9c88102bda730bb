"""Archiving a dialog in the customer's own inbox. Labels belong to the dialog: the customer's people see it archived too.

Only a person orders it, where the vendor has chosen that they may, and it is done only to the labels that the person saw: the call
carries their revision. Dialogporten takes the label away again when the sender changes the dialog.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial

from django.db import transaction
from django.db.models import QuerySet

from accounts.models import Vendor
from portal.core import enqueue, lease
from portal.core.audit import record
from portal.core.audit_events import AuditType
from portal.core.lease import Hold
from portal.core.problems import code_of
from portal.gateways.errors import Refused
from portal.gateways.statuses import Kind, kind_of
from submissions.models import Dialog, LabelChange
from submissions.services.inbox import cursors
from submissions.services.remote import DIALOGPORTEN_SCOPES, dialogporten, with_token
from systemusers.models import Access
from systemusers.services.tokens import ABOUT_TOKEN

TASK = "submissions.tasks.set_labels"
BATCH = 10
ARCHIVE = "Archive"
CHANGED, SWITCHED_OFF, CLOSED = "LABELS_CHANGED", "LABELS_SWITCHED_OFF", "LABELS_CLOSED"
STALE = 412
GIVE_UP = timedelta(days=1)
"""What could not be done by then is no longer what somebody waits for."""


class NotPossible(Exception):
    """The dialog cannot be labelled: the vendor has not chosen it, the dialog is gone, or a change is under way."""


def is_on() -> bool:
    """Whether the vendor lets its people change labels in Altinn."""
    return Vendor.objects.filter(labels_dialogs=True).exists()


def may_order(dialog: Dialog) -> bool:
    is_open = dialog.gone_at is None and dialog.context_revision != "" and dialog.access.status in Access.USABLE
    return is_open and is_on() and not under_way(dialog)


def under_way(dialog: Dialog) -> bool:
    return LabelChange.objects.filter(dialog=dialog, next_attempt_at__isnull=False).exists()


def order(*, dialog: Dialog, is_archived: bool, by: str, at: datetime) -> None:
    """A worker does it. Raises NotPossible."""
    with transaction.atomic():
        row = Dialog.objects.select_for_update(of=("self",), no_key=True).select_related("access").get(pk=dialog.pk)
        if not may_order(row):
            raise NotPossible
        LabelChange.objects.update_or_create(
            dialog=row,
            defaults={
                "is_archived": is_archived,
                "revision": row.context_revision,
                "asked_by": by,
                "asked_at": at,
                "next_attempt_at": at,
                "failures": 0,
                "problem_code": "",
            },
        )
        what = AuditType.DIALOG_ARCHIVED if is_archived else AuditType.DIALOG_UNARCHIVED
        record(by=by, at=at, target=row, what=what)
        enqueue.enqueue_by_name(TASK)


def waiting() -> QuerySet[LabelChange]:
    path = "dialog__access"
    return LabelChange.objects.select_related("dialog", f"{path}__customer", f"{path}__profile__system__client")


def set_due(*, at: datetime, limit: int = BATCH) -> int:
    """Do a batch of what people have asked for. Returns how many were taken."""
    return lease.work_batch(waiting(), set_labels, task=TASK, at=at, limit=limit)


def set_labels(hold: Hold[LabelChange]) -> None:
    row, dialog = hold.row, hold.row.dialog
    if reason := _obstacle(hold):
        hold.stop(code=reason)
        return
    try:
        revision = with_token(dialog.access, DIALOGPORTEN_SCOPES, partial(_set, hold), at=hold.now())
    except ABOUT_TOKEN:
        raise
    except Refused as error:
        if error.status == STALE:
            hold.stop(code=CHANGED)  # or it was done, and the answer was lost: the labels are read again
            cursors.read_last_days(access_id=dialog.access_id, at=hold.now())
        elif kind_of(error) in (Kind.PASSES, Kind.TOKEN):
            raise
        else:
            hold.stop(code=code_of(error))
        return
    labels = [label for label in dialog.system_labels if label not in ("Default", "Bin", ARCHIVE)]
    with transaction.atomic():
        hold.lock()
        Dialog.objects.filter(pk=dialog.pk, context_revision=row.revision).update(
            system_labels=[ARCHIVE if row.is_archived else "Default", *labels], context_revision=revision
        )
        row.delete()


def _obstacle(hold: Hold[LabelChange]) -> str:
    """Why it is not done, "" when it may be. Much may have happened since the click."""
    row = hold.row
    if not is_on():
        return SWITCHED_OFF
    if row.dialog.gone_at is not None or row.dialog.access.status not in Access.USABLE:
        return CLOSED
    return (row.problem_code or CLOSED) if hold.now() - row.asked_at > GIVE_UP else ""


def _set(hold: Hold[LabelChange], token: str) -> str:
    """The new revision. May be repeated: the second time the revision is another one, and nothing is done."""
    row = hold.row
    hold.renew()
    return dialogporten(row.dialog.environment).set_labels(
        str(row.dialog.dialog_id),
        token=token,
        add=[ARCHIVE] if row.is_archived else [],
        remove=[] if row.is_archived else [ARCHIVE],
        revision=row.revision,
    )
