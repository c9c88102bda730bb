"""The lists of accesses and customers: filter groups, searches and the rows to show."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import REMARKED, Customer, User
from accounts.services.customers import find_customer_ids
from portal.core.environments import Environment
from portal.core.filters import Group
from portal.core.next_step import NextStep
from systemusers.models import STUCK, Access
from systemusers.services.next_step import next_step

S = Access.Status


def _state(status: str, label: object = None) -> Group:
    return Group(status, label or S(status).label, Q(status=status))


STATES = [
    Group("OPEN", _("Venter"), Q(status__in=Access.OPEN)),
    _state(S.FORWARDED, _("Videresendt")),
    _state(S.REJECTED),
    _state(S.EXPIRED),
    _state(S.REMOVED, _("Fjernet")),
    _state(S.APPROVED),
    _state(S.IN_USE),
    _state(S.DRAFT),
    _state(S.SENT),
    _state(S.OPENED),
    _state(S.NEEDS_UPDATE),
    _state(S.UNKNOWN, _("Ukjent")),
    _state(S.WITHDRAWN, _("Trukket")),
    Group("STUCK", _("Står fast"), STUCK),
]
FEW = {S.SENT, S.OPENED, "STUCK"}
"""Groups without a chip, as others include them; URLs may still use them."""


def chip_groups(chosen: str) -> list[Group]:
    return [group for group in STATES if group.code not in FEW or group.code == chosen]


def find_accesses(*, user: User, environment: Environment, text: str = "") -> QuerySet[Access]:
    """Accesses visible to `user`, filtered by customer."""
    rows = Access.objects.visible_to(user).filter(environment=environment)
    return rows.filter(customer__in=find_customer_ids(text, environment=environment)) if text else rows


def _having(**condition: object) -> Exists:
    return Exists(Access.objects.filter(customer=OuterRef("pk"), **condition))


CUSTOMERS = [
    Group("none", _("Ikke spurt"), Q(~_having())),
    Group("waiting", _("Venter på kunden"), Q(_having(status__in=Access.OPEN))),
    Group("usable", _("Har gitt tilgang"), Q(_having(status__in=Access.USABLE))),
    Group("register", _("Merknad i Enhetsregisteret"), REMARKED),
    Group("lost", _("Må følges opp"), Q(_having(status__in=[S.REJECTED, S.EXPIRED, S.REMOVED, S.UNKNOWN]))),
]


def find_customers(*, user: User, environment: Environment, text: str = "") -> QuerySet[Customer]:
    """Customers visible to `user`, filtered by number, name or reference."""
    rows = Customer.objects.visible_to(user).filter(environment=environment)
    return rows.filter(pk__in=find_customer_ids(text, environment=environment)) if text else rows


def with_accesses(rows: QuerySet[Customer]) -> QuerySet[Customer]:
    """Their accesses come along in one more query, for `customer_row`."""
    accesses = Access.objects.select_related("profile__system").order_by("-status_at")
    return rows.select_related("portfolio").prefetch_related(Prefetch("accesses", accesses))


@dataclass(frozen=True)
class AccessRow:
    """An access in a list: shown without further queries."""

    access: Access
    step: NextStep


@dataclass(frozen=True)
class CustomerRow:
    """A customer with all accesses, the newest state first."""

    customer: Customer
    accesses: list[AccessRow]

    @property
    def step(self) -> NextStep:
        """The step of the access that needs a person first; without accesses, asking."""
        steps = [row.step for row in self.accesses]
        if not steps:
            return NextStep(gettext("Be om tilgang"), gettext("Dere"))
        return next((step for step in steps if step.who), steps[0])


def access_row(access: Access, *, at: datetime, working: bool) -> AccessRow:
    """`access` has its profile and system loaded, and its customer where the list shows it."""
    return AccessRow(access=access, step=next_step(access, at=at, working=working))


def customer_row(customer: Customer, *, at: datetime, working: bool) -> CustomerRow:
    """`customer` comes from `with_accesses`."""
    accesses = [access_row(access, at=at, working=working) for access in customer.accesses.all()]
    return CustomerRow(customer=customer, accesses=accesses)
