"""Katalog: what Altinn says can be given, what it opens, and which of our systems ask for it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from django.contrib import messages
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.http import require_POST

from accounts.guard import StaffRequest, staff_page
from portal.core import enqueue
from portal.core.filters import Group, chips, in_group
from portal.core.htmx import page_or_fragment
from portal.core.paging import paginate
from portal.core.search import search_text
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


@staff_page()
def offered_list(request: StaffRequest) -> HttpResponse:
    text, group = search_text(request), request.GET.get("group", "")
    matching = Offered.objects.filter(environment=request.environment)
    if text:
        matching = matching.filter(_named(text))
    groups = [Group("opens", OPENS, Q(code__in=_opening())), *GROUPS]
    rows = in_group(matching, groups, group)
    using = _systems(request.environment)
    page = paginate(rows, query=request.GET, order=("kind", "code")).of(lambda entry: _row(entry, using))
    context = {
        "page": page, "q": text, "group": group,
        "chips": chips(matching, groups, query=request.GET, parameter="group"),
        "round": OfferedRound.objects.filter(environment=request.environment).first(),
    }  # fmt: skip
    return page_or_fragment(request, "desk/offered.html", "results", context=context)


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
