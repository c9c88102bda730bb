"""Finds what is due, whatever messages were lost, and reads from Altinn's lists which requests were forwarded."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import Count, Q

from portal.core.states import LostRace
from systemusers.models import Access, Kind, System
from systemusers.services.access import answers
from systemusers.services.remote import system_user_requests
from systemusers.services.tokens import vendor_token

MOST = 500
FEW = 200
"""Systems with more open accesses than this are read every tenth minute only."""
Status = Access.Status


@dataclass(frozen=True)
class Due:
    """Ids of accesses to send and to poll now."""

    to_send: list[int] = field(default_factory=list)
    to_poll: list[int] = field(default_factory=list)


def sweep_accesses(*, at: datetime) -> Due:
    """Due drafts and open requests without a lease, the longest waiting first."""
    free = Q(lease_until__isnull=True) | Q(lease_until__lte=at)
    wanted = Access.objects.due(at).filter(free, status__in={Status.DRAFT, *Access.OPEN})
    rows = list(wanted.order_by("next_attempt_at").values_list("pk", "status")[:MOST])
    return Due(
        to_send=[pk for pk, status in rows if status == Status.DRAFT],
        to_poll=[pk for pk, status in rows if status != Status.DRAFT],
    )


def systems_to_watch(*, at: datetime) -> list[int]:
    """Registered systems with open accesses whose request may have been forwarded in the company."""
    waiting = Access.objects.filter(status__in={Status.SENT, Status.OPENED}, sent_at__gte=at - timedelta(days=180))
    systems = System.objects.filter(profiles__accesses__in=waiting, status=System.Status.REGISTERED)
    counted = systems.annotate(waiting=Count("profiles__accesses")).order_by("pk")
    return [row.pk for row in counted if row.waiting <= FEW or at.minute % 10 == 0]


def note_escalations(*, system_id: int, at: datetime) -> int:
    """SENT or OPENED -> FORWARDED where Altinn's list says escalated; returns how many. Missing rows are ignored.

    Raises NoKey and the gateways' errors.
    """
    system = System.objects.select_related("client").get(pk=system_id)
    token = vendor_token(client=system.client, scopes=(answers.READ,), at=at)
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
