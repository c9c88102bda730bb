"""Kunder: the list of customers."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from accounts.guard import StaffRequest, staff_page
from accounts.models import Customer
from accounts.services import customer_filter
from portal.core.exports import Field, customer_fields, step_fields
from portal.core.filters import Group
from portal.core.lists import Column, Link, ListPage, Nothing, Select
from portal.core.next_step import list_of
from portal.core.selection import ACT, ALL, Act, picked
from portal.desk import customers_many
from systemusers.services import listing
from systemusers.views.ask import MOST

CAMPAIGN = "campaign"


class Customers(ListPage[StaffRequest, QuerySet[Customer]]):
    template = "desk/customers.html"
    title = lazy("Kunder")
    search_label = lazy("Søk på navn, organisasjonsnummer, kundenummer eller e-post")
    columns = (
        Column(lazy("Kunde"), "name", ("sort_name", "pk")),
        Column(lazy("Portefølje")),
        Column(lazy("Tilgang")),
        Column(lazy("Neste steg")),
    )
    order = ("sort_name", "pk")
    nothing = Nothing(lazy("Ingen kunder ennå"), lazy("Legg til den første virksomheten dere skal rapportere for."))
    new = Link("customer-new", lazy("Ny kunde"))
    parameter = "group"
    acts = (
        Act("ask", lazy("Be de valgte om tilgang")),
        Act(CAMPAIGN, lazy("Lag en kampanje for de valgte")),
        Act(customers_many.TAG, lazy("Gi merkelapp")),
        Act(customers_many.ASSIGN, lazy("Sett ansvarlig")),
        Act(customers_many.MOVE, lazy("Sett portefølje")),
    )
    file_name = "kunder"
    fields = (
        *customer_fields(lambda row: row.customer),
        Field(lazy("Kundenummer"), lambda row: row.customer.reference),
        Field(lazy("Portefølje"), lambda row: row.customer.portfolio or ""),
        Field(lazy("Ansvarlig"), lambda row: row.customer.assignee or ""),
        Field(lazy("Merkelapper"), lambda row: ", ".join(row.customer.tag_names)),
        Field(lazy("Tilgang"), lambda row: ", ".join(each.access.profile.name for each in row.accesses)),
        Field(lazy("Tilstand"), lambda row: ", ".join(each.access.get_status_display() for each in row.accesses)),
        *step_fields(),
    )

    def find(self) -> QuerySet[Customer]:
        request = self.request
        where: dict[str, Any] = {"user": request.user, "environment": request.environment}
        return listing.filtered_customers(**where, query=request.GET, text=self.text)

    @cached_property
    def selects(self) -> list[Select]:
        return customer_filter.selects(self.request.user, self.request.GET, environment=self.request.environment)

    def groups(self) -> list[Group]:
        return listing.CUSTOMERS

    def apart(self) -> Group:
        return listing.ARCHIVED

    def load(self, rows: QuerySet[Customer]) -> QuerySet[Customer]:
        return listing.with_accountants(listing.with_accesses(rows))

    def row(self, each: Customer) -> listing.CustomerRow:
        return listing.customer_row(each, at=self.at, working=self.is_working)


@staff_page()
def customers(request: StaffRequest) -> HttpResponse:
    """The list, and the way from picked customers to the page that asks them."""
    shown = Customers(request)
    if request.method != "POST":
        return shown.respond()
    if not request.user.may_work:
        raise PermissionDenied
    if request.POST.get(ACT) == CAMPAIGN and request.POST.get(ALL):
        return redirect(list_of(request.environment, "campaign-new", shown.saved_query))
    if request.POST.get(ACT, "") in customers_many.ACTS:
        of_picked = picked(request, shown.filtered).values("pk")
        return customers_many.respond(request, Customer.objects.filter(pk__in=of_picked))
    ids = list(picked(request, shown.filtered).values_list("pk", flat=True)[: MOST + 1])
    if len(ids) > MOST and request.POST.get(ALL):
        text = _("Spør høyst %(most)s kunder om gangen. Flere spørres som en kampanje. De du valgte, er tatt med.")
        messages.info(request, text % {"most": MOST})
        return redirect(list_of(request.environment, "campaign-new", shown.saved_query))
    return _ask(request, ids)


def _ask(request: StaffRequest, ids: list[int]) -> HttpResponse:
    """To the page that names the customers and asks them once it is confirmed."""
    if ids and len(ids) <= MOST:
        named = urlencode({"customer": ids}, doseq=True)
        page = "campaign-new" if request.POST.get(ACT) == CAMPAIGN else "access-new"
        return redirect(list_of(request.environment, page, named))
    text = _("Spør høyst %(most)s kunder om gangen. Bruk filteret til å velge færre.") % {"most": MOST}
    messages.error(request, text if ids else _("Velg minst én kunde"))
    return redirect(request.get_full_path())
