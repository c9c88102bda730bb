"""Columns of a file whose values are rows of their own that refer to the customer: tags, and those that other apps add.

An app registers its columns when it starts. What one has is a sorted list of strings.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, Protocol

from django.db import models
from django.db.models import Exists, OuterRef

from accounts.models import Customer, CustomerQuerySet
from portal.core.environments import Environment

Values = list[str]
Named = tuple[Customer, Values]
Side = dict[str, dict[int, Values]]
"""What customers have: by field and the id of the customer. Who has nothing is left out."""


class Linked(Protocol):
    """`hint` says what a cell may be. `model`: the rows, None where they have none of their own. `records_itself`: `write` tells the
    trail what it did.
    """

    field: str
    label: Any
    hint: Any
    headings: tuple[str, ...]
    model: type[models.Model] | None
    records_itself: bool

    def reader(self, environment: Environment) -> Callable[[str], Values | None]:
        """Reads a cell; None when something in it cannot be used."""

    def had(self, customers: Iterable[int]) -> dict[int, Values]:
        """What each customer has that has something."""

    def together(self, known: Values, added: Values) -> Values:
        """What a customer has who gets more."""

    def write(self, named: list[Named], *, by: str, at: datetime) -> None:
        """Give each customer exactly these. Within a transaction, with the customers locked."""

    def not_imported(self, customers: Iterable[int]) -> set[int]:
        """The customers with rows that no import made, or that somebody has changed since."""

    def forgotten(self, customers: Iterable[Customer]) -> Callable[[], None]:
        """Before customers are deleted: what remains to be done afterwards."""

    def spelled(self, values: Values) -> str:
        """For people."""


LINKED: list[Linked] = []


def find(fields: Iterable[str]) -> list[Linked]:
    """Those of the fields that are linked."""
    wanted = set(fields)
    return [one for one in LINKED if one.field in wanted]


def without(customers: CustomerQuerySet, field: str) -> CustomerQuerySet:
    """Those of whom nothing is said in that column, whoever says it."""
    for one in find([field]):
        if one.model is not None:
            customers = customers.filter(~Exists(one.model._default_manager.filter(customer=OuterRef("pk"))))
    return customers


def plain(values: dict[str, Any]) -> dict[str, Any]:
    """The columns of Customer among the values of a row."""
    linked = {one.field for one in LINKED}
    return {name: value for name, value in values.items() if name not in linked}


def had(customers: Iterable[int], fields: Iterable[str]) -> Side:
    ids = list(customers)
    return {one.field: one.had(ids) for one in find(fields)}


def write(changed: Iterable[tuple[Customer, dict[str, Any]]], *, by: str, at: datetime) -> None:
    """Give customers what the values name, and leave what they do not name."""
    rows = list(changed)
    for one in find({name for _customer, values in rows for name in values}):
        one.write([(customer, values[one.field]) for customer, values in rows if one.field in values], by=by, at=at)


def told(values: dict[str, Any]) -> dict[str, Any]:
    """The values as the trail of the customer tells them."""
    silent = {one.field for one in LINKED if one.records_itself}
    spelled = {one.field: one.spelled(values[one.field]) for one in find(values)}
    return {name: spelled.get(name, value) for name, value in values.items() if name not in silent}
