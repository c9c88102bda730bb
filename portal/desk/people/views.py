"""Folk: the list, one person, an invitation, what somebody is to have, and portfolios. For those who keep people."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import Exists, OuterRef
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts import second_person
from accounts.capabilities import Role, enabled
from accounts.guard import StaffRequest, staff_page
from accounts.models import Portfolio, Proposal, User
from accounts.services import factors, invitations, log_ins, single_sign_on
from accounts.services.portfolios import save_portfolio
from accounts.services.proposals import is_needed
from accounts.services.staff import LastAdministrator, Rights, change_rights, gives, rights_of, save_details
from portal.core.confirm import ask_first
from portal.core.stale import EditedMeanwhile
from portal.desk.people import granting, shown
from portal.desk.people.forms import InvitedForm, PersonForm, PortfolioForm, RightsForm

LAST = granting.LAST


@staff_page(may="keeps_people")
@require_safe
def people(request: StaffRequest) -> HttpResponse:
    sizes = shown.portfolio_sizes()
    rows = shown.people(sizes=sizes, at=timezone.now())
    chosen = request.GET.get("state", shown.ALL)
    chosen = chosen if chosen in shown.CHOICES else shown.ALL
    context = {
        "title": _("Folk"),
        "rows": [row for row in rows if shown.CHOICES[chosen](row)],
        "chips": shown.chips(rows, chosen),
        "places": list(enabled()),
        "roles": list(Role),
        "table": shown.what_roles_may(request.environment),
        "portfolios": shown.portfolios(sizes),
    }
    return render(request, "desk/people/people.html", context)


def find(pk: int) -> User:
    return get_object_or_404(User, pk=pk)


@staff_page(may="keeps_people")
@require_safe
def one(request: StaffRequest, pk: int) -> HttpResponse:
    at = timezone.now()
    has_identity = Exists(single_sign_on.identities().filter(user=OuterRef("pk")))
    person: Any = get_object_or_404(shown.loaded(at).annotate(has_identity=has_identity), pk=pk)
    row, absences = shown.row_of(person, at=at)
    context = {
        "person": person, "row": row, "state": row.state, "places": list(zip(enabled(), row.roles, strict=True)),
        "log_ins": list(log_ins.open_of(person, at=at)), "ends_at": invitations.ends_at(person),
        "absences": absences,
        "is_self": person.pk == request.user.pk, "factors": factors.factors_of(person),
        "has_identity": person.has_identity,
        "opened": shown.opened(person, by=request.user, at=at),
    }  # fmt: skip
    return render(request, "desk/people/one.html", context)


@staff_page(may="keeps_people")
@require_http_methods(["GET", "HEAD", "POST"])
def invite(request: StaffRequest) -> HttpResponse:
    who, form = InvitedForm(request.POST or None), RightsForm(request.POST or None)
    if request.method == "POST" and all([who.is_valid(), form.is_valid()]):
        about = {name: who.cleaned_data[name] for name in ("email", "name", "language")}
        waits = is_needed(Proposal.Kind.RIGHTS_GIVEN, "") and gives(Rights(), form.rights)
        now = Rights() if waits else form.rights
        try:
            user = invitations.invite(**about, rights=now, by=request.user.actor, at=timezone.now())
        except invitations.AddressTaken as error:
            who.add_error("email", _("%(name)s har eller har hatt adressen.") % {"name": error.user})
        else:
            messages.success(request, _("Invitasjonen er på vei til %(address)s.") % {"address": user.email})
            if waits:
                act = granting.rights_given(user, form.rights, environment=request.environment)
                return second_person.propose(request, act)
            return redirect("person", environment=request.environment, pk=user.pk)
    context = {"who": who, "form": form, "days": invitations.VALID.days}
    return render(request, "desk/people/invite.html", context, status=422 if who.errors or form.errors else 200)


@staff_page(may="keeps_people")
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: StaffRequest, pk: int) -> HttpResponse:
    form = PersonForm(request.POST or None, instance=find(pk))
    if request.method == "POST" and form.is_valid():
        try:
            save_details(user=form.instance, by=request.user.actor, at=timezone.now(), seen=form.seen)
        except EditedMeanwhile as error:
            form.show_edited(error)
        else:
            messages.success(request, _("Lagret."))
            return redirect("person", environment=request.environment, pk=pk)
    context = {"form": form, "person": find(pk), "title": _("Navn og adresse")}
    return render(request, "desk/people/edit.html", context, status=422 if form.errors else 200)


@staff_page(may="keeps_people")
@require_http_methods(["GET", "HEAD", "POST"])
def rights(request: StaffRequest, pk: int) -> HttpResponse:
    """What is to differ is shown first; it is stored when it is confirmed, unless somebody changed it meanwhile."""
    person = find(pk)
    form = RightsForm(request.POST or None, before=rights_of(person))
    if request.method != "POST" or not form.is_valid():
        context = {"form": form, "person": person, "title": _("Roller og porteføljer")}
        return render(request, "desk/people/rights.html", context, status=422 if form.errors else 200)
    act = granting.rights_given(person, form.rights, environment=request.environment)
    if not act.question.edits:
        messages.info(request, _("Ingenting er endret."))
        return redirect("person", environment=request.environment, pk=pk)
    hidden = [(name, value) for name, values in request.POST.lists() if name in form.fields for value in values]
    if act.takes_two:
        return second_person.ask_first(request, act, hidden=hidden) or redirect(
            "people", environment=request.environment
        )
    seen = request.POST.get("shown", "")
    if seen and seen != act.question.shown:
        messages.warning(request, _("Noen endret det samme imens. Se på det nye før du bekrefter."))
    page = ask_first(request, act.question, is_bound=seen == act.question.shown, hidden=hidden)
    return page or _changed(request, person, form)


def _changed(request: StaffRequest, person: User, form: RightsForm) -> HttpResponse:
    try:
        change_rights(user=person, rights=form.rights, by=request.user.actor, at=timezone.now())
    except LastAdministrator:
        messages.error(request, str(LAST))
        return redirect("person-rights", environment=request.environment, pk=person.pk)
    messages.success(request, _("Lagret. %(name)s får e-post om det.") % {"name": person})
    if person.pk == request.user.pk and not User.objects.get(pk=person.pk).keeps_people:
        return redirect("home")
    return redirect("person", environment=request.environment, pk=person.pk)


@staff_page(may="keeps_people")
@require_http_methods(["GET", "HEAD", "POST"])
def portfolio(request: StaffRequest, pk: int | None = None) -> HttpResponse:
    """A new one, or another name."""
    row = get_object_or_404(Portfolio, pk=pk) if pk else None
    form = PortfolioForm(request.POST or None, instance=row)
    if request.method == "POST" and form.is_valid():
        try:
            save_portfolio(portfolio=form.instance, by=request.user.actor, at=timezone.now(), seen=form.seen)
        except EditedMeanwhile as error:
            form.show_edited(error)
        else:
            messages.success(request, _("Lagret."))
            return redirect("people", environment=request.environment)
    context = {"form": form, "portfolio": get_object_or_404(Portfolio, pk=pk) if pk else None}
    return render(request, "desk/people/portfolio.html", context, status=422 if form.errors else 200)
