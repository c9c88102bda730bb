"""Takes a question back. Deleting Altinn's request never deletes a system user, so an answer that came first wins."""

from __future__ import annotations

from datetime import datetime

from portal.core.audit_events import AuditType
from portal.gateways.altinn import RemoteRequest
from portal.gateways.errors import Refused
from systemusers.models import Access, Kind
from systemusers.services.access import answers
from systemusers.services.access.lease import Lease, take
from systemusers.services.remote import system_user_requests
from systemusers.services.tokens import vendor_token

Status = Access.Status
OPEN = {Status.DRAFT, *Access.OPEN}


class AlreadyAnswered(Exception):
    """The customer answered first; the row now says what."""


def withdraw_access(*, access: Access, by: str, at: datetime) -> None:
    """-> WITHDRAWN, at Altinn too. Raises AlreadyAnswered, LostRace, NoKey and the gateways' errors; it may be repeated."""
    lease = take(access_id=access.pk, among=OPEN, by=by, at=at, intent=AuditType.WITHDRAW)
    try:
        _withdraw(lease)
    except Exception:
        if lease.access.lease_until is not None:
            lease.release()
        raise


def _withdraw(lease: Lease) -> None:
    row, at = lease.access, lease.at
    remote = _stored(lease)
    if remote is not None:
        if answers.state_of(remote) in (Status.APPROVED, Status.REJECTED):
            answers.settle(lease, remote)
            raise AlreadyAnswered
        token = vendor_token(client=row.profile.system.client, scopes=(answers.WRITE,), at=at)
        system_user_requests(row.environment).delete(remote.id, token=token)
        system_user = answers.find_system_user(row, at=at)  # approved between our look and the deletion
        if system_user is not None:
            answers.approve(lease, system_user, {})
            raise AlreadyAnswered
    lease.move_to(Status.WITHDRAWN, next_attempt_at=None, answered_at=at, altinn_id="", confirm_url="")


def _stored(lease: Lease) -> RemoteRequest | None:
    """Altinn's request; found by the triple when its id is unknown, as the answer to sending may have been lost."""
    row = lease.access
    if not row.altinn_id and row.attempts <= 1:
        return None  # the first lease of the row: nothing was sent
    gateway, is_agent = system_user_requests(row.environment), row.profile.kind == Kind.AGENT
    system = row.profile.system
    token = vendor_token(client=system.client, scopes=(answers.READ,), at=lease.at)
    if not row.altinn_id:
        return gateway.by_external_ref(
            token=token,
            system_id=system.system_id,
            orgnr=row.customer.orgnr,
            external_ref=row.external_ref,
            is_agent=is_agent,
        )
    try:
        return gateway.get(row.altinn_id, token=token, is_agent=is_agent)
    except Refused as error:
        if error.status == 404:
            return None
        raise
