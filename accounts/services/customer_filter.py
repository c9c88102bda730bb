"""Lists filtered by portfolio, by the tags of customers and by the person who follows them up: the choices, and the chosen rows."""

from __future__ import annotations

from typing import Any, TypeVar

from django.db.models import CharField, F, QuerySet, Value
from django.db.models.functions import Coalesce, NullIf
from django.http import QueryDict
from django.utils.translation import gettext as _

from accounts.models import Capability, Customer, Portfolio, Tag, User
from accounts.services.portfolio_filter import PARAMETER, choices_of, portfolio_select
from portal.core.lists import Select
from portal.core.search import row_id

Rows = TypeVar("Rows", bound=QuerySet[Any])
TAG, ASSIGNEE, MINE, NOBODY = "tag", "assignee", "me", "none"
"""Parameters of the address, and the values of `ASSIGNEE` beside the keys of staff."""

SHOWN_NAME = Coalesce(NullIf(F("name"), Value("")), F("email"), output_field=CharField())
"""As an employee's name is shown."""


def workers(environment: str) -> QuerySet[User]:
    """Those who may follow up the customers of an environment."""
    return User.objects.who_may(Capability.WORK, environment).order_by("name", "pk")


def selects(user: User, query: QueryDict, *, environment: str) -> list[Select]:
    """Portfolio, person and tag. One query."""
    tags = Tag.objects.order_by().values_list(Value(TAG), "pk", "name")
    others = workers(environment).order_by().exclude(pk=user.pk).values_list(Value(ASSIGNEE), "pk", SHOWN_NAME)
    portfolios = Portfolio.objects.order_by().values_list(Value(PARAMETER), "pk", "name")
    parts = [others, portfolios] if user.sees_all_customers else [others]
    named: dict[str, list[tuple[int, str]]] = {TAG: [], ASSIGNEE: [], PARAMETER: []}
    for kind, pk, name in tags.union(*parts, all=True).order_by("name"):
        named[kind].append((pk, name))
    people = [(MINE, _("Mine")), (NOBODY, _("Ingen ansvarlig")), *_values(named[ASSIGNEE])]
    own = named[PARAMETER] if user.sees_all_customers else user.named_portfolios
    return [
        portfolio_select(user, query, choices=choices_of(user, own)),
        Select(ASSIGNEE, _("Ansvarlig"), people, query.get(ASSIGNEE, "")),
        Select(TAG, _("Merkelapp"), _values(named[TAG]), query.get(TAG, "")),
    ]


def _values(named: list[tuple[int, str]]) -> list[tuple[str, str]]:
    return [(str(pk), name) for pk, name in named]


def chosen(rows: Rows, query: QueryDict, *, user: User, customer: str = "") -> Rows:
    """The rows of the chosen tag and person; all when the values are none of the filter.

    `customer` is the path to the customer, "" for rows that are customers.
    """
    tag, person = row_id(query.get(TAG, "")), query.get(ASSIGNEE, "")
    assignee = f"{customer}__assignee" if customer else "assignee"
    if tag is not None:
        tagged = Customer.tags.through.objects.filter(tag=tag).values("customer")
        rows = rows.filter(**{f"{customer or 'pk'}__in": tagged})
    if person == NOBODY:
        return rows.filter(**{assignee: None})
    number = user.pk if person == MINE else row_id(person)
    return rows if number is None else rows.filter(**{assignee: number})
