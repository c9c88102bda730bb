"""Innsendinger: the list, with filters in the address, one next action on each row, and keyset paging."""

from __future__ import annotations

from django.http import HttpResponse
from django.utils import timezone

from accounts.guard import StaffRequest, staff_page
from portal.core.filters import chips, in_group
from portal.core.heartbeat import is_working
from portal.core.htmx import page_or_fragment
from portal.core.paging import paginate
from portal.core.search import search_text
from submissions.services.pages import listing


@staff_page()
def submissions(request: StaffRequest) -> HttpResponse:
    text, state = search_text(request), request.GET.get("state", "")
    matching = listing.find_submissions(user=request.user, environment=request.environment, text=text)
    at = timezone.now()
    groups = listing.groups(at)
    rows = in_group(matching, groups, state).select_related("customer").with_correction()
    page = paginate(rows, query=request.GET, order=("-created_at", "-pk"))
    working = is_working(at=at)
    shown = page.of(lambda row: listing.row_of(row, at=at, working=working))
    filter_chips = chips(matching, groups, query=request.GET, parameter="state")
    context = {"page": shown, "chips": filter_chips, "q": text, "state": state}
    return page_or_fragment(request, "submissions/list.html", "results", context=context)
