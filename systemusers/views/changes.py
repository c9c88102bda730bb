"""Changes of accesses: asked for on the access's page, or for all of a profile."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from accounts.guard import StaffRequest, staff_page
from accounts.models import Customer
from portal.core import enqueue
from portal.core.confirm import Question, ask_first, word_in
from portal.core.states import LostRace
from systemusers import tasks
from systemusers.models import Access, AccessProfile, AccessQuerySet, Campaign, ChangeRequest, Kind
from systemusers.services import access, changes
from systemusers.services.alone import most_alone
from systemusers.services.campaigns import gathering, ordering
from systemusers.views.access import act, enqueue_sending

SHOWN = 10
MOST = 500
"""Asked in the answer to one press; more become a campaign, which a worker asks."""


@act
def ask(request: StaffRequest, row: Access) -> None:
    try:
        changes.ask_change(access=row, by=request.user.actor, at=timezone.now())
    except changes.AlreadyAsked:
        messages.info(request, _("Kunden er spurt om endringen allerede."))
        return
    enqueue.enqueue_on_commit(tasks.send_changes)
    messages.success(request, _("Endringen sendes til Altinn. Send lenken til kunden, så kan den godkjennes."))


@act
def beside(request: StaffRequest, row: Access) -> None:
    try:
        access.ask_beside(access=row, by=request.user.actor, at=timezone.now())
    except access.AlreadyRequested:
        messages.info(request, _("Kunden er spurt om en ny tilgang allerede."))
        return
    enqueue_sending(request, 1)


def _open(row: Access) -> ChangeRequest:
    """The open one. Raises LostRace when it was answered or withdrawn meanwhile."""
    change = row.changes.open().first()
    if change is None:
        raise LostRace(f"access {row.pk} has no open change request")
    return change


@act
def send_again(request: StaffRequest, row: Access) -> None:
    changes.send_again(change=_open(row), by=request.user.actor, at=timezone.now())
    enqueue.enqueue_on_commit(tasks.send_changes)


@act
def withdraw(request: StaffRequest, row: Access) -> None:
    try:
        changes.withdraw(change=_open(row), by=request.user.actor, at=timezone.now())
    except changes.AlreadyAnswered:
        messages.warning(request, _("Kunden rakk å svare. Her er svaret."))
    else:
        messages.success(request, _("Endringen er trukket tilbake, også i Altinn."))


@staff_page(may="may_configure")
@require_http_methods(["GET", "HEAD", "POST"])
def ask_all(request: StaffRequest, system: int, pk: int) -> HttpResponse:
    """Ask every customer of the profile that lacks something and that the person sees, after a page with what and whom."""
    profile = get_object_or_404(
        AccessProfile.objects.select_related("system"), pk=pk, system=system, system__environment=request.environment
    )
    rows = changes.affected(profile).visible_to(request.user)
    if profile.kind == Kind.AGENT or not rows.exists():
        messages.info(request, _("Ingen kunder mangler noe av profilen nå."))
        return redirect("profile", environment=request.environment, system=system, pk=pk)
    is_campaign = rows.count() > most_alone(request.environment, usual=MOST)
    page = ask_first(request, _campaign_question(profile, rows) if is_campaign else _question(profile, rows))
    if page is not None:
        return page
    if is_campaign:
        return _campaign(request, profile, rows)
    asked, reasons = changes.ask_all(rows=rows, by=request.user.actor, at=timezone.now())
    enqueue.enqueue_on_commit(tasks.send_changes)
    text = ngettext("%(n)s kunde blir spurt om endringen.", "%(n)s kunder blir spurt om endringen.", asked)
    messages.success(request, text % {"n": asked})
    for reason in reasons:
        messages.warning(request, reason)
    return redirect(reverse("accesses", kwargs={"environment": request.environment}) + "?status=NEEDS_UPDATE")


def _campaign_question(profile: AccessProfile, rows: AccessQuerySet) -> Question:
    number = rows.count()
    return Question(
        title=_("Be kundene om endringen"),
        consequences=[
            _("%(n)s kunder mangler noe av profilen. Så mange spørres som en kampanje.") % {"n": number},
            _("Ingen blir spurt før du har sett over kampanjen og bekreftet den."),
        ],
        button=_("Lag kampanjen"),
        trail=_trail(profile),
    )


def _campaign(request: StaffRequest, profile: AccessProfile, rows: AccessQuerySet) -> HttpResponse:
    """To the campaign that asks all customers who lack something of the profile, once it is confirmed."""
    customers = Customer.objects.filter(accesses__in=rows).distinct()
    decided = ordering.Settings(name=profile.name, profile=profile, purpose=Campaign.Purpose.CHANGE)
    asked = gathering.of_customers(customers.order_by("sort_name", "pk"))
    where: dict[str, Any] = {"user": request.user, "environment": request.environment, "at": timezone.now()}
    made = ordering.make(settings=decided, rows=asked, **where)
    enqueue.enqueue_on_commit(tasks.run_campaigns)
    return redirect("campaign", environment=request.environment, pk=made.pk)


def _trail(profile: AccessProfile) -> list[tuple[str, str]]:
    where = {"environment": profile.system.environment}
    return [
        (profile.system.name_nb, reverse("system", kwargs={**where, "pk": profile.system_id})),
        (profile.name, reverse("profile", kwargs={**where, "system": profile.system_id, "pk": profile.pk})),
    ]


def _question(profile: AccessProfile, rows: AccessQuerySet) -> Question:
    rows = rows.select_related("customer", "profile__system")
    number = rows.count()
    few = list(rows[:SHOWN])
    wanted = [changes.difference(row) for row in few]
    added = sorted({each for one in wanted for each in [*one.required_rights, *one.required_packages]})
    names = [f"{row.customer.name} ({row.customer.orgnr})" for row in few]
    return Question(
        title=_("Be kundene om endringen"),
        consequences=[
            _("Hver kunde får en forespørsel i Altinn om å gi det som mangler: %(what)s.") % {"what": ", ".join(added)},
            _("Det de har godkjent før, virker som før, også om de ikke svarer eller sier nei."),
            _("Lenken hver kunde har fra før, viser hva de har gitt og hva som kommer i tillegg."),
        ],
        button=ngettext("Spør %(n)s kunde", "Spør %(n)s kunder", number) % {"n": number},
        trail=_trail(profile),
        word=word_in(profile.system.environment),
        affected_title=_("Disse blir spurt:"),
        affected=[*names, "…"] if number > len(names) else names,
    )
