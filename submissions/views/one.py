"""One submission: the page of a draft or of a sent submission, and its actions: files, send, discard, cancel, correct."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.guard import StaffRequest, staff_page
from accounts.services.business_register import warnings_of
from portal.core import enqueue
from portal.core.bodies import takes_files
from portal.core.heartbeat import is_working, is_working_for
from portal.core.htmx import page_or_fragment
from portal.core.states import IllegalTransition, LostRace
from portal.core.undo import say_with_undo
from portal.explain import explain
from submissions import tasks
from submissions.forms import FilesForm, SettleForm, TwoAnswersForm
from submissions.models import Submission
from submissions.services import catalogue
from submissions.services.documents import DocumentDamaged
from submissions.services.drafting import drafts, earlier, removing, taking_back, undoing
from submissions.services.inbox.two_answers import token
from submissions.services.pages.page import draft_context, sent_context
from submissions.services.sending import again, queue
from submissions.services.sending.approvals import MayNotApprove

Act = Callable[..., HttpResponse]


def find(request: StaffRequest, pk: int) -> Submission:
    rows = Submission.objects.visible_to(request.user).filter(environment=request.environment).with_correction()
    return get_object_or_404(
        rows.defer(None).select_related(
            "customer", "access__profile__system__client", "access__customer", "corrects", "answers"
        ),
        pk=pk,
    )


@staff_page()
def submission(request: StaffRequest, pk: int) -> HttpResponse:
    row = find(request, pk)
    return draft_page(request, row) if row.status in drafts.OPEN else sent_page(request, row)


def sent_page(
    request: StaffRequest,
    row: Submission,
    *,
    settle_form: SettleForm | None = None,
    two_answers_form: TwoAnswersForm | None = None,
    status: int = 200,
) -> HttpResponse:
    """A submission that was queued or sent. The forms have what a person wrote and must mend."""
    at = timezone.now()
    context = sent_context(row, user=request.user, at=at, working=is_working_for(request, at=at))
    context["settle_form"] = (settle_form or SettleForm()) if context["may_settle"] else None
    asks = context["two_answers"] and request.user.may_work
    choice = two_answers_form or TwoAnswersForm(initial={"shown": token(row)})
    context["two_answers_form"] = choice if asks else None
    return page_or_fragment(request, "submissions/one.html", "status", context=context, status=status)


def draft_page(
    request: StaffRequest,
    row: Submission,
    *,
    form: FilesForm | None = None,
    unanswered: frozenset[str] = frozenset(),
    confirmed: frozenset[str] = frozenset(),
    status: int = 200,
) -> HttpResponse:
    """The draft, with its files, what the check found, and refused files. `confirmed` are the questions answered already."""
    form = form or FilesForm(service=catalogue.service(row.service))
    at = timezone.now()
    working = is_working_for(request, at=at)
    context = draft_context(row, user=request.user, at=at, query=request.GET, working=working)
    context |= {"form": form, "unanswered": unanswered, "confirmed": confirmed}
    context["register_warnings"] = warnings_of(row.customer)
    return render(request, "submissions/draft.html", context, status=status)


def act(view: Act) -> Callable[..., HttpResponse]:
    """A POST that changes one submission. When the state has changed, it redirects to the page with a warning."""

    @staff_page(may="may_work")
    @require_POST
    @wraps(view)
    def guarded(request: StaffRequest, pk: int, **kwargs: Any) -> HttpResponse:
        row = find(request, pk)
        try:
            return view(request, row, **kwargs)
        except (drafts.NotOpen, LostRace, IllegalTransition, MayNotApprove):
            say_moved_on(request)
            return _back(request, row)

    return guarded


def say_moved_on(request: StaffRequest) -> None:
    messages.warning(request, _("Innsendingen har gått videre i mellomtiden. Her er den slik den er nå."))


def say_may_be_there(request: StaffRequest) -> None:
    messages.error(request, _("Innsendingen kan ikke avbrytes: svaret ble borte, og Skatteetaten kan ha den."))


def _back(request: StaffRequest, row: Submission) -> HttpResponse:
    return redirect("submission", environment=request.environment, pk=row.pk)


@act
@takes_files
def add_files(request: StaffRequest, row: Submission) -> HttpResponse:
    form = FilesForm(request.POST, request.FILES, service=catalogue.service(row.service))
    if not form.is_valid():
        return draft_page(request, row, form=form, status=422)
    try:
        drafts.add_files(submission=row, files=form.cleaned_data["uploads"], by=request.user.actor, at=timezone.now())
    except drafts.NotStored as error:
        say_not_stored(request, error)
    return _back(request, row)


def say_not_stored(request: StaffRequest, error: drafts.NotStored) -> None:
    explanation = explain(error.code)
    messages.error(
        request, _("Ingen av filene ble lagret: %(why)s. %(how)s") % {"why": explanation.title, "how": explanation.how}
    )


@act
def hide_refused(request: StaffRequest, row: Submission) -> HttpResponse:
    """A person has read which files were not taken in."""
    drafts.hide_refused(submission=row)
    return _back(request, row)


@act
def remove_file(request: StaffRequest, row: Submission, document: int) -> HttpResponse:
    """Take a file out, without a question, as it can be put back."""
    target = row.documents.filter(pk=document).first()
    if target is None and not removing.is_removed(submission=row, document_id=document):
        raise Http404
    if target and removing.remove(submission=row, document=target, by=request.user.actor, at=timezone.now()):
        values = {"environment": request.environment, "pk": row.pk, "document": document}
        say_with_undo(request, _("Filen er tatt ut."), address=reverse("submission-file-put-back", kwargs=values))
    else:
        messages.info(request, _("Filen var tatt ut fra før."))
    return _back(request, row)


@act
def put_back_file(request: StaffRequest, row: Submission, document: int) -> HttpResponse:
    try:
        removing.put_back(submission=row, document_id=document, by=request.user.actor, at=timezone.now())
    except removing.TooLate:
        messages.warning(request, _("Filen kan ikke legges tilbake lenger. Last den opp på nytt."))
    except removing.Replaced as error:
        text = _("%(file)s har plassen i kladden nå. Ta den ut først, eller behold den.")
        messages.warning(request, text % {"file": error.filename})
    else:
        messages.success(request, _("Filen er lagt tilbake."))
    return _back(request, row)


@act
def fetch_earlier(request: StaffRequest, row: Submission) -> HttpResponse:
    """Order the report of the year before; a worker fetches it."""
    try:
        earlier.order(submission=row, by=request.user.actor, at=timezone.now())
    except drafts.NotAllowed as error:
        messages.error(request, str(error))
    else:
        enqueue.enqueue_on_commit(tasks.fetch_earlier)
    return _back(request, row)


@act
def send(request: StaffRequest, row: Submission) -> HttpResponse:
    """Queue the submission and enqueue the task. Without a broker the sweep sends it later."""
    confirmed = frozenset(request.POST.getlist("confirm"))
    shown = request.POST.get("shown", "")
    try:
        queue.queue(submission=row, by=request.user.actor, at=timezone.now(), confirmed=confirmed, shown=shown)
    except queue.HasChanged:
        messages.warning(request, _("Noe er endret siden du leste siden. Se over på nytt før du sender."))
        return _back(request, row)
    except queue.NeedsApproval:
        messages.warning(request, _("En annen må godkjenne før dette sendes. Be om godkjenning."))
        return _back(request, row)
    except queue.NotReady as error:
        open_questions = frozenset(code for code, _text in error.preflight.questions)
        return draft_page(request, row, unanswered=open_questions, confirmed=confirmed, status=422)
    enqueue.enqueue_on_commit(tasks.send_submissions)
    if not is_working(at=timezone.now()):
        messages.warning(request, _("Innsendingen er lagret. Den sendes når portalen arbeider igjen."))
    return _back(request, row)


@act
def discard(request: StaffRequest, row: Submission) -> HttpResponse:
    """Discard a draft, without a question, as it can be taken back. What was queued in the meantime stays queued."""
    if row.status not in drafts.OPEN:
        raise drafts.NotOpen(row, row.status)
    queue.cancel(submission=row, by=request.user.actor, at=timezone.now())
    address = reverse("submission-restore", kwargs={"environment": request.environment, "pk": row.pk})
    say_with_undo(request, _("Kladden er forkastet. Filene ligger her fortsatt."), address=address)
    return _back(request, row)


@act
def cancel(request: StaffRequest, row: Submission) -> HttpResponse:
    """Stop what was queued."""
    if row.status in drafts.OPEN:
        raise drafts.NotOpen(row, row.status)
    try:
        queue.cancel(submission=row, by=request.user.actor, at=timezone.now())
    except queue.MaybeDelivered:
        say_may_be_there(request)
    else:
        messages.success(request, _("Innsendingen er avbrutt. Ingenting ble levert."))
    return _back(request, row)


@act
def restore(request: StaffRequest, row: Submission) -> HttpResponse:
    """Take a discarded draft back."""
    try:
        undoing.restore(submission=row, by=request.user.actor, at=timezone.now())
    except drafts.NotOpen:
        messages.warning(request, _("Kladden kan ikke hentes tilbake lenger. Lag en ny, med filene herfra."))
        return _back(request, row)
    except drafts.OpenDraft as error:
        messages.warning(request, _("Det er laget en ny kladd i mellomtiden. Her er den."))
        return _back(request, error.draft)
    messages.success(request, _("Kladden er hentet tilbake, med alle filene."))
    return _back(request, row)


@act
def correct(request: StaffRequest, row: Submission) -> HttpResponse:
    """A new draft with copies of the same files, to be corrected; the open one when there is one."""
    was_there = row.corrections.filter(status__in=drafts.OPEN).exists()
    try:
        draft = drafts.copy_for_correction(submission=row, by=request.user.actor, at=timezone.now())
    except drafts.NotAllowed as error:
        messages.error(request, str(error))
        return _back(request, row)
    if was_there:
        messages.info(request, _("Det er en åpen retting fra før. Her er den, med filene som ligger i den."))
    else:
        messages.success(request, _("Filene er kopiert til en ny kladd. En ny fil med samme navn erstatter den gamle."))
    return _back(request, draft)


@act
def take_back(request: StaffRequest, row: Submission) -> HttpResponse:
    """A draft that deletes what was delivered."""
    try:
        draft = taking_back.take_back(submission=row, by=request.user.actor, at=timezone.now())
    except drafts.NotAllowed as error:
        messages.error(request, str(error))
        return _back(request, row)
    except taking_back.OpenCorrection as error:
        messages.warning(request, _("Det er en åpen retting fra før. Send eller forkast den, og ta tilbake etterpå."))
        return _back(request, error.draft)
    except taking_back.NothingToDelete:
        messages.error(request, _("Innsendingen har ingen oppgaver som kan slettes."))
        return _back(request, row)
    except DocumentDamaged as error:
        messages.error(request, explain(error.code).title)
        return _back(request, row)
    except drafts.NotStored as error:
        say_not_stored(request, error)
        return _back(request, row)
    messages.success(request, _("Kladden sletter det som ble levert. Se over og send."))
    return _back(request, draft)


@act
def try_again(request: StaffRequest, row: Submission) -> HttpResponse:
    """The same files in a new submission, when nothing of the failed one can have arrived."""
    try:
        made = again.try_again(submission=row, by=request.user.actor, at=timezone.now())
    except drafts.NotAllowed as error:
        messages.error(request, str(error))
        return _back(request, row)
    if made.status == Submission.Status.QUEUED:
        enqueue.enqueue_on_commit(tasks.send_submissions)
        messages.success(request, _("De samme filene er lagt i kø i en ny innsending."))
    elif made.status in drafts.OPEN:
        messages.info(request, _("Filene er kopiert til en ny kladd. Se over og send."))
    return _back(request, made)
