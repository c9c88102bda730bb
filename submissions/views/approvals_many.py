"""Approval of many reports at once by a second person, such as those of a heap."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.guard import StaffRequest, staff_page
from portal.core import enqueue
from portal.core.confirm import word_in
from portal.core.forms import ConfirmForm
from portal.core.search import row_id
from portal.core.states import IllegalTransition, LostRace
from submissions import tasks
from submissions.models import Submission
from submissions.services.pages.approving import MOST, to_approve
from submissions.services.sending import approvals, queue


@staff_page(may="may_work")
def approve_many(request: StaffRequest) -> HttpResponse:
    """What waits for the person, with the numbers of each; those that are ticked are queued."""
    word = word_in(request.environment)
    form = ConfirmForm(request.POST if request.method == "POST" else None, word=word)
    picked = sorted({pk for given in request.POST.getlist("pick") if (pk := row_id(given)) is not None})[:MOST]
    if request.method == "POST" and form.is_valid():
        _approve(request, picked)
        return redirect("approvals", environment=request.environment)
    rows = to_approve(user=request.user, environment=request.environment, at=timezone.now())
    context = {"rows": rows, "most": MOST, "form": form, "word": word, "picked": picked}
    return render(request, "submissions/approvals.html", context, status=422 if form.errors else 200)


def _approve(request: StaffRequest, picked: list[int]) -> None:
    rows = Submission.objects.visible_to(request.user).filter(environment=request.environment, pk__in=picked)
    done = sum(_approve_one(request, row) for row in rows.select_related("customer", "access").order_by("pk"))
    if not picked:
        messages.error(request, _("Velg minst én innsending."))
    if done:
        enqueue.enqueue_on_commit(tasks.send_submissions)
        text = ngettext(
            "%(n)s innsending er godkjent og lagt i kø.", "%(n)s innsendinger er godkjent og lagt i kø.", done
        )
        messages.success(request, text % {"n": done})
    if left := len(picked) - done:
        text = ngettext(
            "%(n)s innsending ble ikke godkjent: noe er endret siden du leste siden.",
            "%(n)s innsendinger ble ikke godkjent: noe er endret siden du leste siden.",
            left,
        )
        messages.warning(request, text % {"n": left})


def _approve_one(request: StaffRequest, row: Submission) -> bool:
    shown = request.POST.get(f"shown-{row.pk}", "")
    try:
        approvals.approve(submission=row, user=request.user, at=timezone.now(), shown=shown)
    except (
        approvals.MayNotApprove,
        queue.NeedsApproval,
        queue.HasChanged,
        queue.NotReady,
        LostRace,
        IllegalTransition,
    ):
        return False
    return True
