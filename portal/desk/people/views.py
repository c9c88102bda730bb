"""Folk: the list, one person, an invitation, what somebody is to have, and portfolios. For those who keep people."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.http import require_http_methods, require_safe

from accounts.capabilities import Role, enabled
from accounts.guard import StaffRequest, staff_page
from accounts.models import Portfolio, User
from accounts.services import factors, invitations, log_ins
from accounts.services.portfolios import save_portfolio
from accounts.services.staff import LastAdministrator, change_rights, difference, rights_of, save_user
from accounts.services.staff_mails import label_of, value_of
from portal.desk.people import shown
from portal.desk.people.forms import InvitedForm, PersonForm, PortfolioForm, RightsForm

LAST = lazy("Minst én må kunne styre folk og roller. Gi det til en annen først.")


@staff_page(may="keeps_people")
@require_safe
def people(request: StaffRequest) -> HttpResponse:
    portfolios = shown.portfolios()
    rows = shown.people(sizes=shown.sizes_of(portfolios), at=timezone.now())
    chosen = request.GET.get("state", shown.ALL)
    chosen = chosen if chosen in shown.CHOICES else shown.ALL
    context = {
        "rows": [row for row in rows if shown.CHOICES[chosen](row)],
        "chips": shown.chips(rows, chosen),
        "places": list(enabled()),
        "roles": list(Role),
        "table": shown.what_roles_may(request.environment),
        "portfolios": portfolios,
    }
    return render(request, "desk/people/people.html", context)


def find(pk: int) -> User:
    return get_object_or_404(User, pk=pk)


@staff_page(may="keeps_people")
@require_safe
def one(request: StaffRequest, pk: int) -> HttpResponse:
    at, person = timezone.now(), find(pk)
    row = shown.row_of(pk, at=at)
    context = {
        "person": person, "row": row, "state": row.state, "places": list(zip(enabled(), row.roles, strict=True)),
        "log_ins": list(log_ins.open_of(person, at=at)), "ends_at": invitations.ends_at(person),
        "absences": list(person.absences.ahead(timezone.localdate(at)).select_related("substitute")),
        "is_self": person.pk == request.user.pk, "factors": factors.factors_of(person),
    }  # fmt: skip
    return render(request, "desk/people/one.html", context)


@staff_page(may="keeps_people")
@require_http_methods(["GET", "HEAD", "POST"])
def invite(request: StaffRequest) -> HttpResponse:
    who, form = InvitedForm(request.POST or None), RightsForm(request.POST or None)
    if request.method == "POST" and all([who.is_valid(), form.is_valid()]):
        about = {name: who.cleaned_data[name] for name in ("email", "name", "language")}
        try:
            user = invitations.invite(**about, rights=form.rights, by=request.user.actor, at=timezone.now())
        except invitations.AddressTaken as error:
            who.add_error("email", _("%(name)s har eller har hatt adressen.") % {"name": error.user})
        else:
            messages.success(request, _("Invitasjonen er på vei til %(address)s.") % {"address": user.email})
            return redirect("person", environment=request.environment, pk=user.pk)
    context = {"who": who, "form": form, "days": invitations.VALID.days}
    return render(request, "desk/people/invite.html", context, status=422 if who.errors or form.errors else 200)


@staff_page(may="keeps_people")
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: StaffRequest, pk: int) -> HttpResponse:
    form = PersonForm(request.POST or None, instance=find(pk))
    if request.method == "POST" and form.is_valid():
        save_user(user=form.instance, by=request.user.actor, at=timezone.now())
        messages.success(request, _("Lagret."))
        return redirect("person", environment=request.environment, pk=pk)
    context = {"form": form, "person": find(pk)}
    return render(request, "desk/people/edit.html", context, status=422 if form.errors else 200)


@staff_page(may="keeps_people")
@require_http_methods(["GET", "HEAD", "POST"])
def rights(request: StaffRequest, pk: int) -> HttpResponse:
    """What is to differ is shown first; it is stored when it is confirmed, unless somebody changed it meanwhile."""
    person = find(pk)
    before = rights_of(person)
    form = RightsForm(request.POST or None, before=before)
    context: dict[str, Any] = {"form": form, "person": person}
    if request.method != "POST" or not form.is_valid():
        return render(request, "desk/people/rights.html", context, status=422 if form.errors else 200)
    seen = request.POST.get("seen", "")
    if seen == before.version:
        return _changed(request, person, form)
    if seen:
        messages.warning(request, _("Noen endret det samme imens. Se på det nye før du bekrefter."))
    context["edits"] = [
        (label_of(name), value_of(old), value_of(new)) for name, (old, new) in difference(before, form.rights).items()
    ]
    if not context["edits"]:
        messages.info(request, _("Ingenting er endret."))
        return redirect("person", environment=request.environment, pk=pk)
    context["hidden"] = [(n, v) for n, vs in request.POST.lists() if n in form.fields for v in vs]
    return render(request, "desk/people/rights_diff.html", {**context, "seen": before.version})


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
        save_portfolio(portfolio=form.instance, by=request.user.actor, at=timezone.now())
        messages.success(request, _("Lagret."))
        return redirect("people", environment=request.environment)
    context = {"form": form, "portfolio": get_object_or_404(Portfolio, pk=pk) if pk else None}
    return render(request, "desk/people/portfolio.html", context, status=422 if form.errors else 200)
