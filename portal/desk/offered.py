"""Katalog: what Altinn says can be given, what it opens, and which of our systems ask for it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.http import require_POST

from accounts.guard import StaffRequest, staff_page
from portal.core import enqueue
from portal.core.exports import Field
from portal.core.filters import Group
from portal.core.lists import Column, Link, ListPage, Nothing
from submissions.services import catalogue
from systemusers import tasks
from systemusers.models import Offered, OfferedRound, System
from systemusers.services import choices, offered

OPENS = lazy("Åpner en tjeneste")
GROUPS = [
    Group("packages", lazy("Tilgangspakker"), Q(kind="PACKAGE", gone_at=None)),
    Group("resources", lazy("Enkeltrettigheter"), Q(kind="RESOURCE", gone_at=None)),
    Group("agent", lazy("For klienter"), Q(use__in=["AGENT", "BOTH"], gone_at=None)),
    Group("changed", lazy("Endret"), Q(changed_at__isnull=False)),
    Group("gone", lazy("Trukket tilbake"), Q(gone_at__isnull=False)),
]


@dataclass(frozen=True)
class Row:
    """An entry with its name in the reader's language, the services that it opens, and the systems that have it."""

    entry: Offered
    name: str
    former_name: str
    services: list[str]
    systems: list[str]


class OfferedList(ListPage[StaffRequest, QuerySet[Offered]]):
    template = "desk/offered.html"
    title = lazy("Tilgangspakker og rettigheter")
    parent = Link("systems", lazy("Systemer"))
    search_label = lazy("Søk på navn eller kode")
    columns = (
        Column(lazy("Navn")),
        Column(lazy("Hvem den er for")),
        Column(lazy("Åpner")),
        Column(lazy("Systemer")),
    )
    order = ("kind", "code")
    nothing = Nothing(
        lazy("Listene er ikke hentet ennå"),
        lazy("De hentes hver natt, og når noen trykker «Hent fra Altinn nå»."),
    )
    parameter = "group"
    file_name = "tilgangspakker"
    fields = (
        Field(lazy("Kode"), lambda row: row.entry.code),
        Field(lazy("Navn"), lambda row: row.name),
        Field(lazy("Hvem den er for"), lambda row: row.entry.get_use_display()),
        Field(lazy("Åpner"), lambda row: ", ".join(row.services)),
        Field(lazy("Systemer"), lambda row: ", ".join(row.systems)),
    )

    def find(self) -> QuerySet[Offered]:
        rows = Offered.objects.filter(environment=self.request.environment)
        return rows.filter(_named(self.text)) if self.text else rows

    def groups(self) -> list[Group]:
        troubled = Q(pk__in=offered.troubled(self.request.environment, at=self.at).values("pk"))
        told = Group("troubled", lazy("Endret, og i bruk"), troubled, is_hidden=True)
        return [Group("opens", OPENS, Q(code__in=_opening())), *GROUPS, told]

    def rows(self, found: list[Offered]) -> list[Row]:
        using = _systems(self.request.environment)
        return [_row(entry, using) for entry in found]


@staff_page()
def offered_list(request: StaffRequest) -> HttpResponse:
    latest = OfferedRound.objects.filter(environment=request.environment).first()
    return OfferedList(request).respond(context={"round": latest})


def _opening() -> set[str]:
    """Codes of what opens a service of the catalogue."""
    return {code for one in catalogue.services() for code in (*one.resources, *one.packages)}


def _named(text: str) -> Q:
    """By code, or by the name in any language."""
    found = Q(code__icontains=text)
    for language in offered.LANGUAGES:
        found |= Q(**{f"names__{language}__icontains": text})
    return found


def _systems(environment: str) -> dict[str, list[str]]:
    using: dict[str, list[str]] = defaultdict(list)
    rows = System.objects.filter(environment=environment).exclude(status=System.Status.DELETED)
    for system in rows.order_by("name_nb"):
        for code in {*system.rights, *system.packages}:
            using[code].append(system.name_nb)
    return using


def _row(entry: Offered, using: dict[str, list[str]]) -> Row:
    language = choices.language()
    opened = [one.name for one in catalogue.services() if entry.code in one.resources or entry.code in one.packages]
    former = entry.former_names.get(language, "") if entry.former_names else ""
    return Row(entry, entry.name(language), former, sorted(opened), using.get(entry.code, []))


@staff_page(may="may_configure")
@require_POST
def read_now(request: StaffRequest) -> HttpResponse:
    """Read Altinn's lists at the next chance."""
    offered.read_soon(environment=request.environment, by=request.user.actor, at=timezone.now())
    enqueue.enqueue_on_commit(tasks.read_offered)
    messages.success(request, _("Listene hentes fra Altinn nå. Last siden på nytt om litt."))
    return redirect("offered", environment=request.environment)
