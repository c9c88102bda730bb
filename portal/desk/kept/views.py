"""Sikkerhetskopi og sletting: for administrators. And what is held about one customer: to fetch, and to delete."""

from __future__ import annotations

from typing import cast

from django.conf import settings
from django.contrib import messages
from django.http import FileResponse, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.guard import StaffRequest, staff_page
from accounts.models import Customer
from accounts.views import find
from portal.core.backup.row import Backup, find_newest, is_overdue
from portal.core.confirm import Question, ask_first, word_in
from portal.core.retention import work
from portal.core.retention.run import PurgeRun
from portal.desk.kept import export, held, shown

BACKUPS = 5


@staff_page(may="keeps_data")
@require_safe
def kept(request: StaffRequest) -> HttpResponse:
    at, newest = timezone.now(), find_newest()
    context = {
        "newest": newest,
        "overdue": is_overdue(newest, at=at),
        "within": settings.BACKUP_WITHIN_HOURS,
        "backups": Backup.objects.order_by("-began_at")[:BACKUPS],
        "runs": shown.open_runs(at=at),
        "rules": shown.rules(),
        "at": at,
    }
    return render(request, "desk/kept.html", context)


@staff_page(may="keeps_data")
@require_POST
def postpone(request: StaffRequest, pk: int) -> HttpResponse:
    run = get_object_or_404(PurgeRun, pk=pk)
    if work.postpone(run, by=request.user.actor, at=timezone.now()):
        messages.success(request, _("Slettingen er utsatt en måned."))
    else:
        messages.warning(request, _("Slettingen er i gang, så den kan ikke utsettes."))
    return redirect("kept", environment=request.environment)


@staff_page(may="is_administrator")
@require_safe
def held_about(request: StaffRequest, pk: int) -> HttpResponse:
    customer = find(request, pk)
    context = {
        "customer": customer,
        "goes": held.goes(customer) if customer.archived_at else [],
        "stays": held.stays(customer),
        "is_under_way": held.is_under_way(customer),
        "bytes": export.size_of(customer),
        "is_too_large": export.size_of(customer) > export.LARGEST,
    }
    return render(request, "desk/held.html", context)


@staff_page(may="is_administrator")
@require_POST
def held_export(request: StaffRequest, pk: int) -> HttpResponse:
    customer = find(request, pk)
    if export.size_of(customer) > export.LARGEST:
        messages.error(request, _("Filene er for store til å lastes ned herfra."))
        return _to(request, customer)
    package = export.export(customer=customer, by=request.user.actor, at=timezone.now())
    response = FileResponse(package, as_attachment=True, filename=f"alt-om-{customer.orgnr}.zip")
    response["Cache-Control"] = "private, no-store"
    return cast("HttpResponse", response)


@staff_page(may="is_administrator")
def erase(request: StaffRequest, pk: int) -> HttpResponse:
    customer = find(request, pk)
    if customer.archived_at is None:
        messages.warning(request, _("Kunden må være arkivert før opplysninger kan slettes."))
        return _to(request, customer)
    page = ask_first(request, _question(request, customer))
    if page is not None:
        return page
    try:
        number = held.erase(customer=customer, by=request.user.actor, at=timezone.now())
    except held.NotArchived:
        messages.warning(request, _("Kundeforholdet er gjenopptatt, så ingenting slettes."))
    else:
        messages.success(request, _("Opplysningene slettes nå.") if number else _("Det er ikke noe å slette."))
    return _to(request, customer)


def _question(request: StaffRequest, customer: Customer) -> Question:
    rows = held.goes(customer)
    where = {"environment": request.environment}
    return Question(
        title=_("Slett opplysninger om kunden"),
        consequences=[
            _("Dette kan ikke angres. Last ned alt først hvis kunden skal ha det."),
            _("Noe blir stående, blant annet det loven krever oppbevart. Siden før denne sier hva, og hvorfor."),
        ],
        affected_title=_("Dette slettes:"),
        affected=[f"{row.title} ({row.number}). {row.what}" for row in rows],
        button=_("Slett"),
        trail=[
            (_("Kunder"), reverse("customers", kwargs=where)),
            (customer.name, reverse("customer", kwargs={**where, "pk": customer.pk})),
            (_("Lagret om kunden"), reverse("held", kwargs={**where, "pk": customer.pk})),
        ],
        word=word_in(request.environment),
    )


def _to(request: StaffRequest, customer: Customer) -> HttpResponse:
    return redirect("held", environment=request.environment, pk=customer.pk)
