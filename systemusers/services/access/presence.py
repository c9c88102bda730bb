"""Whether one access still exists, by two independent services: Altinn's register and Maskinporten.

REMOVED needs a first sign, and an hour later the same answer of both. When they disagree: UNKNOWN.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from portal.core.audit import record
from portal.core.audit_events import AuditType
from portal.gateways.altinn import RemoteSystemUser
from portal.gateways.errors import Refused
from systemusers.models import Access, SystemUser
from systemusers.services import tokens
from systemusers.services.access import answers
from systemusers.services.access.lease import Lease, take
from systemusers.services.remote import maskinporten

BY = "task:check_access"
PATIENCE = timedelta(hours=1)
"""The shortest time between the first sign and the verdict: outages look like a removed access."""
AGAIN = timedelta(hours=6)
Status = Access.Status
HAVING = {*Access.USABLE, Status.UNKNOWN}


def sweep_missing(*, at: datetime, limit: int = 100) -> list[int]:
    """Ids of accesses with a first sign old enough, and not checked in the last hours."""
    rows = Access.objects.filter(status__in=HAVING, missing_since__lte=at - PATIENCE)
    return list(rows.exclude(next_attempt_at__gt=at).order_by("missing_since").values_list("pk", flat=True)[:limit])


def check_access(*, access_id: int, at: datetime) -> None:
    """Ask both services and store the result. Raises LostRace, NoKey and the gateways' errors; nothing changes then."""
    lease = take(access_id=access_id, among=HAVING, by=BY, at=at)
    try:
        listed, works = answers.find_system_user(lease.access, at=at), _token_works(lease.access, at)
    except Exception:
        lease.release()
        raise
    _decide(lease, listed, works)


def _token_works(row: Access, at: datetime) -> bool | None:
    """True or False as Maskinporten answers, None when it refuses for another reason. Bypasses the cache."""
    scopes = [s for s in row.profile.system.client.scopes if not s.startswith("altinn:authentication/")]
    prepared = tokens.prepare_grant(access=row, scopes=tuple(scopes[:1]) or (answers.WRITE,))
    try:
        maskinporten(row.environment).token(prepared.grant, at=at)
    except Refused as error:
        return False if error.code == tokens.NO_SYSTEM_USER else None
    return True


def _decide(lease: Lease, listed: RemoteSystemUser | None, works: bool | None) -> None:
    row, at = lease.access, lease.at
    if listed is not None and works is not False:
        _restore(lease, listed)
    elif listed is None and not works:
        first = row.missing_since or at
        if at - first >= PATIENCE:
            _remove(lease)
        else:
            lease.release(missing_since=first)
    else:
        _doubt(lease)


def _restore(lease: Lease, listed: RemoteSystemUser) -> None:
    row, at = lease.access, lease.at
    calm: dict[str, Any] = {"missing_since": None, "next_attempt_at": None, "problem_code": ""}
    with transaction.atomic():
        lease.lock()
        answers.store_system_user(row, listed, at=at)
        if row.status != Status.UNKNOWN:
            lease.release(**calm)
            return
        used = SystemUser.objects.filter(access=row, first_token_at__isnull=False).exists()
        lease.move_to(Status.IN_USE if used else Status.APPROVED, **calm)


def _remove(lease: Lease) -> None:
    row, at = lease.access, lease.at
    with transaction.atomic():
        lease.lock()
        if row.status != Status.UNKNOWN:
            row.move_to(Status.UNKNOWN, by=lease.by, at=at)
        lease.move_to(Status.REMOVED, what={"first_sign": str(row.missing_since)}, next_attempt_at=None, answered_at=at)
        SystemUser.objects.filter(access=row).update(removed_at=at)


def _doubt(lease: Lease) -> None:
    """The services disagree, for example when a client was removed from the system. Checked again in some hours."""
    row, at = lease.access, lease.at
    later: dict[str, Any] = {
        "missing_since": row.missing_since or at,
        "next_attempt_at": at + AGAIN,
        "problem_code": "SIGNS_DISAGREE",
    }
    if row.status == Status.UNKNOWN:
        lease.release(**later)
        return
    with transaction.atomic():
        record(by=lease.by, at=at, target=row, what=AuditType.SIGNS_DISAGREE)
        lease.move_to(Status.UNKNOWN, **later)
