"""Lists filtered by the tags of customers and by the person who follows them up: the choices, and the rows of the chosen ones."""

from __future__ import annotations

from typing import Any, TypeVar

from django.db.models import CharField, F, QuerySet, Value
from django.db.models.functions import Coalesce, NullIf
from django.http import QueryDict
from django.utils.translation import gettext as _

from accounts.models import Capability, Customer, Tag, User
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
    """One query."""
    named = Tag.objects.order_by().values_list(Value(True), "pk", "name")
    others = workers(environment).order_by().exclude(pk=user.pk).values_list(Value(False), "pk", SHOWN_NAME)
    rows = list(named.union(others, all=True).order_by("name"))
    tags = [(str(pk), name) for is_tag, pk, name in rows if is_tag]
    staff = [(str(pk), name) for is_tag, pk, name in rows if not is_tag]
    people = [(MINE, _("Mine")), (NOBODY, _("Ingen ansvarlig")), *staff]
    return [
        Select(ASSIGNEE, _("Ansvarlig"), people, query.get(ASSIGNEE, "")),
        Select(TAG, _("Merkelapp"), tags, query.get(TAG, "")),
    ]


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
