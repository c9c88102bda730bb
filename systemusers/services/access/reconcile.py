"""Compares our accesses with Altinn's list of system users, nightly. A missing access only gets its first sign.

https://docs.altinn.studio/nb/authorization/guides/system-vendor/system-user/
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from portal.core import lease
from portal.core.audit import record
from portal.core.audit_events import AuditType
from portal.core.lease import Hold
from portal.core.problems import code_of
from portal.gateways.altinn import RemoteSystemUser
from portal.gateways.errors import BrokenReply, Refused
from systemusers.models import Access, System, SystemRound, SystemUser
from systemusers.services import tokens
from systemusers.services.access.answers import note_system_user
from systemusers.services.access.rounds import is_ours, waits_for_us, work_systems
from systemusers.services.adoption.found import note_listed
from systemusers.services.losses import is_mass_loss
from systemusers.services.remote import system_user_requests
from systemusers.services.system_register.entry import SCOPE
from systemusers.services.system_register.rounds import next_night
from systemusers.services.tokens import vendor_token

BY = "task:reconcile_systems"
SETTLE = timedelta(minutes=10)
"""A newer access may be missing in a list that Altinn read before it was made."""
LATER = timedelta(hours=1)
Known = dict[tuple[str, str], RemoteSystemUser]


class TooManyMissing(Exception):
    """More than half of the accesses are not in Altinn's list: more likely a fault than removals by customers."""

    code = "TOO_MANY_MISSING"


def reconcile_due(*, at: datetime) -> int:
    """Compare the systems that are due. Returns how many were taken."""
    return work_systems(SystemRound.Kind.RECONCILE, reconcile, at=at)


def reconcile(hold: Hold[SystemRound]) -> None:
    """One system; again next night, after a failure sooner. Raises LostRace, Unavailable."""
    system, at = hold.row.system, hold.now()
    with waits_for_us(hold):
        try:
            reconcile_system(system=system, at=at, is_repeated=hold.row.failures > 0, renew=hold.renew)
            hold.finish(next_attempt_at=next_night(at))
        except (Refused, BrokenReply, TooManyMissing) as error:
            if isinstance(error, Refused) and is_ours(error):
                raise
            lease.log_problem(hold, error)
            hold.put_off(code=code_of(error), wait=LATER)


def _usable(system: System) -> Any:
    return Access.objects.filter(profile__system=system, status__in=Access.USABLE)


def reconcile_system(
    *, system: System, at: datetime, is_repeated: bool = False, renew: Callable[[], None] = lambda: None
) -> int:
    """Store `seen_at` of listed accesses, mark missing ones, and store those that are no accesses of ours; returns how many
    were marked.

    The intent is recorded once for a night. `renew` is called after the long call, before anything is written; it raises
    LostRace when another worker has taken the work over. Raises TooManyMissing (nothing is marked), NoKey and the gateways' errors.
    """
    if not is_repeated:
        record(by=BY, at=at, target=system, what=AuditType.RECONCILE, system_id=system.system_id)
    listed = _listed(system, at)
    renew()
    ours = list(_usable(system).exclude(answered_at__gt=at - SETTLE).select_related("customer"))
    missing = [row for row in ours if (row.customer.orgnr, row.external_ref) not in listed]
    there = {row.pk for row in ours if (row.customer.orgnr, row.external_ref) in listed}
    SystemUser.objects.filter(access__in=there).update(seen_at=at)
    _take_new_ids([row for row in ours if row.pk in there], listed, at)
    note_listed(system=system, listed=listed.values(), at=at)
    if is_mass_loss(missing=len(missing), total=len(ours)):
        raise TooManyMissing(f"{len(missing)} of {len(ours)} accesses of {system.system_id} are not in Altinn's list")
    for row in missing:
        tokens.note_missing(access=row, at=at, sign="list")
    return len(missing)


def _take_new_ids(rows: list[Access], listed: Known, at: datetime) -> None:
    """The customer removed a system user and made another with the same reference."""
    known = dict(SystemUser.objects.filter(access__in=rows).values_list("access_id", "altinn_id"))
    for row in rows:
        remote = listed[row.customer.orgnr, row.external_ref]
        if str(known.get(row.pk, remote.id)) != remote.id:
            note_system_user(row, remote, at=at)


def _listed(system: System, at: datetime) -> Known:
    token = vendor_token(client=system.own_client, scopes=(SCOPE,), at=at)
    system_users = system_user_requests(system.environment).system_users(system.system_id, token=token)
    return {(remote.orgnr, remote.external_ref): remote for remote in system_users}
