"""Sends a DRAFT to Altinn. Safe to repeat: Altinn returns the stored request of the same triple.

An older request of the access is deleted first, as Altinn would otherwise return it.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.conf import settings

from portal.core.audit_events import AuditType
from portal.gateways.altinn import RemoteRequest, SystemUserRequests
from portal.gateways.errors import BrokenReply, Refused, Unavailable
from systemusers.models import Access, Kind
from systemusers.services.access import answers
from systemusers.services.access.lease import Lease, take
from systemusers.services.remote import system_user_requests
from systemusers.services.tokens import NoKey, vendor_token

logger = logging.getLogger(__name__)
BY = "task:send_access"
EXISTS = "AUTH-00004"
LONGEST_WAIT = timedelta(minutes=15)
Status = Access.Status


def send_access(*, access_id: int, at: datetime) -> None:
    """Send it, or adopt what Altinn already has. After a refusal it stays a DRAFT with `problem_code`.

    Raises LostRace when another worker has it or it is not to be sent; Unavailable and BrokenReply after planning the next attempt.
    """
    lease = take(access_id=access_id, among={Status.DRAFT}, by=BY, at=at, intent=AuditType.SEND)
    try:
        _send(lease)
    except NoKey:
        lease.release(problem_code="NO_KEY", next_attempt_at=None)
    except Refused as error:
        lease.release(problem_code=code_of(error), next_attempt_at=None)
    except Unavailable as error:
        lease.release(next_attempt_at=at + waiting_time(lease.access.attempts, error.retry_after))
        raise
    except BrokenReply:
        lease.release(problem_code="BROKEN_REPLY", next_attempt_at=at + LONGEST_WAIT)
        raise


def _send(lease: Lease) -> None:
    row = lease.access
    token = vendor_token(client=row.profile.system.client, scopes=(answers.WRITE,), at=lease.at)
    gateway = system_user_requests(row.environment)
    _clear(lease, gateway, token)
    try:
        remote = _create(lease, gateway, token)
    except Refused as error:
        if error.code != EXISTS:
            raise
        _adopt(lease, error)
        return
    if _is_left_over(row, remote):
        gateway.delete(remote.id, token=token)
        remote = _create(lease, gateway, token)
    answers.settle(lease, remote)


def _clear(lease: Lease, gateway: SystemUserRequests, token: str) -> None:
    """Take away Altinn's request of an earlier round; gone already is as good."""
    if lease.access.altinn_id:
        gateway.delete(lease.access.altinn_id, token=token)
        lease.note(altinn_id="")


def _create(lease: Lease, gateway: SystemUserRequests, token: str) -> RemoteRequest:
    row = lease.access
    return gateway.create(
        token=token,
        system_id=row.profile.system.system_id,
        orgnr=row.customer.orgnr,
        external_ref=row.external_ref,
        rights=tuple(row.rights),
        packages=tuple(row.packages),
        redirect_url=redirect_url(row),
        is_agent=row.profile.kind == Kind.AGENT,
    )


def redirect_url(row: Access) -> str:
    """Our return page with the link's token, if the system allows it; "" keeps the person at altinn.no."""
    ours = f"{settings.PORTAL_URL}/return"
    return f"{ours}?t={row.link_token}" if ours in row.profile.system.redirect_urls else ""


def _is_left_over(row: Access, remote: RemoteRequest) -> bool:
    """An older request at Altinn that cannot be used: accepted, but its system user is gone (a live one gives AUTH-00004), or
    open with other rights, from another installation.
    """
    if remote.created:
        return False
    state = answers.state_of(remote)
    if state != Status.SENT:
        return state == Status.APPROVED
    asked = (set(row.rights), set(row.packages), redirect_url(row))
    return asked != (set(remote.rights), set(remote.packages), remote.redirect_url)


def _adopt(lease: Lease, error: Refused) -> None:
    """The customer has a system user for the triple already. Altinn does not return its rights."""
    system_user = answers.find_system_user(lease.access, at=lease.at)
    if system_user is None:
        raise error
    answers.approve(lease, system_user, {})


def code_of(error: Refused) -> str:
    """The remote's own code, else its status."""
    return (error.code or f"HTTP-{error.status}")[:50]


def waiting_time(attempt: int, asked: float | None) -> timedelta:
    """As the remote asked, else 2, 4, 8 ... seconds up to 15 minutes."""
    return (
        timedelta(seconds=asked) if asked is not None else min(timedelta(seconds=2 ** min(attempt, 10)), LONGEST_WAIT)
    )
