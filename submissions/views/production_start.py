"""The checklist before the first report of a service in production."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.guard import StaffRequest, staff_page
from accounts.services.actors import names_of, person
from portal.core.environments import Environment
from submissions.services import catalogue, production_start


def _service(request: StaffRequest, service: str) -> catalogue.Service:
    """404 outside production, and for a service that the catalogue does not have."""
    if request.environment != Environment.PRODUCTION:
        raise Http404
    try:
        return catalogue.service(service)
    except catalogue.UnknownService:
        raise Http404 from None


@staff_page()
def checklist(request: StaffRequest, service: str) -> HttpResponse:
    """Everybody reads it; those who may send tick it."""
    entry = _service(request, service)
    if request.method != "POST":
        return _page(request, entry)
    if not request.user.may_work:
        raise PermissionDenied("may_work")
    points = frozenset(request.POST.getlist("points"))
    try:
        production_start.tick(service=entry.id, points=points, by=request.user.actor, at=timezone.now())
    except production_start.PointsMissing as error:
        return _page(request, entry, ticked=points, missing=error.missing)
    messages.success(request, _("Sjekklisten er krysset av. Nå kan oppgaver sendes."))
    return redirect(request.path)


def _page(
    request: StaffRequest,
    entry: catalogue.Service,
    *,
    ticked: frozenset[str] = frozenset(),
    missing: frozenset[str] = frozenset(),
) -> HttpResponse:
    start = production_start.find_start(entry.id)
    context = {
        "service": entry,
        "start": start,
        "by": person(start.ticked_by, names_of([start.ticked_by])) if start else "",
        "points": production_start.Point.choices,
        "ticked": ticked,
        "missing": missing,
        "accepted": production_start.accepted_in_test(entry.id),
    }
    return render(request, "submissions/production_start.html", context, status=422 if missing else 200)


@staff_page(may="is_administrator")
@require_POST
def untick(request: StaffRequest, service: str) -> HttpResponse:
    entry = _service(request, service)
    production_start.untick(service=entry.id, by=request.user.actor, at=timezone.now())
    messages.success(request, _("Avkryssingen er trukket tilbake. Nye oppgaver kan ikke sendes."))
    return redirect("production-start", environment=request.environment, service=entry.id)
