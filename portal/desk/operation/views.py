"""Drift: what administrators see of the work in the background, and the one act on it."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.guard import StaffRequest, staff_page
from portal.core.htmx import page_or_fragment
from portal.core.release import release as release_row
from portal.core.states import LostRace
from portal.desk.operation.picture import picture
from portal.desk.operation.verdict import troubles
from portal.desk.operation.waiting import find_left


@staff_page(may="operates")
@require_safe
def operation(request: StaffRequest) -> HttpResponse:
    shown = picture(environment=request.environment, at=timezone.now())
    context = {"picture": shown, "troubles": troubles(shown)}
    return page_or_fragment(request, "desk/operation.html", "operation", context=context)


@staff_page(may="operates")
@require_POST
def release(request: StaffRequest, kind: str, pk: int) -> HttpResponse:
    """Give one row back from a worker that gives no sign. One that has shown a sign meanwhile is left alone."""
    at = timezone.now()
    row = find_left(kind=kind, pk=pk, at=at)
    try:
        if row is None or str(row.attempts) != request.POST.get("attempt"):
            raise LostRace(f"{kind} {pk}")
        release_row(row, by=request.user.actor, at=at)
        messages.success(request, _("Oppgaven er frigitt, og tas på nytt nå."))
    except LostRace:
        messages.info(request, _("Oppgaven hang ikke lenger, så ingenting ble gjort."))
    return redirect("operation", environment=request.environment)
