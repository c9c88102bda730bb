"""Lists to pick customers from: what they have in common. A subclass says which customers, and what picking one leads to."""

from __future__ import annotations

from functools import cached_property
from typing import ClassVar

from django.utils.translation import gettext_lazy as lazy

from accounts.guard import StaffRequest
from accounts.models import Customer, CustomerQuerySet
from accounts.services import customer_filter
from accounts.services.portfolio_filter import PARAMETER, in_portfolio
from portal.core.lists import ListPage, Select


class CustomersToPick(ListPage[StaffRequest, CustomerQuerySet]):
    """Current customers of the environment that the user sees, by the search and the choices beside it."""

    search_label = lazy("Søk på navn, organisasjonsnummer, kundenummer eller e-post")
    order: ClassVar[tuple[str, ...]] = ("sort_name", "pk")

    def find(self) -> CustomerQuerySet:
        user, query = self.request.user, self.request.GET
        rows = Customer.objects.visible_to(user).filter(environment=self.request.environment).current()
        rows = in_portfolio(rows.matching(self.text), query.get(PARAMETER, ""), customer="")
        return customer_filter.chosen(rows, query, user=user)

    @cached_property
    def selects(self) -> list[Select]:
        return customer_filter.selects(self.request.user, self.request.GET, environment=self.request.environment)
