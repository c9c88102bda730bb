"""Altinns kontrollspørsmål: what Altinn asks of a vendor whose staff use system users, answered from what is here now.

https://docs.altinn.studio/nb/authorization/guides/system-vendor/
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from accounts.guard import StaffRequest, staff_page
from accounts.models import AccessReview, Alarm, Grant, Rule, User
from portal.core.formats import spelled_date
from portal.core.trail.watch import find_state
from systemusers.models import SigningKey


@dataclass(frozen=True)
class Answer:
    """`links`: labels and names of pages, with what of the reader they need."""

    question: str
    facts: list[str]
    links: list[tuple[str, str]] = field(default_factory=list)
    is_open: bool = False
    """Whether something is to be done before the answer is a good one."""


@staff_page(may="is_administrator")
@require_safe
def control(request: StaffRequest) -> HttpResponse:
    at = timezone.now()
    answers = [_who(), _whose(request, at), _each_call(), _logged(at), _keys(request), _tokens(), _misuse()]
    links = _may_open(request)
    shown = [
        (each, [(label, reverse(name, kwargs={"environment": request.environment})) for label, name in each.links if name in links])
        for each in answers
    ]  # fmt: skip
    return render(request, "desk/oversight/control.html", {"answers": shown, "at": at})


def _may_open(request: StaffRequest) -> set[str]:
    """The pages of `links` that the reader may open."""
    user = request.user
    of_people = {"people", "access-review", "alarms"} if user.keeps_people else set()
    return {"who-acted", "proposals", *of_people, *({"settings"} if user.may_configure else set())}


def _who() -> Answer:
    people = User.objects.filter(is_active=True, invited_at=None).count()
    return Answer(
        _("Vet dere hvilken ansatt som er inne?"),
        [
            ngettext("%(n)s ansatt har egen konto.", "%(n)s ansatte har hver sin konto.", people) % {"n": people},
            _("Ingen setter passord for andre i portalen. Innlogginger og mislykkede forsøk står i revisjonsloggen."),
        ],
        [(_("Folk"), "people")],
    )


def _whose(request: StaffRequest, at: datetime) -> Answer:
    rows = Grant.objects.filter(environment=request.environment, user__is_active=True)
    every, all_ = rows.count(), rows.filter(sees_all_customers=True).count()
    last = AccessReview.objects.first()
    signed = (
        _("Gått gjennom %(day)s.") % {"day": spelled_date(last.signed_at)} if last else _("Ikke gått gjennom ennå.")
    )
    return Answer(
        _("Er hver ansatt knyttet til de kundene og systembrukerne den kan bruke?"),
        [
            ngettext("Her har %(n)s ansatt en rolle.", "Her har %(n)s ansatte en rolle.", every) % {"n": every},
            _("%(all)s ser alle kunder, resten bare egne porteføljer.") % {"all": all_},
            signed,
        ],
        [(_("Gjennomgang av tilganger"), "access-review"), (_("Folk"), "people")],
        is_open=last is None,
    )


def _each_call() -> Answer:
    return Answer(
        _("Kontrolleres det ved hvert kall?"),
        [
            _("Hver side og handling spør om rollen og kunden før noe sendes. Det som ikke er gitt, er nektet."),
            _("Arbeid i bakgrunnen går med rettighetene til den som bestilte det."),
        ],
    )


def _logged(at: datetime) -> Answer:
    state = find_state(at=at)
    whole = state.whole
    found = (
        _("Loggen ble sist funnet hel %(day)s, mot et anker utenfor databasen.") % {"day": spelled_date(whole.at)}
        if whole and not state.broken
        else _("Loggen er ikke funnet hel ennå, eller den stemmer ikke.")
    )
    return Answer(
        _("Står det i loggen hvem som sto bak hvert kall?"),
        [_("Den ansatte, kunden, tidspunktet og hva som ble gjort, skrives før kallet."), found],
        [(_("Hvem har handlet for hvilken kunde"), "who-acted")],
        is_open=not state.is_well or whole is None,
    )


def _keys(request: StaffRequest) -> Answer:
    active = SigningKey.objects.filter(status=SigningKey.Status.ACTIVE, client__environment=request.environment).count()
    is_two = request.environment in settings.TWO_PERSONS.get(Rule.KEYS, ())
    two = (
        _("Å ta dem i bruk og ut av bruk krever to personer.")
        if is_two
        else _("Én person kan ta dem i bruk og ut av bruk.")
    )
    return Answer(
        _("Hvordan er nøklene vernet?"),
        [
            ngettext("%(n)s nøkkel er i bruk her.", "%(n)s nøkler er i bruk her.", active) % {"n": active},
            _("De private delene er kryptert, med nøkler som ikke er i databasen, og slettes når de går ut av bruk."), two,
        ],
        [(_("Innstillinger"), "settings"), (_("Til godkjenning"), "proposals")],
    )  # fmt: skip


def _tokens() -> Answer:
    return Answer(
        _("Kan et token brukes for feil kunde, eller ses av support?"),
        [
            _("Et token lages for én kunde og ett formål, og ligger kryptert til det går ut."),
            _("Ingen side viser et token. Den som ser hva et token inneholder, står i revisjonsloggen."),
        ],
    )


def _misuse() -> Answer:
    unseen = Alarm.objects.filter(seen_at=None).count()
    days = settings.DORMANT_DAYS
    closed = _("Kontoer stenges av seg selv etter %(n)s dager uten bruk.") % {"n": days} if days else ""
    return Answer(
        _("Hva skjer når noen slutter, eller gjør mer enn de skal?"),
        [
            _("Den som slutter, mister alt og alle økter i samme øyeblikk."),
            *([closed] if closed else [_("Kontoer som ikke brukes, stenges ikke av seg selv.")]),
            ngettext("%(n)s alarm er ikke sett på.", "%(n)s alarmer er ikke sett på.", unseen) % {"n": unseen},
        ],
        [(_("Alarmer"), "alarms"), (_("Folk"), "people")],
        is_open=unseen > 0,
    )
