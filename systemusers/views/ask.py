"""Be om tilgang: pick customers, pick a profile, see what is asked, and send."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.guard import StaffRequest, staff_page
from accounts.models import Customer
from accounts.services.business_register import warnings_of
from portal.core.htmx import page_or_fragment
from portal.core.search import row_id, search_text
from systemusers.forms import AskForm
from systemusers.models import Access
from systemusers.services import access, listing
from systemusers.views.access import enqueue_sending

SHOWN = 30
MOST = 500


@staff_page(may="may_work")
def new(request: StaffRequest) -> HttpResponse:
    """Without customers in the URL a page to pick them; with them, the page to ask."""
    named = [pk for pk in map(row_id, request.GET.getlist("customer")) if pk is not None]
    picked = list(dict.fromkeys(named))
    if len(picked) > MOST:
        text = _("Dere har valgt %(n)s kunder. Spør høyst %(most)s om gangen. Ingen er spurt ennå.")
        messages.error(request, text % {"n": len(picked), "most": MOST})
        return redirect("access-new", environment=request.environment)
    mine = Customer.objects.visible_to(request.user).filter(environment=request.environment)
    customers = list(mine.filter(pk__in=picked))
    if not customers or request.GET.get("step") == "search":
        return _pick(request, customers)
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


def _pick(request: StaffRequest, picked: list[Customer]) -> HttpResponse:
    """Picked customers stay in every search; of the others, those never asked come first."""
    text = search_text(request)
    rows = listing.find_customers(user=request.user, environment=request.environment, text=text)
    others = rows.exclude(pk__in=[customer.pk for customer in picked])
    shown = list(others.filter(accesses__isnull=True)[:SHOWN])
    if len(shown) < SHOWN:
        shown += list(others.filter(accesses__isnull=False).distinct()[: SHOWN - len(shown)])
    lacks = request.GET.get("step") == "next"
    context = {
        "picked": picked, "customers": shown, "q": text, "is_more": others[SHOWN : SHOWN + 1].exists(), "lacks": lacks,
    }  # fmt: skip
    status = 422 if lacks else 200
    return page_or_fragment(request, "systemusers/access_pick.html", "found", context=context, status=status)


def _ask(request: StaffRequest, form: AskForm, customers: list[Customer]) -> HttpResponse:
    made, known, approved = [], [], []
    for customer in customers:
        try:
            made.append(
                access.ask_access(
                    customer=customer, profile=form.cleaned_data["profile"], by=request.user.actor, at=timezone.now()
                )
            )
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
    return _respond(request, made, known)


def _respond(request: StaffRequest, made: list[Access], known: list[Access]) -> HttpResponse:
    if made:
        enqueue_sending(request, *made)
    if known:
        text = ngettext("%(n)s kunde er spurt om dette før.", "%(n)s kunder er spurt om dette før.", len(known))
        messages.info(request, text % {"n": len(known)} + " " + _("Forny den gamle forespørselen om det trengs."))
    if len(made) + len(known) == 1:
        return redirect("access", environment=request.environment, pk=(made or known)[0].pk)
    return redirect("accesses", environment=request.environment)
