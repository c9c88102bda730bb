"""Kunder: the list of customers."""

from __future__ import annotations

from datetime import datetime

from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.guard import StaffRequest, staff_page
from accounts.models import Customer
from portal.core.filters import chips, in_group
from portal.core.heartbeat import is_working
from portal.core.htmx import page_or_fragment
from portal.core.paging import paginate
from systemusers.services import listing
from systemusers.services.next_step import NextStep, next_step


@staff_page()
def customers(request: StaffRequest) -> HttpResponse:
    text, group = request.GET.get("q", "").strip(), request.GET.get("group", "")
    matching = listing.find_customers(user=request.user, environment=request.environment, text=text)
    rows = in_group(matching, listing.CUSTOMERS, group)
    page = paginate(listing.with_accesses(rows), query=request.GET, order=("sort_name", "pk"))
    at = timezone.now()
    working = is_working(at=at)
    for row in page:
        row.step = _step(row, at, working)
    context = {
        "page": page, "q": text, "group": group,
        "chips": chips(matching, listing.CUSTOMERS, query=request.GET, parameter="group"),
    }  # fmt: skip
    return page_or_fragment(request, "desk/customers.html", "results", context=context)


def _step(customer: Customer, at: datetime, working: bool) -> NextStep:
    """The step of the access that needs a person first; without accesses, asking."""
    accesses = customer.access_rows  # type: ignore[attr-defined] # by listing.with_accesses
    if not accesses:
        return NextStep(_("Be om tilgang"), _("Dere"))
    steps = [next_step(access, at=at, working=working) for access in accesses]
    return next((step for step in steps if step.who), steps[0])
