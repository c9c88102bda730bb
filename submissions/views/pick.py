"""The first page of a new submission and of a new order: the list to pick the customer from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import OuterRef
from django.http import HttpResponse
from django.utils.translation import gettext_lazy as lazy

from accounts.guard import StaffRequest
from accounts.models import CustomerQuerySet
from accounts.pick_views import CustomersToPick
from portal.core.database import has_row
from portal.core.lists import Column, Link
from systemusers.models import Access, Kind, reached_through_an_accountant


@dataclass(frozen=True)
class Pick:
    """For what a customer is picked: the name of the page to go to, the page above it, and the texts."""

    page: str
    above: Link
    title: Any
    question: Any


class CustomersToDeliverFor(CustomersToPick):
    """Customers with a usable access, or that an accountant reaches: only for these a report can be sent."""

    template = "submissions/pick_customer.html"
    columns = (
        Column(lazy("Kunde"), "name", ("sort_name", "pk")),
        Column(lazy("Organisasjonsnummer"), "orgnr", ("orgnr", "pk")),
        Column(lazy("Velg")),
    )

    def __init__(self, request: StaffRequest, pick: Pick) -> None:
        super().__init__(request)
        self.pick, self.title, self.parent = pick, pick.title, pick.above

    def find(self) -> CustomerQuerySet:
        own = Access.objects.filter(customer=OuterRef("pk"), status__in=Access.USABLE).exclude(profile__kind=Kind.AGENT)
        return super().find().filter(has_row(own) | reached_through_an_accountant())

    @property
    def others(self) -> bool:
        """Whether the search matches customers without a usable access only. For an empty list."""
        return bool(self.text) and super().find().exists()


def pick_customer(request: StaffRequest, pick: Pick) -> HttpResponse:
    return CustomersToDeliverFor(request, pick).respond()
