"""Lists filtered by portfolio: the choices that a user has, and the rows of the chosen one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar

from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.translation import gettext as _

from accounts.models import Portfolio, User
from portal.core.lists import Select
from portal.core.search import row_id

NO_PORTFOLIO = "none"
PARAMETER = "portfolio"
Rows = TypeVar("Rows", bound=QuerySet[Any])


def portfolio_choices(user: User) -> list[tuple[str, str]]:
    """Values of the filter by portfolio, and their names: those whose customers `user` sees. None when there is nothing to choose."""
    all_of_them = user.sees_all_customers
    return choices_of(user, Portfolio.objects.values_list("pk", "name") if all_of_them else user.named_portfolios)


def choices_of(user: User, portfolios: Iterable[tuple[int, str]]) -> list[tuple[str, str]]:
    """The same of portfolios that are read already."""
    named = [(str(pk), name) for pk, name in portfolios]
    if user.sees_all_customers and named:
        named.append((NO_PORTFOLIO, _("Uten portefølje")))
    return named if len(named) > 1 else []


def portfolio_select(user: User, query: QueryDict, *, choices: list[tuple[str, str]] | None = None) -> Select:
    """`choices` where they are read already."""
    options = portfolio_choices(user) if choices is None else choices
    return Select(PARAMETER, _("Portefølje"), options, query.get(PARAMETER, ""))


def in_portfolio(rows: Rows, chosen: str, *, customer: str = "customer") -> Rows:
    """The rows of customers in one portfolio, or in none; all when `chosen` is no value of the filter.

    `customer` is the path to the customer, "" for rows that are customers.
    """
    path = f"{customer}__portfolio" if customer else "portfolio"
    if chosen == NO_PORTFOLIO:
        has_customer = {f"{customer}__isnull": False} if customer else {}
        return rows.filter(**has_customer, **{f"{path}__isnull": True})
    number = row_id(chosen)
    return rows if number is None else rows.filter(**{path: number})
