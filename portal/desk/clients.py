"""Klienter: the clients of one accountant, what can be sent for them, and those that are no customers yet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.http import require_GET, require_POST

from accounts.guard import StaffRequest, staff_page
from accounts.services.portfolio_filter import in_portfolio, portfolio_select
from portal.core import enqueue
from portal.core.environments import Environment
from portal.core.filters import Group
from portal.core.heartbeat import is_working
from portal.core.lists import Column, ListPage, Nothing, Select
from portal.core.search import row_id
from portal.desk.context import shell_of
from portal.explain import explain
from submissions.services import catalogue
from submissions.services.catalogue import Service
from systemusers import tasks
from systemusers.forms import TakeInForm
from systemusers.models import Access, ClientRelation, ClientRelationQuerySet, ClientRound, Kind
from systemusers.models.client_relation import CHOSEN
from systemusers.services import client_relations
from systemusers.services.client_relations.export import export
from systemusers.services.client_relations.guidance import guidance_mail
from systemusers.services.client_relations.listing import (
    COLOURS,
    LACKING,
    READY,
    UNSURE,
    ClientRow,
    client_row,
    find_clients,
    groups,
    summary,
)
from systemusers.services.next_step import next_step
from systemusers.services.offered import names_of


@dataclass(frozen=True)
class Row:
    """A client, and the names of the services that can be sent for it."""

    client: ClientRow
    services: list[str]


@dataclass(frozen=True)
class Sendable:
    """How many of the clients a service can be sent for."""

    name: str
    clients: int


@dataclass(frozen=True)
class Share:
    """A part of the bar, in whole hundredths."""

    colour: str
    start: int
    width: int


def _shares(numbers: dict[str, int]) -> list[Share]:
    """How many of those who are there are ready, lack a package, and are unsure."""
    shares, start = [], 0
    for code in (READY, LACKING, UNSURE):
        width = round(100 * numbers[code] / max(1, numbers["present"]))
        shares.append(Share(COLOURS[code], start, width))
        start += width
    return shares


def find(request: StaffRequest, pk: int) -> Access:
    rows = Access.objects.visible_to(request.user).filter(environment=request.environment, profile__kind=Kind.AGENT)
    return get_object_or_404(rows.loaded().select_related("client_round"), pk=pk)


class Clients(ListPage[StaffRequest, ClientRelationQuerySet]):
    template = "desk/clients.html"
    title = lazy("Klienter")
    search_label = lazy("Søk på navn eller organisasjonsnummer")
    columns = (
        Column(lazy("Klient"), "name", ("name", "pk")),
        Column(lazy("Kan sendes")),
        Column(lazy("Sist sett")),
        Column(lazy("Tilstand")),
        Column(lazy("Neste steg")),
    )
    order = ("name", "pk")
    always = ("ready", "lacking", "strangers")

    def __init__(self, request: StaffRequest, access: Access) -> None:
        super().__init__(request)
        self.access = access
        self.portfolio = request.GET.get("portfolio", "")
        self.reports = catalogue.reports(catalogue.local(request.environment))

    def find(self) -> ClientRelationQuerySet:
        rows = find_clients(access=self.access, user=self.request.user, text=self.text)
        return in_portfolio(rows, self.portfolio)

    def groups(self) -> list[Group]:
        return groups(self.access)

    @cached_property
    def question(self) -> list[Any]:
        return [*super().question, self.access.packages]

    @cached_property
    def selects(self) -> list[Select]:
        return [portfolio_select(self.request.user, self.request.GET)]

    def rows(self, found: list[ClientRelation]) -> list[Row]:
        access, language = self.access, (get_language() or "nb")[:2]
        known = names_of(access.environment, access.packages, language=language)
        return [_row(relation, access, self.reports, known) for relation in found]


@staff_page()
def clients(request: StaffRequest, pk: int) -> HttpResponse:
    access = find(request, pk)
    shown = Clients(request, access)
    everything = find_clients(access=access, user=request.user)
    step = next_step(access, at=shown.at, working=shown.is_working)
    shown.nothing = Nothing(_("0 klienter"), step.text)
    round_: ClientRound | None = getattr(access, "client_round", None)
    vendor = shell_of(request).vendor
    of_services = {f"service_{n}": _is_of(one) for n, one in enumerate(shown.reports)}
    numbers = summary(access=access, rows=everything, also={**of_services, "moving": CHOSEN})
    context = {
        "access": access, "state": shown.chosen, "step": step, "round": round_,
        "numbers": numbers, "shares": _shares(numbers), "services": _services(numbers, shown.reports),
        "problem": explain(round_.problem_code) if round_ and round_.problem_code else None,
        "moving": numbers["moving"],
        "sandbox_url": _sandbox_page(request),
        "form": TakeInForm(user=request.user), "mailto": guidance_mail(access, everything, vendor=vendor.name if vendor else ""),
    }  # fmt: skip
    return shown.respond(context=context)


def _sandbox_page(request: StaffRequest) -> str:
    """Where the accountant's part is played in the sandbox; "" in the other environments."""
    return f"{settings.SANDBOX_URL}/control#system-users" if request.environment == Environment.SANDBOX else ""


def _row(relation: ClientRelation, access: Access, reports: list[Service], known: dict[str, str]) -> Row:
    usable = relation.gone_at is None and access.status in Access.USABLE
    names = [one.name for one in reports if usable and catalogue.gives(relation, one)]
    return Row(client_row(relation, access, known=known), names)


def _is_of(service: Service) -> Q:
    """Clients for which the service can be sent."""
    given = Q(packages__has_any_keys=list(service.packages)) | Q(resources__has_any_keys=list(service.resources))
    return Q(gone_at__isnull=True) & given


def _services(numbers: Mapping[str, int], reports: list[Service]) -> list[Sendable]:
    """For how many clients each of the services can be sent."""
    named = [Sendable(one.name, numbers[f"service_{n}"]) for n, one in enumerate(reports)]
    return [one for one in named if one.clients]


@staff_page(may="may_work")
@require_POST
def refresh(request: StaffRequest, pk: int) -> HttpResponse:
    """Ask Altinn at the next chance."""
    access = find(request, pk)
    client_relations.ask_now(access=access, by=request.user.actor, at=timezone.now())
    enqueue.enqueue_on_commit(tasks.refresh_clients)
    messages.success(request, _("Klientene hentes fra Altinn nå. Last siden på nytt om litt."))
    return redirect("clients", environment=request.environment, pk=pk)


@staff_page(may="may_work")
@require_POST
def take_in(request: StaffRequest, pk: int) -> HttpResponse:
    """Let a worker make customers of those that were picked, or of all."""
    access, form = find(request, pk), TakeInForm(request.POST, user=request.user)
    rows = _picked(request, access)
    if not form.is_valid():
        messages.error(request, " ".join(str(text) for texts in form.errors.values() for text in texts))
    elif rows is None:
        messages.error(request, _("Velg minst én klient."))
    else:
        _choose(request, access, rows, form.cleaned_data["portfolio"])
    return redirect(f"{request.path.removesuffix('take-in/')}?state=strangers")


def _picked(request: StaffRequest, access: Access) -> ClientRelationQuerySet | None:
    rows = ClientRelation.objects.filter(access=access).unknown()
    if request.POST.get("all"):
        return rows
    ids = [pk for pk in map(row_id, request.POST.getlist("client")) if pk is not None]
    return rows.filter(pk__in=ids) if ids else None


def _choose(request: StaffRequest, access: Access, rows: ClientRelationQuerySet, portfolio: Any) -> None:
    number = client_relations.choose(
        access=access, rows=rows, portfolio=portfolio, by=request.user.actor, at=timezone.now()
    )
    if not number:
        messages.info(request, _("Ingen av dem ventet lenger. Noen andre kan ha vært her først."))
        return
    enqueue.enqueue_on_commit(tasks.take_in_clients)
    text = ngettext("%(n)s klient legges til som kunde.", "%(n)s klienter legges til som kunder.", number)
    if is_working(at=timezone.now()):
        messages.success(request, text % {"n": number})
    else:
        messages.warning(request, text % {"n": number} + " " + _("Det skjer når portalen arbeider igjen."))


@staff_page()
@require_GET
def download(request: StaffRequest, pk: int) -> HttpResponse:
    """The list as the filter shows it, for the accountant."""
    access = find(request, pk)
    rows = Clients(request, access).filtered.order_by(*Clients.order)
    content = export(access=access, rows=rows, by=request.user.actor, at=timezone.now())
    response = HttpResponse(content, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="klienter-{access.customer.orgnr}.csv"'
    return response
