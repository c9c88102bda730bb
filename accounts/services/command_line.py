"""For whom a command acts: an employee who may do the same on the pages. The trail has their name, and that it was a command."""

from __future__ import annotations

from accounts.capabilities import Capability
from accounts.models import User
from accounts.models.people import find_with_given
from portal.core.environments import Environment


class MayNot(Exception):
    """Nobody with this address works here, or they may not do this in the environment. Which of the two is not said."""


def find_person(*, email: str, environment: Environment, capability: Capability) -> User:
    """The employee, within the environment, with all that they were given now. Raises MayNot."""
    rows = User.objects.filter(email=email.strip().lower(), is_active=True, invited_at__isnull=True)
    pk = rows.values_list("pk", flat=True).first()
    person = find_with_given(pk) if pk else None
    if person is None or not environment.is_enabled or not person.may(capability, environment):
        raise MayNot
    return person.within(environment)
