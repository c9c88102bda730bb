"""What can be done with many accesses that were picked in the list."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import ngettext

from accounts.guard import StaffRequest, staff_page
from accounts.models import Customer
from portal.core.confirm import Question, word_in
from portal.core.htmx import page_or_fragment
from portal.core.selection import ACT, Act, confirm_many, picked
from systemusers.models import Access, AccessProfile, Withdrawal
from systemusers.services import access
from systemusers.services.alone import most_alone
from systemusers.services.campaigns import gathering, ordering
from systemusers.views import mail_many
from systemusers.views.campaigns import wake

RENEW = Act("renew", lazy("Forny de valgte"))
MAIL = Act("mail", lazy("Send lenken til de valgte"))
WITHDRAW = Act("withdraw", lazy("Trekk de valgte tilbake"))
MOST = 500
"""Asked again at one time: one answer to the browser writes them all. More become a campaign."""


def act_on(
    request: StaffRequest, rows: QuerySet[Access], *, enqueue_sending: Callable[[StaffRequest, int], None]
) -> HttpResponse:
    """Mail, renew or withdraw the picked ones of `rows`, which the filter shows, after a page that names their number."""
    if not request.user.may_work:
        raise PermissionDenied
    if request.POST.get(ACT) == MAIL.code:
        return mail_many.act_on(request, rows)
    if request.POST.get(ACT) == WITHDRAW.code:
        return _withdraw(request, rows)
    if request.POST.get(ACT) != RENEW.code:
        return redirect(request.get_full_path())
    chosen = access.renewable(picked(request, rows))
    if chosen.count() > most_alone(request.environment, usual=MOST):
        return _as_campaign(request, chosen)
    page = confirm_many(request, chosen, ask=lambda number: _question(request, number))
    if page is not None:
        return page
    renewed, reasons = access.renew_many(rows=chosen, by=request.user.actor, at=timezone.now())
    if renewed:
        enqueue_sending(request, renewed)
    for reason in reasons:
        messages.warning(request, reason)
    return redirect("accesses", environment=request.environment)


def _as_campaign(request: StaffRequest, chosen: QuerySet[Access]) -> HttpResponse:
    """More than one answer to the browser can write: a campaign, whose page shows whom it would ask before anybody is asked."""
    profiles = list(AccessProfile.objects.filter(pk__in=chosen.order_by().values("profile"))[:2])
    if len(profiles) > 1:
        text = _("Dere har valgt %(n)s tilganger med flere profiler. Velg én profil først. Ingen er spurt ennå.")
        messages.error(request, text % {"n": chosen.count()})
        return redirect(request.get_full_path())
    customers = Customer.objects.filter(pk__in=chosen.order_by().values("customer")).order_by("sort_name", "pk")
    settings = ordering.Settings(
        name=_("Fornying: %(profile)s") % {"profile": profiles[0].name[:80]}, profile=profiles[0]
    )
    rows = gathering.of_customers(customers)
    given: dict[str, Any] = {"user": request.user, "environment": request.environment, "at": timezone.now()}
    made = ordering.make(settings=settings, rows=rows, **given)
    wake(request)
    text = _(
        "Dere har valgt mer enn %(most)s tilganger, så de er lagt i en kampanje. Velg der hvem som spørres likevel."
    )
    messages.info(request, text % {"most": most_alone(request.environment, usual=MOST)})
    return redirect("campaign", environment=request.environment, pk=made.pk)


def _question(request: StaffRequest, number: int) -> Question:
    return Question(
        title=ngettext("Forny %(n)s tilgang", "Forny %(n)s tilganger", number) % {"n": number},
        consequences=[
            _("Hver kunde blir spurt på nytt, med lenken kunden har fra før."),
            _("Den gamle forespørselen slettes i Altinn. Det skjer for de valgte som er avsluttet, og ingen andre."),
        ],
        button=ngettext("Spør %(n)s kunde på nytt", "Spør %(n)s kunder på nytt", number) % {"n": number},
        trail=[(_("Tilganger"), request.get_full_path())],
        word=word_in(request.environment),
    )


def _withdraw(request: StaffRequest, rows: QuerySet[Access]) -> HttpResponse:
    """To the page that follows the worker, which takes the questions back in Altinn."""
    chosen = access.withdrawable(picked(request, rows))
    page = confirm_many(request, chosen, ask=lambda number: _withdraw_question(request, number))
    if page is not None:
        return page
    environment, at = request.environment, timezone.now()
    try:
        made = access.withdraw_many(rows=chosen, user=request.user, environment=environment, at=at)
    except access.NothingOpen:
        messages.info(request, _("Ingen av de valgte kan dette nå. Ingenting er gjort."))
        return redirect(request.get_full_path())
    return redirect("withdrawal", environment=environment, pk=made.pk)


def _withdraw_question(request: StaffRequest, number: int) -> Question:
    return Question(
        title=ngettext("Trekk tilbake spørsmålet til %(n)s kunde", "Trekk tilbake spørsmålene til %(n)s kunder", number)
        % {"n": number},
        consequences=[
            _("Forespørslene slettes i Altinn, og kundene kan ikke godkjenne dem lenger. Påminnelsene stopper."),
            _("Har en kunde rukket å godkjenne, gjelder godkjenningen."),
            _("Tilganger som er i bruk, virker som før. Bare åpne endringer av dem trekkes tilbake."),
        ],
        button=_("Trekk tilbake"),
        trail=[(_("Tilganger"), request.get_full_path())],
        word=word_in(request.environment),
    )


@staff_page()
def withdrawal(request: StaffRequest, pk: int) -> HttpResponse:
    """How far the worker is with the questions that were taken back at once."""
    rows: QuerySet[Withdrawal] = Withdrawal.objects.visible_to(request.user).filter(environment=request.environment)
    row = get_object_or_404(rows.select_related("asked_by"), pk=pk)
    context = {"withdrawal": row, "progress": access.progress(row)}
    return page_or_fragment(request, "systemusers/withdrawal.html", "progress", context=context)
