"""Brev fra Skatteetaten: the list, and one letter. Opening a letter marks it as read for everybody here."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone

from accounts.guard import StaffRequest, staff_page
from portal.core.filters import chips, in_group
from portal.core.htmx import page_or_fragment
from portal.core.paging import paginate
from portal.core.search import search_text
from submissions.models import Transmission
from submissions.services.opened import note
from submissions.services.pages import letters as service


def is_by_person(request: HttpRequest) -> bool:
    """Whether a person opens the page now, and no browser fetches it in advance. HEAD shows nothing to anybody."""
    purpose = request.headers.get("Sec-Purpose", "") + request.headers.get("Purpose", "")
    return request.method == "GET" and "prefetch" not in purpose and "prerender" not in purpose


@staff_page()
def letters(request: StaffRequest) -> HttpResponse:
    text, state = search_text(request), request.GET.get("state", "")
    matching = service.find_letters(user=request.user, environment=request.environment, text=text)
    groups = service.groups()
    rows = service.loaded(in_group(matching, groups, state))
    page = paginate(rows, query=request.GET, order=service.NEWEST)
    context = {
        "page": page,
        "rows": service.rows_of_list(page),
        "chips": chips(matching, groups, query=request.GET, parameter="state", always=("unread",)),
        "q": text,
        "state": state,
        "tells_opened": note.is_on(),
    }
    return page_or_fragment(request, "submissions/letters.html", "results", context=context)


@staff_page()
def letter(request: StaffRequest, pk: int) -> HttpResponse:
    rows = Transmission.objects.visible_to(request.user, environment=request.environment).letters()
    row = get_object_or_404(rows.select_related("dialog__customer"), pk=pk)
    if is_by_person(request):
        note.letter_opened(letter=row, user=request.user, at=timezone.now())
        row.refresh_from_db(fields=["read_at", "read_by"])
    context = {"shown": service.letter_page(row), "tells_opened": note.is_on()}
    return render(request, "submissions/letter.html", context)
