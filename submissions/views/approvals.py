"""Approval by a second person: ask, approve, refuse with a reason, withdraw."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.guard import StaffRequest
from portal.core import enqueue
from portal.core.heartbeat import is_working
from submissions import tasks
from submissions.models import Submission
from submissions.services.sending import approvals, queue
from submissions.views.one import act, draft_page


def _back(request: StaffRequest, row: Submission) -> HttpResponse:
    return redirect("submission", environment=row.environment, pk=row.pk)


def _say_changed(request: StaffRequest) -> None:
    messages.warning(request, _("Noe er endret siden det ble vist. Se over på nytt, og be om godkjenning igjen."))


def _say_not_you(request: StaffRequest) -> None:
    messages.error(request, _("Du ba om godkjenning eller endret filene sist. En annen må svare."))


@act
def ask(request: StaffRequest, row: Submission) -> HttpResponse:
    """Ask a second person for approval of what the page showed."""
    confirmed, shown = frozenset(request.POST.getlist("confirm")), request.POST.get("shown", "")
    try:
        approvals.ask(submission=row, by=request.user.actor, at=timezone.now(), confirmed=confirmed, shown=shown)
    except queue.HasChanged:
        messages.warning(request, _("Noe er endret siden du leste siden. Se over på nytt før du sender."))
    except queue.NotReady as error:
        unanswered = frozenset(code for code, _text in error.preflight.questions)
        return draft_page(request, row, unanswered=unanswered, confirmed=confirmed, status=422)
    except approvals.NotNeeded:
        messages.info(request, _("Tjenesten krever ikke lenger godkjenning. Du kan sende selv."))
    else:
        messages.success(request, _("En annen er bedt om å godkjenne. Endrer noen filene, må du be på nytt."))
    return _back(request, row)


@act
def approve(request: StaffRequest, row: Submission) -> HttpResponse:
    """Queue it. The page that the second person saw must show what the first one asked about."""
    shown = request.POST.get("shown", "")
    try:
        approvals.approve(submission=row, user=request.user, at=timezone.now(), shown=shown)
    except queue.NotSecondPerson:
        _say_not_you(request)
    except (queue.HasChanged, queue.NeedsApproval):
        _say_changed(request)
    except queue.NotReady:
        return draft_page(request, row, status=422)
    else:
        enqueue.enqueue_on_commit(tasks.send_submissions)
        messages.success(request, _("Godkjent. Innsendingen er lagt i kø."))
        if not is_working(at=timezone.now()):
            messages.warning(request, _("Innsendingen er lagret. Den sendes når portalen arbeider igjen."))
    return _back(request, row)


@act
def refuse(request: StaffRequest, row: Submission) -> HttpResponse:
    reason = request.POST.get("reason", "")
    try:
        approvals.refuse(submission=row, user=request.user, reason=reason, at=timezone.now())
    except approvals.NoReason:
        messages.error(request, _("Skriv hvorfor den ikke skal sendes."))
    except queue.NotSecondPerson:
        _say_not_you(request)
    else:
        messages.success(request, _("Innsendingen er ikke godkjent. Grunnen står på kladden."))
    return _back(request, row)


@act
def withdraw(request: StaffRequest, row: Submission) -> HttpResponse:
    approvals.withdraw(submission=row, user=request.user, at=timezone.now())
    messages.success(request, _("Spørsmålet om godkjenning er trukket."))
    return _back(request, row)
