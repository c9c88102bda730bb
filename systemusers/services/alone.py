"""How many customers one person may ask at once, where asking many takes two persons. More become a campaign, which two start."""

from __future__ import annotations

from django.conf import settings

from accounts.models import Proposal
from accounts.services.actors import INTEGRATION, STAFF
from accounts.services.proposals import NeedsSecondPerson, is_needed

KIND = Proposal.Kind.CUSTOMERS_ASKED


def most_alone(environment: str, *, usual: int) -> int:
    return min(usual, settings.TWO_PERSONS_ASKING_ABOVE) if is_needed(KIND, environment) else usual


def may_alone(number: int, *, environment: str) -> bool:
    return number <= most_alone(environment, usual=number)


def check_alone(number: int, *, environment: str, by: str) -> None:
    """Raises NeedsSecondPerson. An integration asks no more than a person; the portal's own tasks and the operator's commands pass."""
    if by.startswith((STAFF, INTEGRATION)) and not may_alone(number, environment=environment):
        raise NeedsSecondPerson(f"{by} may not ask {number} customers alone")
