"""Many picked dialogs: seen by me, given to somebody, done, or not done after all."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import ngettext

from accounts.guard import StaffRequest
from accounts.models import User
from accounts.services.customer_filter import workers
from portal.core.confirm import Question
from portal.core.forms import CleanText
from portal.core.selection import ACT, ALL, NUMBER, PICK, Act, confirm_many, picked
from submissions.models import Dialog, DialogQuerySet
from submissions.services.casework import acts
from submissions.services.casework.unread import mark_seen

ASSIGN, READ, DONE, UNDO = "assign", "read", "done", "undo"
ACTS = (
    Act(ASSIGN, lazy("Sett ansvarlig")),
    Act(READ, lazy("Merk som lest av meg")),
    Act(DONE, lazy("Merk som ferdig")),
    Act(UNDO, lazy("Merk som ikke ferdig")),
)


class AssignForm(CleanText, forms.Form):
    person = forms.ModelChoiceField(
        User.objects.none(), label=lazy("Ansvarlig"), required=False, empty_label=lazy("Den som følger opp kunden")
    )

    def __init__(self, *args: object, environment: str) -> None:
        super().__init__(*args)
        field = self.fields["person"]
        assert isinstance(field, forms.ModelChoiceField)  # noqa: S101
        field.queryset = workers(environment)


def respond(request: StaffRequest, filtered: DialogQuerySet) -> HttpResponse:
    """`filtered` are the rows of the list's filter."""
    if not request.user.may_work:
        raise PermissionDenied
    rows = Dialog.objects.filter(pk__in=picked(request, filtered).values("pk"))
    act = request.POST.get(ACT, "")
    if act == READ:
        return _read(request, rows)
    if act in (DONE, UNDO):
        return _done(request, rows.filter(handled_at__isnull=act == DONE), is_done=act == DONE)
    if act == ASSIGN:
        return _assign(request, rows)
    return redirect(request.get_full_path())


def _read(request: StaffRequest, rows: DialogQuerySet) -> HttpResponse:
    if not (number := rows.count()):
        messages.error(request, _("Velg minst én dialog"))
        return redirect(request.get_full_path())
    mark_seen(dialogs=rows, user=request.user)
    text = ngettext("%(n)s dialog er lest av deg.", "%(n)s dialoger er lest av deg.", number)
    messages.success(request, text % {"n": number})
    return redirect(request.get_full_path())


def _done(request: StaffRequest, rows: DialogQuerySet, *, is_done: bool) -> HttpResponse:
    if page := confirm_many(request, rows, ask=lambda number: _question(request, number, is_done)):
        return page
    act = acts.be_done if is_done else acts.undo
    number = act(dialogs=rows, by=request.user.actor, at=timezone.now())
    text = ngettext("%(n)s dialog er endret.", "%(n)s dialoger er endret.", number)
    messages.success(request, text % {"n": number})
    return redirect(request.get_full_path())


def _question(request: StaffRequest, number: int, is_done: bool) -> Question:
    if is_done:
        title = ngettext("Merk %(n)s dialog som ferdig", "Merk %(n)s dialoger som ferdige", number)
        effect = _("De går ut av innboksen for alle her. Kommer det noe nytt i en av dem, er den ulest igjen.")
    else:
        title = ngettext("Merk %(n)s dialog som ikke ferdig", "Merk %(n)s dialoger som ikke ferdige", number)
        effect = _("De kommer tilbake i innboksen for alle her.")
    return Question(
        title=title % {"n": number},
        consequences=[effect, _("Kunden og avsenderen merker ingenting.")],
        button=title % {"n": number},
        trail=[(_("Dialoger"), reverse("dialogs", kwargs={"environment": request.environment}))],
        colour="accent",
    )


def _assign(request: StaffRequest, rows: DialogQuerySet) -> HttpResponse:
    """The page that asks for the person; the act, once the number that it names is still right."""
    number, named = rows.count(), request.POST.get(NUMBER, "")
    if not number:
        messages.error(request, _("Velg minst én dialog"))
        return redirect(request.get_full_path())
    form = AssignForm(request.POST if named else None, environment=request.environment)
    if named and named != str(number):
        messages.warning(request, _("Antallet har endret seg. Se på det nye før du bekrefter."))
        form = AssignForm(None, environment=request.environment)
    elif named and form.is_valid():
        _give(request, rows, form.cleaned_data["person"])
        return redirect(request.get_full_path())
    hidden = [(name, value) for name in (ACT, ALL, PICK) for value in request.POST.getlist(name)]
    context = {"form": form, "number": number, "hidden": [*hidden, (NUMBER, str(number))]}
    return render(request, "submissions/dialogs_assign.html", context, status=422 if form.errors else 200)


def _give(request: StaffRequest, rows: DialogQuerySet, to: User | None) -> None:
    unseen = rows.exclude(pk__in=Dialog.objects.visible_to(to).values("pk")).count() if to else 0
    number = acts.assign(dialogs=rows, to=to, by=request.user.actor, at=timezone.now())
    text = ngettext("%(n)s dialog er endret.", "%(n)s dialoger er endret.", number)
    messages.success(request, text % {"n": number})
    if unseen:
        text = _("%(name)s ser ikke kunden til %(n)s av dem. De er som før.")
        messages.warning(request, text % {"name": to, "n": unseen})
