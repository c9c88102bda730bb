"""Dialoger: our copies of what lies in the customers' Altinn inboxes. Reading here never marks anything as seen there."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.access import StaffRequest, staff_page
from portal.htmx import page_or_fragment
from portal.paging import PLACE, paginate
from submissions.models import Dialog, DialogQuerySet
from submissions.services import dialogs as service


@staff_page()
def dialogs(request: StaffRequest) -> HttpResponse:
    text, state, at = request.GET.get("q", "").strip(), request.GET.get("state", ""), timezone.now()
    matching = service.found(user=request.user, environment=request.environment, text=text)
    rows = service.in_group(matching, state, at=at).select_related("customer").with_answer()
    page = paginate(rows, query=request.GET, order=("-content_updated_at", "-pk"))
    for row in page:
        row.badge, row.owner, row.step = service.badge(row), service.owner(row), service.next_step(row, at=at)
    context = {"page": page, "chips": _chips(request.GET, matching, state), "q": text, "state": state}
    return page_or_fragment(request, "submissions/dialogs.html", "results", context=context)


def _chips(query: QueryDict, rows: DialogQuerySet, state: str) -> list[dict[str, Any]]:
    """All, then the groups that hold something or are chosen."""
    chips: list[dict[str, Any]] = [_chip(query, _("Alle"), "", None, state)]
    for group in service.GROUPS:
        number = service.count(service.in_group(rows, group.code, at=timezone.now()))
        if number or group.code == state:
            chips.append(_chip(query, group.label, group.code, number, state))
    return chips


def _chip(query: QueryDict, label: Any, code: str, number: int | None, state: str) -> dict[str, Any]:
    changed = query.copy()
    for name in (PLACE, "state"):
        changed.pop(name, None)
    if code:
        changed["state"] = code
    if number and number > service.COUNT_TO:
        label, number = f"{label} {service.COUNT_TO}+", None
    return {"label": label, "count": number, "query": changed.urlencode(), "is_current": state == code}


@staff_page()
def dialog(request: StaffRequest, pk: int) -> HttpResponse:
    rows = Dialog.objects.visible_to(request.user).filter(environment=request.environment).with_answer()
    row = get_object_or_404(rows.select_related("customer"), pk=pk)
    at = timezone.now()
    context = {
        "dialog": row,
        "badge_of": service.badge(row),
        "owner": service.owner(row),
        "step": service.next_step(row, at=at),
        "is_overdue": bool(row.due_at and row.due_at < at and row.status != "Completed"),
        "transmissions": service.transmissions(row),
        "events": service.activities(row),
    }
    return render(request, "submissions/dialog.html", context)
