"""Innsendinger: the list, with filters in the address, one next action on each row, and keyset paging."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse, QueryDict
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.access import StaffRequest, staff_page
from portal.htmx import page_or_fragment
from portal.paging import PLACE, paginate
from submissions.models import SubmissionQuerySet
from submissions.services import catalogue, listing
from submissions.services.next_step import next_step


@staff_page()
def submissions(request: StaffRequest) -> HttpResponse:
    text, state = request.GET.get("q", "").strip(), request.GET.get("state", "")
    matching = listing.found(user=request.user, environment=request.environment, text=text)
    rows = listing.in_group(matching, state)
    page = paginate(rows.select_related("customer").with_correction(), query=request.GET, order=("-created_at", "-pk"))
    at = timezone.now()
    for row in page:
        row.step, row.service_name = next_step(row, at=at), catalogue.name_of(row.service)
    context = {"page": page, "chips": _chips(request.GET, matching, state), "q": text, "state": state}
    return page_or_fragment(request, "submissions/list.html", "results", context=context)


def _chips(query: QueryDict, rows: SubmissionQuerySet, state: str) -> list[dict[str, Any]]:
    """All, then the groups that hold something or are chosen."""
    found = listing.counts(rows)
    chips: list[dict[str, Any]] = [
        {"label": _("Alle"), "count": None, "query": _with_state(query, ""), "is_current": not state}
    ]
    for group in listing.GROUPS:
        number = found[group.code]
        if number or group.code == state:
            more = number > listing.COUNT_TO
            chips.append(
                {
                    "label": f"{group.label} {listing.COUNT_TO}+" if more else group.label,
                    "count": None if more else number,
                    "query": _with_state(query, group.code),
                    "is_current": group.code == state,
                }
            )
    return chips


def _with_state(query: QueryDict, state: str) -> str:
    changed = query.copy()
    for name in (PLACE, "state"):
        changed.pop(name, None)
    if state:
        changed["state"] = state
    return changed.urlencode()
