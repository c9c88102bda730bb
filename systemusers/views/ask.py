"""Be om tilgang: pick customers, pick a profile, see what is asked, and send."""

from __future__ import annotations

from collections import Counter

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.guard import StaffRequest, staff_page
from accounts.models import Customer
from accounts.services.business_register import warnings_of
from portal.core.search import row_id
from systemusers.forms import AskForm
from systemusers.models import Access
from systemusers.services import access
from systemusers.services.alone import most_alone
from systemusers.services.asking import Asked, ask_customer
from systemusers.views.access import enqueue_sending
from systemusers.views.ask_pick import MOST, keeps_picking, pick
from systemusers.views.mail_many import REASONS, ordered_text

__all__ = ["MOST", "new"]


@staff_page(may="may_work")
def new(request: StaffRequest) -> HttpResponse:
    """Without customers in the URL a page to pick them; with them, the page to ask."""
    named = [pk for pk in map(row_id, request.GET.getlist("customer")) if pk is not None]
    picked = list(dict.fromkeys(named))
    most = most_alone(request.environment, usual=MOST)
    if len(picked) > most:
        text = _("Dere har valgt %(n)s kunder. Spør høyst %(most)s om gangen. Ingen er spurt ennå.")
        messages.error(request, text % {"n": len(picked), "most": most})
        return redirect("access-new", environment=request.environment)
    mine = Customer.objects.visible_to(request.user).filter(environment=request.environment).current()
    customers = list(mine.filter(pk__in=picked))
    if keeps_picking(request, customers):
        return pick(request, customers)
    form = AskForm(request.POST or None, environment=request.environment, count=len(customers))
    if request.method == "POST" and form.is_valid():
        return _ask(request, form, customers)
    context = {
        "form": form,
        "customers": customers,
        "asked": [(customer, warnings_of(customer)) for customer in customers],
        "profiles": form.fields["profile"].queryset,  # type: ignore[attr-defined]
    }
    return render(request, "systemusers/access_new.html", context, status=422 if form.errors else 200)


def _ask(request: StaffRequest, form: AskForm, customers: list[Customer]) -> HttpResponse:
    made, known, approved = [], [], []
    profile, mails, by = form.cleaned_data["profile"], form.cleaned_data["mails"], request.user.actor
    for customer in customers:
        try:
            made.append(ask_customer(customer=customer, profile=profile, mails=mails, by=by, at=timezone.now()))
        except access.AlreadyRequested as error:
            known.append(error.access)
        except access.AlreadyApproved as error:
            approved.append(error.found)
        except access.NotPossible as error:
            messages.error(request, str(error))  # of the profile, so it stops the first already: nobody has been asked
            return redirect(request.get_full_path())
    if approved:
        text = ngettext(
            "%(n)s kunde har godkjent i Altinn før og er ikke spurt.", "%(n)s kunder har godkjent i Altinn før og er ikke spurt.",
            len(approved),
        )  # fmt: skip
        where = _("Overta dem under Systemer, «Funnet i Altinn».")
        messages.info(request, text % {"n": len(approved)} + " " + where)
    _say_mailed(request, made)
    return _respond(request, [each.access for each in made], known)


def _say_mailed(request: StaffRequest, made: list[Asked]) -> None:
    numbers = Counter(each.not_mailed for each in made if each.not_mailed is not None)
    if done := numbers.pop("", 0):
        messages.success(request, ordered_text(done, otherwise=_("Sendes når Altinn har forespørselen.")))
    for code, number in numbers.items():
        messages.warning(request, _("%(n)s hoppet over: %(why)s") % {"n": number, "why": REASONS[code]()})


def _respond(request: StaffRequest, made: list[Access], known: list[Access]) -> HttpResponse:
    if made:
        enqueue_sending(request, len(made))
    if known:
        text = ngettext("%(n)s kunde er spurt om dette før.", "%(n)s kunder er spurt om dette før.", len(known))
        messages.info(request, text % {"n": len(known)} + " " + _("Forny den gamle forespørselen om det trengs."))
    if len(made) + len(known) == 1:
        return redirect("access", environment=request.environment, pk=(made or known)[0].pk)
    return redirect("accesses", environment=request.environment)
