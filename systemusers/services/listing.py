"""The lists of accesses and customers: filter groups and searches."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer, User
from accounts.services.customers import find_customer_ids
from portal.core.environments import Environment
from portal.core.filters import Group
from systemusers.models import Access

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
]
FEW = {S.SENT, S.OPENED}
"""States without a chip, as "waiting" includes them; URLs may still use them."""


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
    Group("lost", _("Må følges opp"), Q(_having(status__in=[S.REJECTED, S.EXPIRED, S.REMOVED, S.UNKNOWN]))),
]


def find_customers(*, user: User, environment: Environment, text: str = "") -> QuerySet[Customer]:
    """Customers visible to `user`, filtered by number, name or reference."""
    rows = Customer.objects.visible_to(user).filter(environment=environment)
    return rows.filter(pk__in=find_customer_ids(text, environment=environment)) if text else rows


def with_accesses(rows: QuerySet[Customer]) -> QuerySet[Customer]:
    """Their accesses come along in one more query, as `access_rows`."""
    accesses = Access.objects.select_related("profile__system").order_by("-status_at")
    return rows.select_related("portfolio").prefetch_related(Prefetch("accesses", accesses, to_attr="access_rows"))
