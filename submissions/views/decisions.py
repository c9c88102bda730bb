"""What only a person can decide: a delivery that was there before, a lost answer without access, two answers that disagree, the
hold after a restore.
"""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.guard import StaffRequest, staff_page
from portal.core import enqueue
from portal.core.confirm import Question, ask_first, word_in
from portal.core.search import row_id
from portal.core.states import LostRace
from submissions import tasks
from submissions.forms import FoundForm, SettleForm, TwoAnswersForm
from submissions.models import Submission
from submissions.services import corrections, restoring
from submissions.services.inbox import two_answers as answers
from submissions.services.production_start import NotTicked
from submissions.services.sending import by_person, found, hand_over
from submissions.services.sending.queue import MaybeDelivered, NotSecondPerson
from submissions.views.one import act, find, say_may_be_there, say_moved_on, sent_page


def _back(request: HttpRequest, row: Submission) -> HttpResponse:
    return redirect("submission", environment=row.environment, pk=row.pk)


def _to_checklist(request: HttpRequest, row: Submission, error: NotTicked) -> HttpResponse:
    messages.error(request, str(error))
    return redirect("production-start", environment=row.environment, service=row.service)


@act
def answer_found(request: StaffRequest, row: Submission) -> HttpResponse:
    """Skatteetaten has a delivery that none of our rows claims: send ours, take the other over, or discard ours."""
    form = FoundForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Velg hva som skal skje."))
        return _back(request, row)
    answer, shown = form.cleaned_data["answer"], form.cleaned_data["shown"]
    by, at = request.user.actor, timezone.now()
    if answer == FoundForm.SEND:
        try:
            found.send_anyway(submission=row, shown=shown, by=by, at=at)
        except NotTicked as error:
            return _to_checklist(request, row, error)
        except NotSecondPerson:
            messages.error(request, _("Du ba om godkjenning eller endret filene sist. En annen må svare."))
            return _back(request, row)
        messages.success(request, _("Innsendingen er lagt i kø. Den erstatter det som var levert."))
    elif answer == FoundForm.DISCARD:
        try:
            found.discard(submission=row, shown=shown, by=by, at=at)
        except MaybeDelivered:
            say_may_be_there(request)
            return _back(request, row)
        messages.success(request, _("Innsendingen er forkastet. Ingenting ble sendt."))
    else:
        found.take_over(submission=row, shown=shown, chosen=int(answer), by=by, at=at)
        messages.success(request, _("Leveringen er tatt over. Svaret hentes som ellers."))
    enqueue.enqueue_on_commit(tasks.send_submissions)
    return _back(request, row)


@act
def settle(request: StaffRequest, row: Submission) -> HttpResponse:
    """The answer was lost and the access is gone: the person has asked, and says whether the report arrived."""
    form = SettleForm(request.POST)
    if not form.is_valid():
        return sent_page(request, row, settle_form=form, status=422)
    arrived = form.cleaned_data["outcome"] == SettleForm.ARRIVED
    reason = form.cleaned_data["reason"]
    try:
        by_person.settle(submission=row, arrived=arrived, reason=reason, by=request.user.actor, at=timezone.now())
    except LostRace:
        row = find(request, row.pk)
        if not by_person.can_settle(row):
            raise
        form.add_error(None, _("En arbeider har innsendingen akkurat nå. Vent litt, og avgjør på nytt."))
        return sent_page(request, row, settle_form=form, status=409)
    messages.success(request, _("Innsendingen er avgjort."))
    return _back(request, row)


@act
def two_answers(request: StaffRequest, row: Submission) -> HttpResponse:
    """Skatteetaten's answers disagree: the person has asked, and says which of them stands."""
    form = TwoAnswersForm(request.POST)
    if not form.is_valid():
        return sent_page(request, row, two_answers_form=form, status=422)
    answers.settle(submission=row, **form.cleaned_data, by=request.user.actor, at=timezone.now())
    messages.success(request, _("Valget er lagret."))
    return _back(request, row)


@act
def corrected(request: StaffRequest, row: Submission) -> HttpResponse:
    """Something that was sent already corrects it, and the person says what."""
    chosen = row_id(request.POST.get("correction", ""))
    if chosen is None:
        messages.error(request, _("Velg innsendingen som retter denne."))
        return _back(request, row)
    corrections.say_corrected(submission=row, chosen=chosen, by=request.user.actor, at=timezone.now())
    messages.success(request, _("Innsendingen står ikke lenger på listen over det som skal rettes."))
    return _back(request, row)


@staff_page(may="may_configure")
def end_hold(request: StaffRequest) -> HttpResponse:
    """Send although not all dialogs have been read since the restore."""
    home = reverse("dashboard", kwargs={"environment": request.environment})
    at = timezone.now()
    progress = restoring.progress(environment=request.environment, at=at)
    if progress is None:
        return redirect(home)
    question = Question(
        title=_("Send før alt er lest på nytt?"),
        consequences=[
            _(
                "Databasen ble lagt tilbake fra en sikkerhetskopi. Dialoger som ikke er lest, kan ha leveringer vi ikke vet om."
            ),
            _("Hver innsending blir likevel sett etter hos Skatteetaten før den sendes."),
        ],
        button=_("Send nå"),
        trail=[(_("Oversikt"), home)],
        word=word_in(request.environment),
    )
    page = ask_first(request, question)
    if page:
        return page
    restoring.end_hold(environment=request.environment, by=request.user.actor, at=at)
    enqueue.enqueue_on_commit(tasks.send_submissions)
    messages.success(request, _("Sendingen er i gang igjen."))
    return redirect(home)


@staff_page(may="may_configure")
def release_access(request: StaffRequest, pk: int) -> HttpResponse:
    """Send what goes through one access although its dialogs cannot be read since the restore."""
    home = reverse("dashboard", kwargs={"environment": request.environment})
    held = restoring.find_held_accesses(environment=request.environment, user=request.user)
    access = held.filter(pk=pk).first()
    if access is None:
        return redirect(home)
    question = Question(
        title=_("Send for %(customer)s selv om dialogene ikke kan leses?") % {"customer": access.customer.name},
        consequences=[
            _("Dialogene er ikke lest siden databasen ble lagt tilbake, og kan ha leveringer vi ikke vet om."),
            _("Spør kunden eller Skatteetaten hva som er levert i tiden etter sikkerhetskopien."),
            _("Hver innsending blir likevel sett etter hos Skatteetaten før den sendes."),
        ],
        button=_("Send for denne tilgangen"),
        trail=[(_("Oversikt"), home)],
        word=word_in(request.environment),
    )
    page = ask_first(request, question)
    if page:
        return page
    restoring.release(access=access, by=request.user.actor, at=timezone.now())
    enqueue.enqueue_on_commit(tasks.send_submissions)
    messages.success(request, _("Innsendingene gjennom tilgangen sendes igjen."))
    return redirect(home)


@act
def look(request: StaffRequest, row: Submission) -> HttpResponse:
    """Somebody has confirmed in Altinn, or says so."""
    if hand_over.look_now(submission=row, by=request.user.actor, at=timezone.now()):
        enqueue.enqueue_on_commit(tasks.send_submissions)
        messages.success(request, _("Vi ser etter i Altinn nå. Last siden på nytt om litt."))
    else:
        say_moved_on(request)
    return _back(request, row)
