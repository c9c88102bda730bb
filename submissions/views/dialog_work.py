"""Our own work with one dialog: who answers it, done and not done, and the way to the customer's inbox in Altinn."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.guard import StaffRequest, staff_page
from portal.core.search import row_id
from submissions.models import Dialog, DialogQuerySet
from submissions.services import labels
from submissions.services.casework import acts
from submissions.services.pages.dialog_work import who_may_answer
from submissions.views.dialogs import visible


def _one(request: StaffRequest, pk: int) -> tuple[Dialog, DialogQuerySet]:
    """The dialog, and the same as rows for a service."""
    row = get_object_or_404(visible(request).select_related("customer"), pk=pk)
    return row, Dialog.objects.filter(pk=row.pk)


def _back(row: Dialog) -> HttpResponse:
    return redirect("dialog", environment=row.environment, pk=row.pk)


@staff_page(may="may_work")
@require_POST
def assign(request: StaffRequest, pk: int) -> HttpResponse:
    """`person` is the key of an employee who sees the customer, "" for whoever follows up the customer."""
    row, rows = _one(request, pk)
    asked = request.POST.get("person", "")
    to = next((each for each in who_may_answer(row) if each.pk == row_id(asked)), None)
    if asked and to is None:
        messages.error(request, _("Velg en som ser kunden."))
        return _back(row)
    acts.assign(dialogs=rows, to=to, by=request.user.actor, at=timezone.now())
    text = _("%(name)s er ansvarlig for dialogen.") % {"name": to}
    messages.success(request, text if to else _("Dialogen følger den som er ansvarlig for kunden."))
    return _back(row)


@staff_page(may="may_work")
@require_POST
def done(request: StaffRequest, pk: int) -> HttpResponse:
    """`seen`: the newest content that the page showed."""
    row, rows = _one(request, pk)
    try:
        seen = parse_datetime(request.POST.get("seen", ""))
    except ValueError:
        seen = None
    try:
        acts.be_done(dialogs=rows, by=request.user.actor, at=timezone.now(), seen=seen or row.created_at)
    except acts.Changed:
        messages.warning(request, _("Det har kommet noe nytt siden du åpnet dialogen. Les det først."))
    else:
        messages.success(request, _("Dialogen er merket som ferdig."))
    return _back(row)


@staff_page(may="may_work")
@require_POST
def undo(request: StaffRequest, pk: int) -> HttpResponse:
    row, rows = _one(request, pk)
    acts.undo(dialogs=rows, by=request.user.actor, at=timezone.now())
    messages.success(request, _("Dialogen er ikke lenger merket som ferdig."))
    return _back(row)


@staff_page(may="may_work")
@require_POST
def open_in_altinn(request: StaffRequest, pk: int) -> HttpResponse:
    """To the customer's inbox, where the person logs in as themselves. The portal asks Altinn nothing."""
    row, _rows = _one(request, pk)
    return redirect(acts.open_in_altinn(dialog=row, by=request.user.actor, at=timezone.now()))


@staff_page(may="may_work")
@require_POST
def archive_in_altinn(request: StaffRequest, pk: int) -> HttpResponse:
    """In the customer's own inbox; with `out` back from the archive."""
    row, _rows = _one(request, pk)
    is_archived = "out" not in request.POST
    try:
        labels.order(dialog=row, is_archived=is_archived, by=request.user.actor, at=timezone.now())
    except labels.NotPossible:
        messages.error(request, _("Dialogen kan ikke arkiveres herfra nå."))
    else:
        done, undone = _("Dialogen arkiveres i kundens innboks."), _("Dialogen hentes tilbake fra arkivet.")
        messages.success(request, done if is_archived else undone)
    return _back(row)
