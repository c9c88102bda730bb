"""Compares our accesses with Altinn's list of system users, nightly. A missing access only gets its first sign.

https://docs.altinn.studio/nb/authorization/guides/system-vendor/system-user/
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from portal.core.audit import record
from portal.core.audit_events import AuditType
from portal.gateways.altinn import RemoteSystemUser
from systemusers.models import Access, System, SystemUser
from systemusers.services import tokens
from systemusers.services.remote import system_user_requests
from systemusers.services.system_register.push import SCOPE
from systemusers.services.tokens import vendor_token

logger = logging.getLogger(__name__)
BY = "task:reconcile_access"
MOST_AT_ONCE = 10
SETTLE = timedelta(minutes=10)
"""A newer access may be missing in a list that Altinn read before it was made."""
Known = dict[tuple[str, str], RemoteSystemUser]


class TooManyMissing(Exception):
    """More than half of the accesses are not in Altinn's list: more likely a fault than removals by customers."""


def systems_to_reconcile() -> list[int]:
    rows = System.objects.filter(status=System.Status.REGISTERED, profiles__accesses__status__in=Access.USABLE)
    return list(rows.distinct().values_list("pk", flat=True))


def reconcile_system(*, system_id: int, at: datetime) -> int:
    """Store `seen_at` of listed accesses and mark missing ones; returns how many were marked.

    Raises TooManyMissing (nothing is marked), NoKey and the gateways' errors.
    """
    system = System.objects.select_related("client").get(pk=system_id)
    record(by=BY, at=at, target=system, what=AuditType.RECONCILE, system_id=system.system_id)
    listed = _listed(system, at)
    usable = Access.objects.filter(profile__system=system, status__in=Access.USABLE)
    ours = list(usable.exclude(answered_at__gt=at - SETTLE).select_related("customer"))
    missing = [row for row in ours if (row.customer.orgnr, row.external_ref) not in listed]
    there = [row.pk for row in ours if (row.customer.orgnr, row.external_ref) in listed]
    SystemUser.objects.filter(access__in=there).update(seen_at=at)
    if len(missing) > MOST_AT_ONCE and len(missing) * 2 > len(ours):
        raise TooManyMissing(f"{len(missing)} of {len(ours)} accesses of {system.system_id} are not in Altinn's list")
    for row in missing:
        tokens.note_missing(access=row, at=at, sign="list")
    return len(missing)


def _listed(system: System, at: datetime) -> Known:
    token = vendor_token(client=system.client, scopes=(SCOPE,), at=at)
    system_users = system_user_requests(system.environment).system_users(system.system_id, token=token)
    return {(remote.orgnr, remote.external_ref): remote for remote in system_users}
