"""Fristkalenderen: the rule of each service with its source, and dates that an administrator sets for one period."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.guard import StaffRequest, staff_page
from submissions.due_forms import DeadlineDateForm
from submissions.models import DeadlineDate
from submissions.services import catalogue
from submissions.services.due import calendar
from submissions.services.pages import due_calendar


@staff_page()
@require_safe
def due_calendar_page(request: StaffRequest) -> HttpResponse:
    settings, today = catalogue.local(request.environment), timezone.localdate()
    context = {"rows": due_calendar.rules(settings, today=today), "own": due_calendar.own_dates(request.environment)}
    return render(request, "submissions/due_calendar.html", context)


@staff_page(may="is_administrator")
@require_http_methods(["GET", "HEAD", "POST"])
def date_set(request: StaffRequest, service: str) -> HttpResponse:
    """Set the last day of one service and period."""
    entry = next(
        (one for one in calendar.with_periods(catalogue.local(request.environment)) if one.id == service), None
    )
    if entry is None:
        raise Http404
    form = DeadlineDateForm(request.POST or None, service=entry, today=timezone.localdate())
    if request.method == "POST" and form.is_valid():
        row = form.row(environment=request.environment)
        calendar.set_date(row=row, by=request.user.actor, at=timezone.now())
        messages.success(request, _("Fristen er lagret."))
        return redirect("due-calendar", environment=request.environment)
    context = {"service": entry, "form": form}
    return render(request, "submissions/due_date.html", context, status=422 if form.errors else 200)


@staff_page(may="is_administrator")
@require_POST
def date_removed(request: StaffRequest, pk: int) -> HttpResponse:
    """The rule holds again."""
    row = get_object_or_404(DeadlineDate.objects.filter(environment=request.environment), pk=pk)
    calendar.remove_date(row=row, by=request.user.actor, at=timezone.now())
    messages.success(request, _("Fristen følger regelen igjen."))
    return redirect("due-calendar", environment=request.environment)
