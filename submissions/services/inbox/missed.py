"""Dialogs that an event told of and no search has shown. Dialogporten's caches may hide the first dialog of a service for half an
hour, and one that is stored late may lie behind our place: the last days are read once more after 1, 5 and 35 minutes.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from portal.core import lease
from portal.core.lease import Hold
from portal.gateways.errors import Refused
from portal.gateways.statuses import Kind, kind_of
from submissions.models import Dialog, MissedDialog
from submissions.services.inbox import cursors
from submissions.services.remote import DIALOGPORTEN_SCOPES, dialogporten, with_token
from systemusers.models import Access
from systemusers.services.tokens import ABOUT_TOKEN

TASK = "submissions.tasks.find_missed"
BATCH = 50
LOOKS = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=35))
"""After the event."""
LAST = timedelta(minutes=40)
"""Then the dialog itself is asked for: its transmissions tell, without marking it as seen, whether it is there for us."""
LONGEST_WAIT = timedelta(hours=1)


def note(*, access: Access, dialog_id: UUID, at: datetime) -> None:
    """An event told of this dialog. Nothing is noted when it is here."""
    if not Dialog.objects.filter(environment=access.environment, dialog_id=dialog_id).exists():
        MissedDialog.objects.get_or_create(
            access=access, dialog_id=dialog_id, defaults={"told_at": at, "next_attempt_at": at + LOOKS[0]}
        )


def rows() -> QuerySet[MissedDialog]:
    """Of accesses that a token can be had for."""
    usable = MissedDialog.objects.filter(access__status__in=Access.USABLE)
    return usable.select_related("access__customer", "access__profile__system__client")


def find_due(*, at: datetime, limit: int = BATCH) -> int:
    """Look for a batch of missed dialogs. Returns how many were taken."""
    forget(at=at)
    return lease.work_batch(rows(), look, task=TASK, at=at, limit=limit, longest=LONGEST_WAIT)


def forget(*, at: datetime) -> int:
    """Those that are here by now, and those of accesses that have ended."""
    due = list(MissedDialog.objects.filter(next_attempt_at__lte=at).order_by("pk").values_list("pk", flat=True)[:1000])
    if not due:
        return 0
    here = Dialog.objects.filter(environment=OuterRef("access__environment"), dialog_id=OuterRef("dialog_id"))
    gone = MissedDialog.objects.filter(Q(Exists(here)) | Q(access__status__in=Access.ENDED), pk__in=due)
    count, _per_model = MissedDialog.objects.filter(pk__in=list(gone.values_list("pk", flat=True))).delete()
    return count


def look(hold: Hold[MissedDialog]) -> None:
    """Have the last days read once more; after the last time, ask for the dialog itself."""
    row = hold.row
    if row.looks < len(LOOKS):
        cursors.read_last_days(access_id=row.access_id, at=hold.now())
        following = row.told_at + (LOOKS[row.looks + 1] if row.looks + 1 < len(LOOKS) else LAST)
        hold.finish(next_attempt_at=max(following, hold.now()), looks=row.looks + 1)
        return
    if _is_there(hold):
        cursors.read_last_days(access_id=row.access_id, at=hold.now(), everything=True)
    row.delete()


def _is_there(hold: Hold[MissedDialog]) -> bool:
    """Whether it is ours to read. False: deleted, hidden from us, or never ours."""
    row, gateway = hold.row, dialogporten(hold.row.access.environment)
    hold.renew()
    try:
        with_token(
            row.access,
            DIALOGPORTEN_SCOPES,
            lambda token: gateway.transmissions(str(row.dialog_id), token=token),
            at=hold.now(),
        )
    except ABOUT_TOKEN:
        raise
    except Refused as error:
        if error.status == 404 or kind_of(error) == Kind.GONE:
            return False
        raise
    return True
