"""Funnet i Altinn: system users that were made elsewhere. A person chooses which become accesses; a worker makes them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from accounts.guard import StaffRequest, staff_page
from accounts.models import Customer, CustomerQuerySet
from portal.core import enqueue
from portal.core.exports import Field
from portal.core.filters import Group
from portal.core.lists import Column, ListPage, Nothing
from portal.core.search import row_id
from portal.explain import Explanation, explain
from systemusers import tasks
from systemusers.forms import TakeOverForm
from systemusers.models import FoundSystemUser, Kind, System
from systemusers.models.found import CHOSEN, WAITING, FoundSystemUserQuerySet
from systemusers.services import adoption
from systemusers.services.system_register import SystemProblems
from systemusers.views import access, systems

STATES = [
    Group("waiting", lazy("Venter på dere"), WAITING),
    Group("chosen", lazy("Skal overtas"), CHOSEN),
    Group("taken", lazy("Overtatt"), Q(access__isnull=False)),
    Group("ignored", lazy("Skal ikke følges"), Q(ignored_at__isnull=False, access=None, gone_at=None)),
    Group("gone", lazy("Borte i Altinn"), Q(gone_at__isnull=False, access=None)),
]

NOTHING_WAITS = Nothing(
    lazy("Ingenting venter"), lazy("Alle systembrukerne som Altinn har for systemet, følges allerede.")
)
NOT_FETCHED = Nothing(
    lazy("Listen er ikke hentet ennå"),
    lazy("Den hentes hver natt. Trykk «Hent fra Altinn nå» for å få den med en gang."),
)


@dataclass(frozen=True)
class Row:
    """One found system user; `customer` when the organisation is one already, and the person sees it."""

    found: FoundSystemUser
    customer: Customer | None
    problem: Explanation | None


class Found(ListPage[StaffRequest, FoundSystemUserQuerySet]):
    template = "systemusers/found.html"
    title = lazy("Funnet i Altinn")
    search_label = lazy("Søk på navn, organisasjonsnummer eller referanse")
    columns = (
        Column(lazy("Virksomhet"), "number", ("orgnr", "external_ref", "pk")),
        Column(lazy("Referanse")),
        Column(lazy("Type")),
        Column(lazy("Laget i Altinn")),
    )
    order = ("orgnr", "external_ref", "pk")
    default = "waiting"
    file_name = "funnet-i-altinn"
    fields = (
        Field(lazy("Organisasjonsnummer"), lambda row: row.found.orgnr),
        Field(lazy("Virksomhet"), lambda row: row.customer.name if row.customer else ""),
        Field(lazy("Referanse"), lambda row: row.found.external_ref),
        Field(lazy("Type"), lambda row: row.found.get_kind_display()),
        Field(lazy("Laget i Altinn"), lambda row: row.found.created_at),
    )
    always = ("waiting", "chosen")

    def __init__(self, request: StaffRequest, system: System) -> None:
        super().__init__(request)
        self.system = system
        self.nothing = NOTHING_WAITS if system.listed_at else NOT_FETCHED

    def find(self) -> FoundSystemUserQuerySet:
        return _matching(self.request, self.system, self.text)

    def groups(self) -> list[Group]:
        return STATES

    def rows(self, found: list[FoundSystemUser]) -> list[Row]:
        numbers = [row.orgnr for row in found]
        customers = _customers(self.request, self.system).filter(orgnr__in=numbers)
        known = {customer.orgnr: customer for customer in customers}
        return [
            Row(row, known.get(row.orgnr), explain(row.problem_code) if row.problem_code else None) for row in found
        ]


@staff_page(may="may_configure")
def found(request: StaffRequest, pk: int) -> HttpResponse:
    """The list, and the form that takes over or leaves those that were picked."""
    system = systems.find(request, pk)
    form = TakeOverForm(request.POST or None, system=system)
    if request.method == "POST" and form.is_valid():
        answer = _act(request, system, form)
        if answer is not None:
            return answer
    shown = Found(request, system)
    matching, state = shown.matching, shown.chosen
    context = {
        "system": system, "form": form, "state": state,
        "moving": matching.filter(CHOSEN).count(), "number": shown.filtered.count() if state == "waiting" else 0,
        "kinds": set(matching.filter(WAITING).values_list("kind", flat=True).distinct().order_by()),
    }  # fmt: skip
    return shown.respond(context=context, status=422 if form.errors else 200)


def _customers(request: StaffRequest, system: System) -> CustomerQuerySet:
    """Whose names the person sees, and may look for."""
    return Customer.objects.visible_to(request.user).filter(environment=system.environment)


def _matching(request: StaffRequest, system: System, text: str) -> FoundSystemUserQuerySet:
    rows = FoundSystemUser.objects.filter(system=system).select_related("access__customer")
    digits = "".join(character for character in text if character.isdigit())
    if not text:
        return rows
    by_number = Q(orgnr__startswith=digits) if len(digits) >= 3 else Q()
    named = _customers(request, system).matching(text).values("orgnr")
    return rows.filter(Q(external_ref__icontains=text) | by_number | Q(orgnr__in=named))


def _act(request: StaffRequest, system: System, form: TakeOverForm) -> HttpResponse | None:
    """Do what the pressed button says; None when a profile cannot be made, which the form then says."""
    rows = _picked(request, system)
    if rows is None:
        messages.error(request, _("Velg minst én systembruker."))
    elif request.POST.get("act") == "ignore":
        number = adoption.ignore(rows=rows, system=system, by=request.user.actor, at=timezone.now())
        _tell(
            request,
            number,
            ngettext("%(n)s systembruker skal ikke følges.", "%(n)s systembrukere skal ikke følges.", number),
        )
    elif request.POST.get("act") == "reconsider":
        number = adoption.reconsider(rows=rows, system=system, by=request.user.actor, at=timezone.now())
        _tell(
            request, number, ngettext("%(n)s systembruker venter igjen.", "%(n)s systembrukere venter igjen.", number)
        )
    else:
        try:
            number = _take_over(request, system, form, rows)
        except SystemProblems as problems:
            for texts in problems.fields.values():
                for text in texts:
                    form.add_error(None, text)
            return None
        text = ngettext("%(n)s systembruker overtas nå.", "%(n)s systembrukere overtas nå.", number)
        _tell(request, number, text + " " + _("Ingen kunder blir spurt."))
    return redirect(request.get_full_path())


def _tell(request: StaffRequest, number: int, text: str) -> None:
    if number:
        messages.success(request, text % {"n": number})
    else:
        messages.info(request, _("Ingen av dem ventet lenger. Noen andre kan ha vært her først."))


def _picked(request: StaffRequest, system: System) -> FoundSystemUserQuerySet | None:
    """The ticked rows, or all that the search and the state show; None without any."""
    if request.POST.get("all"):
        return Found(request, system).filtered
    ids = [pk for pk in map(row_id, request.POST.getlist("found")) if pk is not None]
    return FoundSystemUser.objects.filter(system=system, pk__in=ids) if ids else None


def _take_over(request: StaffRequest, system: System, form: TakeOverForm, rows: FoundSystemUserQuerySet) -> int:
    """Raises SystemProblems when the system has nothing that the kind may be given."""
    now: dict[str, Any] = {"by": request.user.actor, "at": timezone.now()}
    number = 0
    for name, kind in {"standard": Kind.STANDARD, "agent": Kind.AGENT}.items():
        if not rows.waiting().filter(kind=kind).exists():
            continue
        profile = form.cleaned_data[name] or adoption.default_profile(system=system, kind=kind, **now)
        number += adoption.take_over(rows=rows, profile=profile, adopts=form.cleaned_data["adopts"], **now)
    enqueue.enqueue_on_commit(tasks.take_over_system_users)
    return number


@staff_page(may="may_configure")
@require_POST
def fetch(request: StaffRequest, pk: int) -> HttpResponse:
    """Read Altinn's list at the next chance."""
    adoption.ask_for_list(system=systems.find(request, pk), by=request.user.actor, at=timezone.now())
    enqueue.enqueue_on_commit(tasks.reconcile_systems)
    messages.success(request, _("Listen hentes fra Altinn nå. Last siden på nytt om litt."))
    return redirect("found", environment=request.environment, pk=pk)


@staff_page(may="may_work")
@require_POST
def rights(request: StaffRequest, pk: int) -> HttpResponse:
    """Ask Altinn what the access may do."""
    row = access.find(request, pk)
    adoption.ask_for_rights(access=row, by=request.user.actor, at=timezone.now())
    enqueue.enqueue_on_commit(tasks.refresh_clients if row.profile.kind == Kind.AGENT else tasks.check_rights)
    messages.success(request, _("Altinn blir spurt om hva tilgangen gjelder. Last siden på nytt om litt."))
    return redirect("access", environment=request.environment, pk=pk)
