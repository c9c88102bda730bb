"""Takes a question back. Deleting Altinn's request never deletes a system user, so an answer that came first wins."""

from __future__ import annotations

from datetime import datetime

from portal.core import lease
from portal.core.audit import record
from portal.core.audit_events import AuditType
from portal.core.lease import Hold
from portal.gateways.altinn import RemoteRequest
from portal.gateways.errors import Refused
from systemusers.models import Access, Kind
from systemusers.services.access import answers
from systemusers.services.remote import system_user_requests

Status = Access.Status
OPEN = {Status.DRAFT, *Access.OPEN}


class AlreadyAnswered(Exception):
    """The customer answered first; the row now says what."""


def withdraw_access(*, access: Access, by: str, at: datetime) -> None:
    """-> WITHDRAWN, at Altinn too. Raises AlreadyAnswered, LostRace, NoKey and the gateways' errors; it may be repeated."""
    hold = lease.take(Access.objects.loaded().filter(pk=access.pk, status__in=OPEN), at=at)
    record(by=by, at=at, target=hold.row, what=AuditType.WITHDRAW, attempt=hold.attempt)
    with lease.given_back_on_error(hold):
        withdraw_held(hold, by=by)


def withdraw_held(hold: Hold[Access], *, by: str) -> None:
    """The same of a row that the caller has claimed and recorded. Raises AlreadyAnswered, LostRace, and the errors of the calls."""
    row, at = hold.row, hold.now()
    remote = _stored(hold)
    if remote is not None:
        if answers.state_of(remote) in (Status.APPROVED, Status.REJECTED):
            answers.settle(hold, remote, by=by)
            raise AlreadyAnswered
        token = answers.token_for(row, answers.WRITE, at=at)
        system_user_requests(row.environment).delete(remote.id, token=token)
        system_user = answers.find_system_user(row, at=hold.now())  # approved between our look and the deletion
        if system_user is not None:
            answers.approve(hold, system_user, {})
            raise AlreadyAnswered
    hold.move_to(Status.WITHDRAWN, by=by, answered_at=hold.now(), altinn_id="", confirm_url="", **answers.CALM)


def _stored(hold: Hold[Access]) -> RemoteRequest | None:
    """Altinn's request; found by the triple when its id is unknown, as the answer to sending may have been lost."""
    row = hold.row
    if not row.altinn_id and hold.attempt <= 1:
        return None  # the first lease of the row: nothing was sent
    gateway, is_agent = system_user_requests(row.environment), row.profile.kind == Kind.AGENT
    token = answers.token_for(row, answers.READ, at=hold.now())
    if not row.altinn_id:
        return gateway.by_external_ref(
            token=token,
            system_id=row.profile.system.system_id,
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
