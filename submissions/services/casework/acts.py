"""A person takes dialogs, gives them to somebody, is done with them, or opens one where the customer sees it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from accounts.models import User
from portal.core.audit import event, record, record_all
from portal.core.audit_events import AuditType
from portal.core.environments import addresses
from submissions.models import Dialog

CHUNK = 1000


class Changed(Exception):
    """New content came after the person looked at the dialog."""


def assign(*, dialogs: QuerySet[Dialog], to: User | None, by: str, at: datetime) -> int:
    """None: whoever follows up the customer. Returns how many changed; a person gets none of customers they may not see."""
    seen = Dialog.objects.visible_to(to) if to else Dialog.objects.all()
    return _each(dialogs.filter(pk__in=seen.values("pk")), lambda rows: _assign(rows, to, by, at))


def be_done(*, dialogs: QuerySet[Dialog], by: str, at: datetime, seen: datetime | None = None) -> int:
    """Returns how many changed. `seen`: how far the person has seen its news; raises Changed when there is newer content.

    New content makes a dialog undone again: see `submissions.services.inbox.copies`.
    """
    return _each(dialogs.filter(handled_at=None), lambda rows: _be_done(rows, by, at, seen))


def undo(*, dialogs: QuerySet[Dialog], by: str, at: datetime) -> int:
    """Not done after all. Returns how many changed."""
    return _each(dialogs.filter(handled_at__isnull=False), lambda rows: _undo(rows, by, at))


def open_in_altinn(*, dialog: Dialog, by: str, at: datetime) -> str:
    """Where a person opens the dialog in the customer's inbox, which marks it as seen there. The portal opens nothing."""
    record(by=by, at=at, target=dialog, what=AuditType.OPENED_IN_ALTINN)
    return addresses(dialog.environment).dialog.replace("{dialog_id}", str(dialog.dialog_id))


def _each(dialogs: QuerySet[Dialog], act: Callable[[list[Dialog]], int]) -> int:
    """`act` on all of them, which are read before the first is changed. Each batch is a transaction, locked in one order."""
    number, ids = 0, sorted(dialogs.order_by().values_list("pk", flat=True))
    for start in range(0, len(ids), CHUNK):
        with transaction.atomic():
            rows = Dialog.objects.filter(pk__in=ids[start : start + CHUNK]).order_by("dialog_id")
            number += act(list(rows.select_related("assignee").select_for_update(of=("self",), no_key=True)))
    return number


def _assign(rows: list[Dialog], to: User | None, by: str, at: datetime) -> int:
    rows = [row for row in rows if row.assignee_id != (to.pk if to else None)]
    _keys(rows).update(assignee=to)
    record_all(
        event(
            by=by, at=at, target=row, what=AuditType.DIALOG_ASSIGNED,
            changes={"assignee": [str(row.assignee or ""), str(to or "")]},
        ) for row in rows
    )  # fmt: skip
    return len(rows)


def _be_done(rows: list[Dialog], by: str, at: datetime, seen: datetime | None) -> int:
    rows = [row for row in rows if row.handled_at is None]
    if seen is not None and any(row.news_at > seen for row in rows):
        raise Changed
    _keys(rows).update(handled_at=at, handled_by=by)
    record_all(event(by=by, at=at, target=row, what=AuditType.DIALOG_DONE) for row in rows)
    return len(rows)


def _undo(rows: list[Dialog], by: str, at: datetime) -> int:
    rows = [row for row in rows if row.handled_at is not None]
    _keys(rows).update(handled_at=None, handled_by="")
    record_all(event(by=by, at=at, target=row, what=AuditType.DIALOG_UNDONE) for row in rows)
    return len(rows)


def _keys(rows: list[Dialog]) -> QuerySet[Dialog]:
    return Dialog.objects.filter(pk__in=[row.pk for row in rows])
