"""Sends a DRAFT to Altinn. Safe to repeat: Altinn returns the stored request of the same triple.

An older request of the access is deleted first, as Altinn would otherwise return it.
"""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import transaction

from accounts.models import Customer
from portal.core import lease
from portal.core.audit import record
from portal.core.audit_events import AuditType
from portal.core.lease import LONGEST_WAIT, Hold
from portal.core.problems import code_of
from portal.gateways.altinn import RemoteRequest, SystemUserRequests
from portal.gateways.errors import BrokenReply, Refused
from systemusers.models import Access, Kind
from systemusers.services.access import answers
from systemusers.services.access.ask import next_ref
from systemusers.services.access.rounds import is_ours, waits_for_us, work_accesses
from systemusers.services.remote import system_user_requests

BY = "task:send_accesses"
EXISTS = "AUTH-00004"
Status = Access.Status


def send_due(*, at: datetime) -> int:
    """Send a batch of the drafts that are due. Returns how many were taken."""
    return work_accesses(Access.objects.to_send(), send, at=at)


def send(hold: Hold[Access]) -> None:
    """Send it, or adopt what Altinn already has. One that Altinn refuses stays a DRAFT without a next attempt.

    The intent is recorded once, not for each further try. Raises LostRace, Unavailable.
    """
    if not hold.row.failures:
        record(by=BY, at=hold.now(), target=hold.row, what=AuditType.SEND, attempt=hold.attempt)
    with waits_for_us(hold):
        try:
            _send(hold)
        except BrokenReply as error:
            lease.log_problem(hold, error)
            hold.put_off(code=code_of(error), wait=LONGEST_WAIT)
        except Refused as error:
            if is_ours(error):
                raise
            hold.stop(code=code_of(error))


def _send(hold: Hold[Access]) -> None:
    row = hold.row
    token = answers.token_for(row, answers.WRITE, at=hold.now())
    gateway = system_user_requests(row.environment)
    _clear(hold, gateway, token)
    try:
        remote = _create(hold, gateway, token)
    except Refused as error:
        if error.code != EXISTS:
            raise
        _adopt(hold, error)
        return
    if _is_left_over(row, remote):
        gateway.delete(remote.id, token=token)
        remote = _create(hold, gateway, token)
    answers.settle(hold, remote, by=BY)


def _clear(hold: Hold[Access], gateway: SystemUserRequests, token: str) -> None:
    """Take away Altinn's request of an earlier round; gone already is as good."""
    if hold.row.altinn_id:
        gateway.delete(hold.row.altinn_id, token=token)
        hold.write(altinn_id="")


def _create(hold: Hold[Access], gateway: SystemUserRequests, token: str) -> RemoteRequest:
    row = hold.row
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


def _adopt(hold: Hold[Access], error: Refused) -> None:
    """The customer has a system user for the triple already. Altinn does not return its rights: they are asked for.

    One of the other kind cannot stand for this access: the question is sent again with a reference of its own.
    """
    system_user = answers.find_system_user(hold.row, at=hold.now())
    if system_user is None:
        raise error
    if system_user.kind.upper() != hold.row.profile.kind:
        with transaction.atomic():
            Customer.objects.select_for_update(no_key=True).get(pk=hold.row.customer_id)
            hold.finish(next_attempt_at=hold.now(), external_ref=next_ref(hold.row))
        return
    answers.approve(hold, system_user, answers.UNKNOWN_RIGHTS)
