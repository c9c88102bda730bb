"""The page *Når noe har skjedd*, its acts, and what an account, an integration or a key touched."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from accounts.guard import StaffRequest, staff_page
from accounts.models import LogIn, User
from accounts.services import log_ins
from accounts.services.actors import names_of
from accounts.services.integrations import proofs
from accounts.services.integrations.keeping import find_integrations
from portal.core.confirm import Question, ask_first, word_in
from portal.core.counting import spaced
from portal.core.webhooks import keeping
from portal.desk.incident import traces
from portal.desk.integrations.shown import all_shown as integrations_shown
from portal.desk.integrations.shown import shown
from portal.desk.oversight.acts import Period
from portal.desk.oversight.views import PeriodForm
from portal.desk.webhooks.shown import all_shown as webhooks_shown
from systemusers.models import SigningKey
from systemusers.services.access import close_links

USUAL = timedelta(days=30)
PATIENCE = 3.0
"""Seconds that closing links may take in a page; what is left is closed by another press."""
MOST_LINKS = 10_000
"""So many open links are counted at each visit. Above it the pages say that there are more: what closes them closes all, whatever
their number.
"""


@staff_page(may="is_administrator")
@require_safe
def incident(request: StaffRequest) -> HttpResponse:
    keys = SigningKey.objects.filter(client__environment=request.environment).select_related("client")
    hooks, programs = list(keeping.find_webhooks(request.environment)), list(find_integrations(request.environment))
    names = names_of([*(row.made_by for row in hooks), *(row.made_by for row in programs)])
    context = {
        "keys": keys.order_by("client__name", "-created_at"),
        "people": User.objects.order_by("-is_active", "name", "email"),
        "open_links": _open_links(request),
        "most_links": MOST_LINKS,
        "open_log_ins": LogIn.objects.count(),
        "integrations": integrations_shown(programs, at=timezone.now(), names=names),
        "webhooks": webhooks_shown(hooks, names=names),
    }
    return render(request, "desk/incident/incident.html", context)


@staff_page(may="keeps_people")
@require_http_methods(["GET", "HEAD", "POST"])
def log_ins_end(request: StaffRequest) -> HttpResponse:
    question = Question(
        title=_("Logg ut alle"),
        consequences=[
            _("Alle økter avsluttes med en gang, i alle miljøer. Bare denne økten fortsetter."),
            _("Passord endres ikke. Send dem det gjelder, en lenke til nytt passord fra siden Folk."),
        ],
        button=_("Logg ut alle"),
        trail=_trail(request),
        word=word_in(request.environment),
    )
    if page := ask_first(request, question):
        return page
    keep = request.session.session_key
    number = log_ins.end_all(by=request.user.actor, at=timezone.now(), keep=keep)
    messages.success(request, ngettext("%(n)s økt er avsluttet.", "%(n)s økter er avsluttet.", number) % {"n": number})
    return redirect(_home(request))


@staff_page(may="is_administrator")
@require_http_methods(["GET", "HEAD", "POST"])
def links_close(request: StaffRequest) -> HttpResponse:
    question = Question(
        title=_("Steng alle kundenes lenker"),
        consequences=[
            _closed(_open_links(request)),
            _("Den som åpner en lenke, får vite at den er stengt. Tilganger som er godkjent, påvirkes ikke."),
            _("Hver lenke åpnes igjen fra tilgangen, og får da en ny adresse. Den gamle virker aldri mer."),
        ],
        button=_("Steng alle lenker"),
        trail=_trail(request),
        word=word_in(request.environment),
    )
    if page := ask_first(request, question):
        return page
    by, at = request.user.actor, timezone.now()
    number = close_links.close_links(environment=request.environment, by=by, at=at, seconds=PATIENCE)
    messages.success(request, ngettext("%(n)s lenke er stengt.", "%(n)s lenker er stengt.", number) % {"n": number})
    if left := close_links.open_links(request.environment).count():
        messages.warning(request, _("%(n)s lenker er fortsatt åpne. Steng én gang til.") % {"n": left})
    return redirect(_home(request))


def _open_links(request: StaffRequest) -> int:
    """MOST_LINKS + 1 for more than MOST_LINKS."""
    return close_links.open_links(request.environment)[: MOST_LINKS + 1].count()


def _closed(number: int) -> str:
    if number > MOST_LINKS:
        return _("Alle lenkene stenges. De er flere enn %(n)s.") % {"n": spaced(MOST_LINKS)}
    return ngettext("%(n)s lenke stenges.", "%(n)s lenker stenges.", number) % {"n": spaced(number)}


@staff_page(may="keeps_integrations")
@require_http_methods(["GET", "HEAD", "POST"])
def integrations_end(request: StaffRequest) -> HttpResponse:
    question = Question(
        title=_("Avslutt alle hemmeligheter og nøkler til integrasjoner"),
        consequences=[
            _("Ingen integrasjon i dette miljøet får svar fra nå av, heller ikke med et token den har."),
            _("Hver av dem trenger en ny hemmelighet eller nøkkel før den virker igjen. Det kan ikke angres."),
        ],
        button=_("Avslutt alle"),
        trail=_trail(request),
        word=word_in(request.environment),
    )
    if page := ask_first(request, question):
        return page
    number = proofs.end_all(environment=request.environment, by=request.user.actor, at=timezone.now())
    messages.success(request, ngettext("%(n)s er avsluttet.", "%(n)s er avsluttet.", number) % {"n": number})
    return redirect(_home(request))


@staff_page(may="keeps_integrations")
@require_http_methods(["GET", "HEAD", "POST"])
def webhooks_end(request: StaffRequest) -> HttpResponse:
    question = Question(
        title=_("Stopp alle webhooks, og avslutt hemmelighetene"),
        consequences=[
            _("Ingenting sendes til noen mottaker fra nå av. Det som skjer imens, sendes når webhooken startes igjen."),
            _("Hver webhook trenger en ny hemmelighet hos mottakeren før den startes. Det kan ikke angres."),
        ],
        button=_("Stopp alle"),
        trail=_trail(request),
        word=word_in(request.environment),
    )
    if page := ask_first(request, question):
        return page
    number = keeping.end_secrets(environment=request.environment, by=request.user.actor, at=timezone.now())
    messages.success(request, ngettext("%(n)s er stoppet.", "%(n)s er stoppet.", number) % {"n": number})
    return redirect(_home(request))


@staff_page(may="is_administrator")
@require_safe
def integration(request: StaffRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(find_integrations(request.environment), pk=pk)
    form, period = _period(request)
    found = traces.of_integration(row=row, reader=request.user, environment=request.environment, period=period)
    query = urlencode({"who": row.actor, "first": period.first, "last": period.last})
    context = {
        "row": shown(row, at=timezone.now()), "form": form, "trace": found, "query": query, "most": traces.MOST,
    }  # fmt: skip
    return render(request, "desk/incident/integration.html", context, status=422 if form.errors else 200)


@staff_page(may="is_administrator")
@require_safe
def account(request: StaffRequest, pk: int) -> HttpResponse:
    person, at = get_object_or_404(User, pk=pk), timezone.now()
    form, period = _period(request)
    found = traces.of_account(person=person, reader=request.user, environment=request.environment, period=period, at=at)
    query = urlencode({"who": person.email, "first": period.first, "last": period.last})
    context = {"person": person, "form": form, "period": period, "trace": found, "query": query, "most": traces.MOST}
    return render(request, "desk/incident/account.html", context, status=422 if form.errors else 200)


def _period(request: StaffRequest) -> tuple[PeriodForm, Period]:
    """Without dates, and with wrong ones: the last thirty days."""
    today = timezone.localdate()
    usual: dict[str, Any] = {"first": (today - USUAL).isoformat(), "last": today.isoformat()}
    form = PeriodForm({name: request.GET.get(name) or usual[name] for name in usual})
    if form.is_valid():
        return form, Period(form.cleaned_data["first"], form.cleaned_data["last"])
    return form, Period(today - USUAL, today)


@staff_page(may="is_administrator")
@require_safe
def key(request: StaffRequest, pk: int) -> HttpResponse:
    rows = SigningKey.objects.select_related("client")
    row = get_object_or_404(rows, pk=pk, client__environment=request.environment)
    found = traces.of_key(key=row, reader=request.user, environment=request.environment)
    context = {"key": row, "trace": found, "is_active": row.status == SigningKey.Status.ACTIVE}
    return render(request, "desk/incident/key.html", context)


def _home(request: StaffRequest) -> str:
    return reverse("incident", kwargs={"environment": request.environment})


def _trail(request: StaffRequest) -> list[tuple[str, str]]:
    """Those in charge of people need no role in the environment; the page above is for administrators."""
    if request.user.is_administrator:
        return [(_("Når noe har skjedd"), _home(request))]
    return [(_("Folk"), reverse("people", kwargs={"environment": request.environment}))]
