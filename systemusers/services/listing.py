"""The lists of accesses and customers: filter groups, searches and the rows to show."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet
from django.http import QueryDict
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import ENDED, REMARKED, Customer, Tag, User
from accounts.services import customer_filter
from accounts.services.customers import customers_found, found_ids
from accounts.services.portfolio_filter import PARAMETER, in_portfolio
from portal.core.database import has_row, keyed
from portal.core.environments import Environment
from portal.core.filters import Group
from portal.core.lease import LASTING, LATE, ROUNDS_BEFORE_A_PERSON
from portal.core.next_step import NextStep
from systemusers.models import (
    STUCK,
    Access,
    AccessProfile,
    AccessQuerySet,
    ChangeRequest,
    ClientRelation,
    Kind,
    RightsCheck,
    reached_through_an_accountant,
)
from systemusers.models.access import REFUSED
from systemusers.services.identified import access_ids
from systemusers.services.invitations.selections import MAIL_FAILED, UNTOLD
from systemusers.services.invitations.shown import told_text
from systemusers.services.next_step import UNANSWERED, step_of

S = Access.Status
Customers = TypeVar("Customers", bound=QuerySet[Customer])


def _state(status: str, label: object = None, *, is_hidden: bool = False) -> Group:
    return Group(status, label or S(status).label, Q(status=status), is_hidden=is_hidden)


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
OUTDATED = Q(status=S.NEEDS_UPDATE) & ~Q(Exists(ChangeRequest.objects.open().filter(access=OuterRef("pk"))))
"""Its profile asks for more than the customer has given, and nobody has asked the customer."""
USED = Q(status__in=[S.IN_USE, S.NEEDS_UPDATE])
STATES = [
    Group("OPEN", _("Venter"), Q(status__in=Access.OPEN)),
    _state(S.FORWARDED, _("Videresendt")),
    _state(S.REJECTED),
    _state(S.EXPIRED),
    _state(S.REMOVED, _("Fjernet")),
    _state(S.APPROVED),
    _state(S.IN_USE),
    _state(S.DRAFT, _("Ikke sendt ennå")),
    _state(S.SENT, is_hidden=True),
    _state(S.OPENED, is_hidden=True),
    _state(S.NEEDS_UPDATE),
    _state(S.UNKNOWN, _("Ukjent")),
    _state(S.WITHDRAWN, _("Trukket")),
    Group("OUTDATED", _("Må oppdateres, ikke spurt"), OUTDATED, is_hidden=True),
    Group("UNTOLD", _("Ikke varslet"), UNTOLD),
    Group("MAIL", _("E-post kom ikke fram"), MAIL_FAILED),
    Group("CHILDLESS", _("Uten klienter"), CHILDLESS),
    Group("UNREAD", _("Klienter ikke lest"), UNREAD),
    Group("STUCK", _("Står fast"), STUCK, is_hidden=True),
    Group("CHANGE", _("Endring står fast"), CHANGE_STUCK),
    Group("RIGHTS", _("Ukjente rettigheter"), RIGHTS_STUCK),
    Group("USED", _("I bruk, også med endring"), USED, is_hidden=True),
    Group("REFUSED", _("Kom ikke fram til Altinn"), REFUSED, is_hidden=True),
]


def groups(at: datetime) -> list[Group]:
    """The groups of the filter, with those that depend on when one asks."""
    is_late, is_old = Q(status_at__lte=at - LATE), Q(status_at__lte=at - UNANSWERED)
    unsent = Q(status=S.DRAFT, next_attempt_at__isnull=False) & is_late & ~LASTING
    unopened = Q(status=S.SENT, sent_at__lte=at - UNANSWERED)
    return [
        *STATES,
        Group("UNSENT", _("Skulle vært sendt"), unsent, is_hidden=True),
        Group("UNSETTLED", _("Uavklart i over ti minutter"), Q(status=S.UNKNOWN) & is_late, is_hidden=True),
        Group("UNOPENED_LONG", _("Ikke åpnet på over sju dager"), unopened, is_hidden=True),
        Group("FORWARDED_LONG", _("Videresendt i over sju dager"), Q(status=S.FORWARDED) & is_old, is_hidden=True),
    ]


def find_accesses(*, user: User, environment: Environment, text: str = "") -> QuerySet[Access]:
    """Accesses visible to `user`, filtered by customer or by a whole id."""
    rows = Access.objects.visible_to(user).filter(environment=environment)
    if not text:
        return rows
    wanted = Q(customer__in=customers_found(text, user=user, environment=environment))
    found = access_ids(text)
    return rows.filter(wanted | Q(pk__in=found)) if found else rows.filter(wanted)


def profile_choices(environment: Environment) -> list[tuple[str, str]]:
    """Values of the filter by profile, and their names; none when there is nothing to choose."""
    rows = AccessProfile.objects.filter(system__environment=environment).order_by("name", "pk")
    named = [(str(pk), name) for pk, name in rows.values_list("pk", "name")]
    return named if len(named) > 1 else []


def _accesses(**condition: object) -> QuerySet[Access]:
    return Access.objects.filter(customer=OuterRef("pk"), **condition)


def _having(**condition: object) -> Exists:
    return Exists(_accesses(**condition))


CURRENT = Q(end_asked_at__isnull=True)
CUSTOMERS = [
    Group("none", _("Ikke spurt"), Q(~_having()) & ~reached_through_an_accountant()),
    Group("waiting", _("Venter på kunden"), Q(_having(status__in=Access.OPEN))),
    Group(
        "usable", _("Har gitt tilgang"), has_row(_accesses(status__in=Access.USABLE)) | reached_through_an_accountant()
    ),
    Group("register", _("Merknad i Enhetsregisteret"), REMARKED),
    Group(
        "remarked",
        _("Merknad, og tilgang gitt eller spurt om"),
        REMARKED & has_row(_accesses(status__in={*Access.OPEN, *Access.USABLE})),
        is_hidden=True,
    ),
    Group("lost", _("Må følges opp"), Q(_having(status__in=[S.REJECTED, S.EXPIRED, S.REMOVED, S.UNKNOWN]))),
]
ARCHIVED = Group(ENDED, _("Arkiverte"), ~CURRENT)
"""The list of customers shows them only there."""


def of_ended() -> Group:
    """Accesses of customers whose relation has ended, but for those that are still being taken back."""
    return Group(ENDED, _("Avsluttede kunder"), AccessQuerySet.left_out())


def find_customers(*, user: User, environment: Environment, text: str = "") -> QuerySet[Customer]:
    """Customers visible to `user`, filtered by number, name or reference."""
    rows = Customer.objects.visible_to(user).filter(environment=environment)
    if not text:
        return rows
    ids = found_ids(text, user=user, environment=environment)
    return rows.matching(text) if ids is None else keyed(rows, ids)


def filtered_customers(*, user: User, environment: Environment, query: QueryDict, text: str = "") -> QuerySet[Customer]:
    """Those of the filters of the list of customers, as its address (`query`) has them, but for the group."""
    rows = find_customers(user=user, environment=environment, text=text)
    rows = in_portfolio(rows, query.get(PARAMETER, ""), customer="")
    return customer_filter.chosen(rows, query, user=user)


def with_accesses(rows: Customers) -> Customers:
    """Their accesses come along in one more query, for `customer_row`."""
    accesses = Access.objects.select_related("profile__system", "client_round", "invitation").order_by("-status_at")
    return rows.select_related("portfolio", "assignee").prefetch_related(Prefetch("accesses", accesses))


def with_accountants(rows: QuerySet[Customer]) -> QuerySet[Customer]:
    """The names of their tags, as `tag_names`, and the accountants that reach them come along too, for `customer_row` in a list."""
    relations = ClientRelation.objects.usable().select_related("access__customer").order_by("pk")
    tags = Tag.objects.filter(customers=OuterRef("pk")).order_by("name")
    rows = rows.annotate(tag_names=ArraySubquery(tags.values("name")))
    return rows.prefetch_related(Prefetch("relations", relations, to_attr="reached_by"))


def is_client() -> Exists:
    """For querysets of customers: an accountant has it as a client, or had."""
    return Exists(ClientRelation.objects.filter(orgnr=OuterRef("orgnr"), access__environment=OuterRef("environment")))


@dataclass(frozen=True)
class AccessRow:
    """An access in a list: shown without further queries."""

    access: Access
    step: NextStep
    told: str
    """Whether the customer knows of a question that waits; "" when that is past."""

    @property
    def pk(self) -> int:
        return self.access.pk

    @property
    def label(self) -> str:
        return f"{self.access.customer.name} – {self.access.profile.name}"


@dataclass(frozen=True)
class CustomerRow:
    """A customer with all accesses, the newest state first."""

    customer: Customer
    accesses: list[AccessRow]
    through: list[str]
    """Names of the accountants that reach it; [] unless it comes from `with_accountants`."""

    @property
    def pk(self) -> int:
        return self.customer.pk

    @property
    def label(self) -> str:
        return self.customer.name

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
    return AccessRow(access=access, step=step_of(access, at=at, working=working), told=told_text(access))


def customer_row(customer: Customer, *, at: datetime, working: bool) -> CustomerRow:
    """`customer` comes from `with_accesses`."""
    accesses = [access_row(access, at=at, working=working) for access in customer.accesses.all()]
    relations: list[ClientRelation] = getattr(customer, "reached_by", [])
    through = list(dict.fromkeys(relation.access.customer.name for relation in relations))
    return CustomerRow(customer=customer, accesses=accesses, through=through)
