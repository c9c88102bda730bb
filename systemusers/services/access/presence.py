"""Whether one access still exists, by two independent services: Altinn's register and Maskinporten.

REMOVED needs a first sign, and an hour later the same answer of both. When they disagree: UNKNOWN.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from portal.core.audit import record
from portal.core.audit_events import AuditType
from portal.core.lease import Hold
from portal.gateways.altinn import RemoteSystemUser
from portal.gateways.errors import Refused
from systemusers.models import Access, SystemUser
from systemusers.services import tokens
from systemusers.services.access import answers
from systemusers.services.access.rounds import waits_for_us, work_accesses
from systemusers.services.remote import maskinporten
from systemusers.services.tokens import PATIENCE

BY = "task:check_accesses"
AGAIN = timedelta(hours=6)
DISAGREE = "SIGNS_DISAGREE"
Status = Access.Status


def check_due(*, at: datetime) -> int:
    """Check a batch of the accesses with a first sign that is old enough. Returns how many were taken."""
    return work_accesses(Access.objects.to_check(), check, at=at)


def check(hold: Hold[Access]) -> None:
    """Ask both services and store the result. Raises LostRace and the gateways' errors; no state changes then."""
    with waits_for_us(hold):
        at = hold.now()
        listed, works = answers.find_system_user(hold.row, at=at), _token_works(hold.row, at)
        _decide(hold, listed, works)


def _token_works(row: Access, at: datetime) -> bool | None:
    """True or False as Maskinporten answers, None when it refuses for another reason. Bypasses the cache."""
    scopes = [s for s in row.profile.system.client.scopes if not s.startswith("altinn:authentication/")]
    prepared = tokens.prepare_grant(access=row, scopes=tuple(scopes[:1]) or (answers.WRITE,))
    try:
        maskinporten(row.environment).token(prepared.grant, at=at)
    except Refused as error:
        is_sign = error.code == tokens.NO_SYSTEM_USER and row.profile.system.is_tied
        return False if is_sign else None
    return True


def _decide(hold: Hold[Access], listed: RemoteSystemUser | None, works: bool | None) -> None:
    row, at = hold.row, hold.now()
    if listed is not None and works is not False:
        _restore(hold, listed)
    elif listed is None and not works:
        first = row.missing_since or at
        if at - first >= PATIENCE:
            _remove(hold)
        else:
            hold.finish(missing_since=first, next_attempt_at=first + PATIENCE)
    else:
        _doubt(hold)


def _restore(hold: Hold[Access], listed: RemoteSystemUser) -> None:
    row = hold.row
    with transaction.atomic():
        hold.lock()
        answers.note_system_user(row, listed, at=hold.now())
        if row.status != Status.UNKNOWN:
            hold.finish(missing_since=None)
            return
        used = SystemUser.objects.filter(access=row, first_token_at__isnull=False).exists()
        hold.move_to(Status.IN_USE if used else Status.APPROVED, by=BY, missing_since=None, **answers.CALM)


def _remove(hold: Hold[Access]) -> None:
    row, at = hold.row, hold.now()
    with transaction.atomic():
        hold.lock()
        if row.status != Status.UNKNOWN:
            row.move_to(Status.UNKNOWN, by=BY, at=at)
        what = {"first_sign": str(row.missing_since)}
        hold.move_to(Status.REMOVED, by=BY, what=what, answered_at=at, **answers.CALM)
        SystemUser.objects.filter(access=row).update(removed_at=at)


def _doubt(hold: Hold[Access]) -> None:
    """The services disagree, for example when a client was removed from the system. Checked again in some hours."""
    row, at = hold.row, hold.now()
    first = row.missing_since or at
    if row.status == Status.UNKNOWN:
        hold.put_off(code=DISAGREE, wait=AGAIN, missing_since=first)
        return
    later: dict[str, Any] = {"next_attempt_at": at + AGAIN, "problem_code": DISAGREE, "failures": 1}
    with transaction.atomic():
        record(by=BY, at=at, target=row, what=AuditType.SIGNS_DISAGREE)
        hold.move_to(Status.UNKNOWN, by=BY, missing_since=first, **later)
