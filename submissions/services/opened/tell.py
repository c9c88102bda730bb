"""Tells Skatteetaten that a person has opened a transmission, so that it stops reminding the customer.

The dialog token that this needs comes with GET dialog, which marks the dialog as seen by the system user for everybody at the
customer. That is permitted here for one reason: a person has opened the transmission, and the row of that act is what is
worked on. No sweep makes such a row. Each attempt gets the dialog anew, as a token is good for one forsendelse; therefore
attempts are few. What fails here never stands in the way of reading.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial

from django.db.models import QuerySet

from portal.core import lease
from portal.core.lease import Hold
from portal.core.problems import code_of
from portal.gateways.dialogporten import MASKED
from portal.gateways.errors import GatewayError, Refused
from submissions.models import Opening
from submissions.services.opened.note import TASK, is_on
from submissions.services.remote import DIALOGPORTEN_SCOPES, dialogporten, opened, with_token
from systemusers.models import Access
from systemusers.services.tokens import ABOUT_TOKEN

BY = "task:tell_opened"
BATCH = 10
GIVE_UP = timedelta(days=1)
"""After the person opened it: later, Skatteetaten has sent the reminder, or the customer has read it."""
WAITS = (timedelta(minutes=1), timedelta(minutes=10), timedelta(hours=1), timedelta(hours=4))
"""After each round that failed. Then it is given up."""
SWITCHED_OFF, NO_ADDRESS, TOO_LATE = "OPENED_SWITCHED_OFF", "OPENED_NO_ADDRESS", "OPENED_TOO_LATE"
NEW_TOKEN = frozenset({401, 403})
"""Refusals that another dialog token may change. Every other one is final."""
Status = Opening.Status


def waiting() -> QuerySet[Opening]:
    access = "transmission__dialog__access"
    return Opening.objects.filter(status=Status.WAITING).select_related(
        "transmission__dialog", f"{access}__profile__system__client", f"{access}__customer"
    )


def tell_due(*, at: datetime, limit: int = BATCH) -> int:
    """Tell about a batch of openings. Returns how many were taken."""
    return lease.work_batch(waiting(), tell, task=TASK, at=at, limit=limit)


def tell(hold: Hold[Opening]) -> None:
    """Tell about one opening, or note why not."""
    if reason := _obstacle(hold):
        _not_told(hold, reason)
        return
    access = hold.row.transmission.dialog.access
    try:
        is_told = with_token(access, DIALOGPORTEN_SCOPES, partial(_tell, hold), at=hold.now())
    except GatewayError as error:
        _failed(hold, error)
        return
    if is_told:
        hold.move_to(Status.TOLD, by=BY, problem_code="", failures=0)
    else:
        _not_told(hold, NO_ADDRESS)


def _failed(hold: Hold[Opening], error: GatewayError) -> None:
    lease.log_problem(hold, error)
    is_final = isinstance(error, Refused) and not isinstance(error, ABOUT_TOKEN) and error.status not in NEW_TOKEN
    if is_final or hold.row.failures >= len(WAITS):
        _not_told(hold, code_of(error))
        return
    asked = timedelta(seconds=getattr(error, "retry_after", None) or 0)
    hold.put_off(code=code_of(error), wait=max(WAITS[hold.row.failures], asked))


def _not_told(hold: Hold[Opening], code: str) -> None:
    hold.move_to(Status.NOT_TOLD, by=BY, problem_code=code)
    hold.is_finished = False  # nothing was mended: rows with the same code are not woken


def _obstacle(hold: Hold[Opening]) -> str:
    """Why it is not told, "" when it may be. The vendor may have changed its mind since the click."""
    row = hold.row
    if not is_on():
        return SWITCHED_OFF
    if row.transmission.dialog.access.status not in Access.USABLE or row.transmission.dialog.gone_at is not None:
        return row.problem_code or NO_ADDRESS
    is_late = hold.now() - row.opened_at > GIVE_UP or row.failures > len(WAITS)
    return (row.problem_code or TOO_LATE) if is_late else ""


def _tell(hold: Hold[Opening], token: str) -> bool:
    """False when the dialog no longer has the transmission or its address."""
    row = hold.row.transmission
    hold.renew()
    dialog = dialogporten(row.dialog.environment).get_dialog_as_person(str(row.dialog.dialog_id), token=token)
    found = (one for one in dialog.transmissions if one.id == str(row.transmission_id))
    address = next((one.content_reference for one in found), "")
    if not address or address.startswith(MASKED) or not dialog.dialog_token:
        return False
    hold.renew()
    opened(row.dialog.environment).tell(address, dialog_token=dialog.dialog_token)
    return True
