"""Whether Skatteetaten is told when somebody here opens an answer, and whether dialogs are archived in Altinn. For administrators."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.forms import TellsOpenedForm
from accounts.guard import StaffRequest, staff_page
from accounts.models import Vendor
from accounts.services.vendor import save_outside
from portal.core.stale import EditedMeanwhile
from submissions.services.opened.shown import figures


@staff_page(may="keeps_mails")
def tells_opened(request: StaffRequest) -> HttpResponse:
    vendor = Vendor.objects.first()
    if vendor is None:
        messages.warning(request, _("Fyll ut hvem dere er først."))
        return redirect("vendor", environment=request.environment)
    form = TellsOpenedForm(request.POST or None, instance=vendor)
    if request.method == "POST" and form.is_valid() and _save(request, form):
        messages.success(request, _("Lagret."))
        return redirect("tells-opened", environment=request.environment)
    context = {"form": form, "figures": figures(environment=request.environment, at=timezone.now())}
    return render(request, "submissions/tells_opened.html", context, status=422 if form.errors else 200)


def _save(request: StaffRequest, form: TellsOpenedForm) -> bool:
    wanted = {name: bool(form.cleaned_data[name]) for name in form.columns}
    try:
        save_outside(**wanted, seen=form.seen, by=request.user.actor, at=timezone.now())
    except EditedMeanwhile as error:
        form.show_edited(error)
        return False
    return True
