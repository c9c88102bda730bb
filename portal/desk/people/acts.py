"""What is done with one account: the invitation, the link to a new password, sessions, a substitute, and the end."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from accounts import second_person
from accounts.guard import StaffRequest, staff_page
from accounts.models import LogIn, Proposal, Substitution, User
from accounts.services import factors, invitations, log_ins, proposals, single_sign_on, substitutions, ways_in
from accounts.services.reset_links import send_reset_link
from accounts.services.staff import LastAdministrator
from portal.core.confirm import Question, ask_first
from portal.desk.people import leaving
from portal.desk.people.forms import LeaveForm, SubstituteForm
from portal.desk.people.granting import substitute_named
from portal.desk.people.views import LAST, find


def _to(request: StaffRequest, pk: int) -> HttpResponse:
    return redirect("person", environment=request.environment, pk=pk)


def trail(request: StaffRequest, person: User) -> list[tuple[str, str]]:
    where = {"environment": request.environment}
    return [
        (_("Folk"), reverse("people", kwargs=where)),
        (str(person), reverse("person", kwargs={**where, "pk": person.pk})),
    ]


@staff_page(may="keeps_people")
@require_POST
def invite_again(request: StaffRequest, pk: int) -> HttpResponse:
    person = find(pk)
    try:
        invitations.invite_again(user=person, by=request.user.actor, at=timezone.now())
    except invitations.NotInvited:
        messages.warning(request, _("Kontoen er tatt i bruk, så det trengs ingen invitasjon."))
    else:
        messages.success(request, _("En ny lenke er på vei til %(address)s.") % {"address": person.email})
    return _to(request, pk)


@staff_page(may="keeps_people")
def invite_withdrawn(request: StaffRequest, pk: int) -> HttpResponse:
    person = find(pk)
    question = Question(
        title=_("Trekk tilbake invitasjonen til %(name)s") % {"name": person},
        consequences=[_("Lenken slutter å virke, og kontoen stenges."), _("Du kan sende en ny invitasjon senere.")],
        button=_("Trekk tilbake"),
        trail=trail(request, person),
    )
    if page := ask_first(request, question):
        return page
    try:
        invitations.withdraw(user=person, by=request.user.actor, at=timezone.now())
        messages.success(request, _("Invitasjonen er trukket tilbake."))
    except invitations.NotInvited:
        messages.warning(request, _("Kontoen er tatt i bruk. Bruk «Slutter» for å stenge den."))
    return _to(request, pk)


@staff_page(may="keeps_people")
@require_POST
def reset(request: StaffRequest, pk: int) -> HttpResponse:
    person = find(pk)
    if not settings.LOCAL_PASSWORDS or not person.is_active or person.invited_at:
        messages.warning(request, _("Kontoen er ikke i bruk."))
    else:
        send_reset_link(user=person, by=request.user, at=timezone.now())
        messages.success(request, _("Lenken er på vei til %(address)s.") % {"address": person.email})
    return _to(request, pk)


@staff_page(may="keeps_people")
@require_http_methods(["GET", "HEAD", "POST"])
def factors_remove(request: StaffRequest, pk: int) -> HttpResponse:
    """For somebody who lost the telephone and the recovery codes. Nobody sets up a factor for another."""
    person = find(pk)
    question = Question(
        title=_("Fjern totrinnsinnloggingen til %(name)s") % {"name": person},
        consequences=[
            _("Kodeapp, passnøkler og gjenopprettingskoder slutter å virke, og øktene avsluttes."),
            _("Personen logger inn med passordet og setter opp en ny. Vær sikker på at det er personen selv som ber om det."),
        ],
        button=_("Fjern"),
        trail=trail(request, person),
    )  # fmt: skip
    if page := ask_first(request, question):
        return page
    if factors.remove_all(user=person, by=request.user.actor, at=timezone.now()):
        messages.success(request, _("Fjernet. %(name)s får e-post om det.") % {"name": person})
    else:
        messages.info(request, _("%(name)s har ikke totrinnsinnlogging.") % {"name": person})
    return _to(request, pk)


@staff_page(may="keeps_people")
@require_http_methods(["GET", "HEAD", "POST"])
def identity_remove(request: StaffRequest, pk: int) -> HttpResponse:
    """For somebody who has another account at the identity provider."""
    person, name = find(pk), settings.OIDC_NAME
    question = Question(
        title=_("Koble %(person)s fra %(name)s") % {"person": person, "name": name},
        consequences=[
            _("Øktene avsluttes. Den neste som logger inn der med adressen %(address)s, får kontoen.") % {"address": person.email},
            _("Vær sikker på at det er personen selv som har fått en ny konto der."),
        ],
        button=_("Koble fra"),
        trail=trail(request, person),
    )  # fmt: skip
    if page := ask_first(request, question):
        return page
    if single_sign_on.disconnect(user=person, by=request.user.actor, at=timezone.now()):
        messages.success(request, _("Koblet fra. %(name)s får e-post om det.") % {"name": person})
    else:
        messages.info(request, _("%(name)s er ikke koblet til noen konto der.") % {"name": person})
    return _to(request, pk)


@staff_page(may="keeps_people")
@require_http_methods(["GET", "HEAD", "POST"])
def vouch(request: StaffRequest, pk: int) -> HttpResponse:
    """A third person knows that the account, which a colleague has opened a way into, is used by its owner."""
    person = find(pk)
    question = Question(
        title=_("Bekreft at det er %(name)s som bruker kontoen") % {"name": person},
        consequences=[
            _("%(name)s logger inn som %(address)s.") % {"name": person, "address": person.email},
            _("Etterpå kan %(name)s godkjenne igjen, også det den som åpnet kontoen foreslår.") % {"name": person},
            _("Snakk med personen først, i telefonen eller ansikt til ansikt."),
        ],
        button=_("Bekreft"),
        trail=trail(request, person),
        colour="info",
    )
    if page := ask_first(request, question):
        return page
    try:
        ways_in.vouch(user=person, by=request.user, at=timezone.now())
        messages.success(request, _("Bekreftet."))
    except ways_in.NotApart:
        messages.error(
            request, _("Du kan ikke bekrefte dette: det må være en som ikke har hatt noe med kontoen å gjøre.")
        )
    return _to(request, pk)


@staff_page(may="keeps_people")
@require_POST
def sessions_end(request: StaffRequest, pk: int) -> HttpResponse:
    number = log_ins.end(rows=LogIn.objects.filter(user=find(pk)), by=request.user.actor, at=timezone.now())
    messages.success(request, ngettext("%(n)s økt er avsluttet.", "%(n)s økter er avsluttet.", number) % {"n": number})
    return _to(request, pk)


@staff_page(may="keeps_people")
@require_http_methods(["GET", "HEAD", "POST"])
def substitute(request: StaffRequest, pk: int) -> HttpResponse:
    person, at = find(pk), timezone.now()
    form = SubstituteForm(request.POST or None, absent=person, today=timezone.localdate(at))
    if request.method == "POST" and form.is_valid():
        act = substitute_named(person, **form.cleaned_data, environment=request.environment)
        if act.takes_two:
            hidden = [(name, request.POST[name]) for name in form.fields]
            return second_person.ask_first(request, act, hidden=hidden) or _to(request, pk)
        try:
            substitutions.appoint(absent=person, **form.cleaned_data, by=request.user.actor, at=at)
        except substitutions.Overlapping:
            form.add_error("begins", _("%(name)s har en vikar noen av disse dagene.") % {"name": person})
        else:
            messages.success(request, _("Lagret. Begge får e-post om det."))
            return _to(request, pk)
    context = {"form": form, "person": person, "title": _("Vikar")}
    return render(request, "desk/people/substitute.html", context, status=422 if form.errors else 200)


@staff_page(may="keeps_people")
@require_POST
def substitute_ended(request: StaffRequest, pk: int, substitution: int) -> HttpResponse:
    row = get_object_or_404(Substitution.objects.select_related("absent", "substitute"), pk=substitution, absent=pk)
    substitutions.end(row=row, by=request.user.actor, at=timezone.now())
    messages.success(request, _("%(name)s er ikke lenger vikar.") % {"name": row.substitute})
    return _to(request, pk)


@staff_page(may="keeps_people")
@require_http_methods(["GET", "HEAD", "POST"])
def leave(request: StaffRequest, pk: int) -> HttpResponse:
    person = find(pk)
    if not person.is_active:
        return _to(request, pk)
    form = LeaveForm(request.POST if "confirmed" in request.POST else None, heirs=leaving.heirs(person))
    if form.is_bound and form.is_valid():
        heir = form.cleaned_data["heir"]
        try:
            waits = leaving.leave(user=person, heir=heir, by=request.user.actor, at=timezone.now())
        except LastAdministrator:
            form.add_error(None, str(LAST))
        except proposals.AlreadyProposed:
            form.add_error(
                "heir",
                _("Noe annet om %(name)s venter på en kollegas svar. Velg en annen, eller vent til det er besvart.")
                % {"name": heir},
            )
        else:
            messages.success(request, _("Kontoen til %(name)s er stengt, og øktene er avsluttet.") % {"name": person})
            if person.pk == request.user.pk:
                return redirect("home")
            return second_person.to_proposal(request, waits.pk) if waits else _to(request, pk)
    left, takes_two = leaving.left_by(person), proposals.is_needed(Proposal.Kind.RIGHTS_GIVEN, "")
    context = {"form": form, "person": person, "title": _("Slutter"), "left": left, "takes_two": takes_two}
    return render(request, "desk/people/leave.html", context, status=422 if form.errors else 200)


@staff_page(may="keeps_people")
@require_POST
def come_back(request: StaffRequest, pk: int) -> HttpResponse:
    """A closed account is opened again; it has nothing until something is given."""
    person = find(pk)
    if person.is_active:
        return _to(request, pk)
    leaving.come_back(user=person, by=request.user.actor, at=timezone.now())
    messages.success(request, _("Kontoen er åpen igjen, uten rolle. Gi det som trengs."))
    return redirect("person-rights", environment=request.environment, pk=pk)
