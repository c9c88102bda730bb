"""Reads from Altinn's lists which requests were forwarded in the customer's company: only the lists tell."""

from __future__ import annotations

from datetime import datetime, timedelta

from portal.core.lease import Hold
from portal.core.states import LostRace
from systemusers.models import Access, Kind, System, SystemRound
from systemusers.services.access import answers
from systemusers.services.access.rounds import waits_for_us, work_systems
from systemusers.services.remote import system_user_requests
from systemusers.services.tokens import vendor_token

FEW = 200
"""Systems with more open accesses than this are read every tenth minute only."""
OFTEN, SELDOM = timedelta(minutes=1), timedelta(minutes=10)
LIFETIME = timedelta(days=180)
Status = Access.Status


def watch_due(*, at: datetime) -> int:
    """Read the lists of the systems that are due. Returns how many were taken."""
    return work_systems(SystemRound.Kind.ESCALATIONS, watch_system, at=at)


def watch_system(hold: Hold[SystemRound]) -> None:
    """One system. Altinn is not asked while nothing waits there. Raises LostRace and the gateways' errors."""
    system, at = hold.row.system, hold.now()
    waiting = Access.objects.filter(profile__system=system, status__in={Status.SENT, Status.OPENED})
    number = waiting.filter(sent_at__gte=at - LIFETIME).count()
    with waits_for_us(hold):
        if number:
            note_escalations(system=system, at=at)
        hold.finish(next_attempt_at=hold.now() + (OFTEN if number <= FEW else SELDOM))


def note_escalations(*, system: System, at: datetime) -> int:
    """SENT or OPENED -> FORWARDED where Altinn's list says escalated; returns how many. Missing rows are ignored.

    Raises NoKey and the gateways' errors.
    """
    token = vendor_token(client=system.own_client, scopes=(answers.READ,), at=at)
    gateway, escalated = system_user_requests(system.environment), set()
    for is_agent in _kinds(system):
        listed = gateway.list(system.system_id, token=token, is_agent=is_agent)
        escalated |= {remote.id for remote in listed if remote.escalated}
    waiting = Access.objects.filter(altinn_id__in=escalated, status__in={Status.SENT, Status.OPENED})
    return sum(_forward(row, at) for row in waiting)


def _kinds(system: System) -> list[bool]:
    return [kind == Kind.AGENT for kind in system.profiles.values_list("kind", flat=True).distinct().order_by("kind")]


def _forward(row: Access, at: datetime) -> bool:
    try:
        row.move_to(Status.FORWARDED, by=answers.ALTINN, at=at)
    except LostRace:
        return False
    return True
