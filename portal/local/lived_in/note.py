"""The note on the overview while the demonstration is built. It asks for itself and reloads the page at the end."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.functional import SimpleLazyObject
from django.views.decorators.http import require_safe

from accounts.guard import StaffRequest, staff_page
from portal.local.lived_in import progress
from portal.local.lived_in.progress import Phase, Progress


def context(request: HttpRequest) -> dict[str, Any]:
    """For every template; the file is read where the note is shown."""
    return {"demonstration": SimpleLazyObject(_unfinished)}


def _unfinished() -> Progress | str:
    found = progress.read()
    return "" if found is None or found.phase == Phase.DONE else found


@staff_page()
@require_safe
def note(request: StaffRequest) -> HttpResponse:
    """The note alone; when all is there, the page is loaded again without it."""
    found = _unfinished()
    page = render(request, "portal/local_demonstration.html", {"demonstration": found})
    if not found:
        page["HX-Refresh"] = "true"
    return page
