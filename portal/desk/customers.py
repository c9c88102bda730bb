"""Kunder: the list of customers."""

from __future__ import annotations

from django.http import HttpResponse
from django.utils import timezone

from accounts.guard import StaffRequest, staff_page
from portal.core.filters import chips, in_group
from portal.core.heartbeat import is_working
from portal.core.htmx import page_or_fragment
from portal.core.paging import paginate
from portal.core.search import search_text
from systemusers.services import listing


@staff_page()
def customers(request: StaffRequest) -> HttpResponse:
    text, group = search_text(request), request.GET.get("group", "")
    matching = listing.find_customers(user=request.user, environment=request.environment, text=text)
    rows = in_group(matching, listing.CUSTOMERS, group)
    page = paginate(listing.with_accountants(listing.with_accesses(rows)), query=request.GET, order=("sort_name", "pk"))
    at = timezone.now()
    working = is_working(at=at)
    context = {
        "page": page.of(lambda row: listing.customer_row(row, at=at, working=working)), "q": text, "group": group,
        "chips": chips(matching, listing.CUSTOMERS, query=request.GET, parameter="group"),
    }  # fmt: skip
    return page_or_fragment(request, "desk/customers.html", "results", context=context)
