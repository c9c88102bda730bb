"""Who is behind a call: an integration, and the employee for whom it acts, when it names one. Rows are loaded `visible_to` them.

Both must be allowed: what the caller sees and may do is what the integration and the employee have in common.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from ipaddress import ip_address, ip_network

from accounts.capabilities import CHANGES, Capability, Scope
from accounts.models import Given, Integration, User
from accounts.models.people import find_with_given
from portal.core.environments import Environment


class FromElsewhere(Exception):
    """The address is none of those from which the integration may call."""


class EmployeeNeeded(Exception):
    """The integration must name an employee, and did not."""


class UnknownEmployee(Exception):
    """Nobody with this address works here, they have not accepted the invitation yet, or have no role in the environment."""


@dataclass
class Caller:
    """As `visible_to` and services ask about a user."""

    integration: Integration
    scopes: frozenset[str]
    employee: User | None = None
    is_authenticated: bool = True
    is_active: bool = True

    @property
    def environment(self) -> Environment:
        return Environment(self.integration.environment)

    @property
    def actor(self) -> str:
        """In the audit trail: `integration:erp`, or `integration:erp user:kari@vendor.example`."""
        name = self.integration.actor
        return f"{name} {self.employee.actor}" if self.employee else name

    def may(self, capability: Capability, environment: str) -> bool:
        if environment != self.environment or not self.scopes:
            return False
        if capability != Capability.SEE and not (capability == Capability.WORK and self.scopes & CHANGES):
            return False
        return self.employee is None or self.employee.may(capability, environment)

    def may_use(self, scope: Scope) -> bool:
        """Whether the token has the scope, and the employee the role that it takes."""
        needs = Capability.WORK if scope in CHANGES else Capability.SEE
        return scope in self.scopes and self.may(needs, self.environment)

    def where(self, capability: Capability) -> list[str]:
        place = self.environment.value
        return [place] if self.may(capability, place) else []

    @cached_property
    def portfolio_ids(self) -> list[int]:
        own = None if self.integration.sees_all_customers else set(self._portfolios)
        if self.employee is None or self.environment in self.employee.given.sees_all:
            return sorted(own or ())
        theirs = set(self.employee.portfolio_ids)
        return sorted(theirs if own is None else theirs & own)

    @cached_property
    def _portfolios(self) -> list[int]:
        return list(self.integration.portfolios.values_list("pk", flat=True))

    @property
    def sees_all_customers(self) -> bool:
        everybody = self.employee is None or self.environment in self.employee.given.sees_all
        return self.integration.sees_all_customers and everybody

    @cached_property
    def given(self) -> Given:
        return Given(sees_all=frozenset({self.environment.value}) if self.sees_all_customers else frozenset())


def check_network(integration: Integration, address: str) -> None:
    """Raises FromElsewhere."""
    if not integration.networks:
        return
    try:
        here = ip_address(address)
    except ValueError:
        raise FromElsewhere from None
    if not any(here in ip_network(each, strict=False) for each in integration.networks):
        raise FromElsewhere


def caller_of(integration: Integration, scopes: frozenset[str], *, employee: str) -> Caller:
    """`employee`: an e-mail address, "" for none. Raises EmployeeNeeded, UnknownEmployee."""
    scopes &= frozenset(integration.scopes)
    if not employee:
        if integration.needs_employee:
            raise EmployeeNeeded
        return Caller(integration, scopes)
    rows = User.objects.filter(email=employee.lower(), is_active=True, invited_at__isnull=True)
    pk = rows.values_list("pk", flat=True).first()
    person = find_with_given(pk) if pk else None
    if person is None or not person.may(Capability.SEE, integration.environment):
        raise UnknownEmployee
    return Caller(integration, scopes, person)
