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
from portal.core.lease import LASTING, ROUNDS_BEFORE_A_PERSON
from portal.core.next_step import NextStep
from systemusers.models import (
    STUCK,
    Access,
    ChangeRequest,
    ClientRelation,
    Kind,
    RightsCheck,
    reached_through_an_accountant,
)
from systemusers.services.next_step import next_step

S = Access.Status


def _state(status: str, label: object = None) -> Group:
    return Group(status, label or S(status).label, Q(status=status))


CHILDLESS = Q(
    status__in=Access.USABLE, profile__kind=Kind.AGENT, client_round__clients=0, client_round__read_at__isnull=False
)
"""Approved by an accountant, and useless until clients are added in Altinn."""
UNREAD = Q(
    ~Q(client_round__problem_code=""), status__in=Access.USABLE, client_round__failures__gte=ROUNDS_BEFORE_A_PERSON
)
"""Altinn has refused several times to tell the clients."""
CHANGE_STUCK = Q(Exists(ChangeRequest.objects.needing_a_person().filter(access=OuterRef("pk"))))
"""The question to change it was refused by Altinn, or cannot be sent or asked about."""
RIGHTS_STUCK = Q(Exists(RightsCheck.objects.filter(LASTING, access=OuterRef("pk"))), rights_known_at=None) & Q(
    status__in=Access.USABLE
)
"""Made elsewhere, and Altinn has refused several times to tell what it may do."""
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
    Group("CHILDLESS", _("Uten klienter"), CHILDLESS),
    Group("UNREAD", _("Klienter ikke lest"), UNREAD),
    Group("STUCK", _("Står fast"), STUCK),
    Group("CHANGE", _("Endring står fast"), CHANGE_STUCK),
    Group("RIGHTS", _("Ukjente rettigheter"), RIGHTS_STUCK),
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
    Group("none", _("Ikke spurt"), Q(~_having()) & ~Q(reached_through_an_accountant())),
    Group("waiting", _("Venter på kunden"), Q(_having(status__in=Access.OPEN))),
    Group("usable", _("Har gitt tilgang"), Q(_having(status__in=Access.USABLE)) | Q(reached_through_an_accountant())),
    Group("register", _("Merknad i Enhetsregisteret"), REMARKED),
    Group("lost", _("Må følges opp"), Q(_having(status__in=[S.REJECTED, S.EXPIRED, S.REMOVED, S.UNKNOWN]))),
]


def find_customers(*, user: User, environment: Environment, text: str = "") -> QuerySet[Customer]:
    """Customers visible to `user`, filtered by number, name or reference."""
    rows = Customer.objects.visible_to(user).filter(environment=environment)
    return rows.filter(pk__in=find_customer_ids(text, environment=environment)) if text else rows


def with_accesses(rows: QuerySet[Customer]) -> QuerySet[Customer]:
    """Their accesses come along in one more query, for `customer_row`."""
    accesses = Access.objects.select_related("profile__system", "client_round").order_by("-status_at")
    return rows.select_related("portfolio").prefetch_related(Prefetch("accesses", accesses))


def with_accountants(rows: QuerySet[Customer]) -> QuerySet[Customer]:
    """The accountants that reach them come along too, for `customer_row` in a list."""
    relations = ClientRelation.objects.usable().select_related("access__customer").order_by("pk")
    return rows.prefetch_related(Prefetch("relations", relations, to_attr="reached_by"))


def is_client() -> Exists:
    """For querysets of customers: an accountant has it as a client, or had."""
    return Exists(ClientRelation.objects.filter(orgnr=OuterRef("orgnr"), access__environment=OuterRef("environment")))


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
    through: list[str]
    """Names of the accountants that reach it; [] unless it comes from `with_accountants`."""

    @property
    def step(self) -> NextStep:
        """The step of the access that needs a person first; without accesses, asking."""
        steps = [row.step for row in self.accesses]
        if not steps and self.through:
            return NextStep(gettext("Leveres gjennom %(names)s") % {"names": ", ".join(self.through)})
        if not steps:
            return NextStep(gettext("Be om tilgang"), gettext("Dere"))
        return next((step for step in steps if step.who), steps[0])


def access_row(access: Access, *, at: datetime, working: bool) -> AccessRow:
    """`access` has its profile and system loaded, and its customer where the list shows it."""
    return AccessRow(access=access, step=next_step(access, at=at, working=working))


def customer_row(customer: Customer, *, at: datetime, working: bool) -> CustomerRow:
    """`customer` comes from `with_accesses`."""
    accesses = [access_row(access, at=at, working=working) for access in customer.accesses.all()]
    relations: list[ClientRelation] = getattr(customer, "reached_by", [])
    through = list(dict.fromkeys(relation.access.customer.name for relation in relations))
    return CustomerRow(customer=customer, accesses=accesses, through=through)
