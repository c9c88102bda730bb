"""The lists of accesses and customers: what the chips stand for, and which rows a person finds."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer, User
from accounts.services.customers import called
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
"""States that have no chip of their own, as "waiting" holds them; an address may still ask for them."""


def chip_groups(chosen: str) -> list[Group]:
    return [group for group in STATES if group.code not in FEW or group.code == chosen]


def find_accesses(*, user: User, environment: Environment, text: str = "") -> QuerySet[Access]:
    """What `user` may see, by words about the customer."""
    rows = Access.objects.visible_to(user).filter(environment=environment)
    return rows.filter(customer__in=called(text, environment=environment)) if text else rows


def _having(**condition: object) -> Exists:
    return Exists(Access.objects.filter(customer=OuterRef("pk"), **condition))


CUSTOMERS = [
    Group("none", _("Ikke spurt"), Q(~_having())),
    Group("waiting", _("Venter på kunden"), Q(_having(status__in=Access.OPEN))),
    Group("usable", _("Har gitt tilgang"), Q(_having(status__in=Access.USABLE))),
    Group("lost", _("Må følges opp"), Q(_having(status__in=[S.REJECTED, S.EXPIRED, S.REMOVED, S.UNKNOWN]))),
]


def find_customers(*, user: User, environment: Environment, text: str = "") -> QuerySet[Customer]:
    """What `user` may see, by number, name or reference as people write them."""
    rows = Customer.objects.visible_to(user).filter(environment=environment)
    return rows.filter(pk__in=called(text, environment=environment)) if text else rows


def with_accesses(rows: QuerySet[Customer]) -> QuerySet[Customer]:
    """Their accesses come along in one more query, as `access_rows`."""
    accesses = Access.objects.select_related("profile__system").order_by("-status_at")
    return rows.select_related("portfolio").prefetch_related(Prefetch("accesses", accesses, to_attr="access_rows"))
