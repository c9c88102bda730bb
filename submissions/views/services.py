"""Tjenester: every service of Skatteetaten, what each needs, and the switch that turns it on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from functools import cached_property
from itertools import groupby
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.http import require_POST

from accounts.guard import StaffRequest, staff_page
from portal.core.counting import Number
from portal.core.environments import Environment
from portal.core.lists import Column, Link, ListPage
from portal.core.paging import Page
from submissions.adapters import ADAPTERS
from submissions.services import catalogue, production_start
from submissions.services.catalogue import Service
from submissions.services.entries import Group
from submissions.services.local import CannotTurnOn, is_possible, switch, switch_approval
from submissions.services.readiness import Answer, Needs, Standing, State, ours, reach, standing, standings
from systemusers.services.choices import named

HEADINGS = {
    Group.A_ORDNINGEN: lazy("A-ordningen"),
    Group.SALARY: lazy("Lønn"),
    Group.SHAREHOLDERS: lazy("Aksjonærregisteret"),
    Group.THIRD_PARTY: lazy("Tredjepartsopplysninger"),
    Group.PRIMARY_INDUSTRY: lazy("Primærnæring"),
    Group.TAX: lazy("Skatt og merverdiavgift"),
    Group.LETTERS: lazy("Brev og dialoger"),
    Group.PAYMENTS: lazy("Krav og betalinger"),
    Group.OTHER: lazy("Annet"),
}
STATES = {
    State.ON: (lazy("På"), "success"),
    State.LACKS: (lazy("Mangler noe"), "warning"),
    State.OFF: (lazy("Av"), "neutral"),
    State.BUILT_IN: (lazy("Innebygd"), "success"),
    State.CLOSED: (lazy("Ikke åpen her"), "neutral"),
    State.PERSON: (lazy("Noen må gjøre noe"), "warning"),
    State.NOT_FOR_SYSTEMBRUKER: (lazy("Ikke for systembruker"), "neutral"),
    State.NOT_PUBLIC: (lazy("Ikke klar"), "neutral"),
}


class Services(ListPage[StaffRequest, Any]):
    """Of the catalogue, not of the database: all on one page, grouped by subject."""

    template = "submissions/services.html"
    title = lazy("Tjenester")
    parent = Link("connection", lazy("Tilkobling"))
    search_label = lazy("Søk etter navn, skjema eller scope")
    columns = (
        Column(lazy("Tjeneste")),
        Column(lazy("Måte")),
        Column(lazy("Mangler")),
        Column(lazy("Hos Skatteetaten")),
        Column(lazy("Tilstand")),
    )

    @cached_property
    def found(self) -> list[Standing]:
        return [one for one in standings(self.request.environment) if _matches(one.service, self.text)]

    @cached_property
    def page(self) -> Page[dict[str, Any]]:
        shown = [one for one in self.found if not self.chosen or one.state == self.chosen]
        return Page.of_all(
            [
                {"heading": HEADINGS[group], "rows": [_row(one) for one in rows]}
                for group, rows in groupby(shown, key=lambda one: one.service.group)
            ]
        )

    @cached_property
    def number(self) -> Number:
        return Number(sum(len(group["rows"]) for group in self.page))

    def sizes(self) -> list[tuple[int, str]]:
        return []

    def chips(self) -> list[dict[str, Any]]:
        return _chips(self.found, self.request.GET, self.chosen)


@staff_page()
def services(request: StaffRequest) -> HttpResponse:
    shown = Services(request)
    checked = max((one.service.checked for one in shown.found), default=None)
    return shown.respond(context={"checked": checked})


def _matches(service: Service, text: str) -> bool:
    words = " ".join(
        [*service.names.values(), service.official, service.form, *service.scopes, *service.resources, service.id]
    ).casefold()
    return all(word in words for word in text.casefold().split())


def _row(one: Standing) -> dict[str, Any]:
    label, colour = STATES[one.state]
    lacking = [text for text, answer in _named(one.needs) if answer == Answer.NO]
    is_unknown = Answer.UNKNOWN in dict(_named(one.needs)).values()
    return {
        "standing": one, "service": one.service, "label": label, "colour": colour, "way": way(one.service),
        "lacking": ", ".join(lacking), "is_unknown": is_unknown,
    }  # fmt: skip


def _named(needs: Needs) -> list[tuple[str, Answer]]:
    return [(_("scope"), needs.scope), (_("rettighet i et system"), needs.right), (_("tilgangsprofil"), needs.profile)]


def _chips(found: Iterable[Standing], query: QueryDict, chosen: str) -> list[dict[str, Any]]:
    counted = Counter(one.state for one in found)
    everything = [("", _("Alle"), counted.total())]
    states = [(state.value, STATES[state][0], counted[state]) for state in STATES if counted[state] or state == chosen]
    chips = []
    for code, label, count in everything + states:
        changed = query.copy()
        changed["state"] = code
        chips.append({"label": label, "count": count, "query": changed.urlencode(), "is_current": code == chosen})
    return chips


def way(service: Service) -> str:
    """How it is sent, in a word or two."""
    return {
        "gld_json": _("JSON"),
        "rf1086": _("XML i tre trinn"),
        "amelding": _("JSON"),
        "upload_xml": _("XML-fil som lastes opp"),
        "upload_json": _("JSON-fil som lastes opp"),
        "dialog_upload": _("Filer i dialogen"),
        "altinn_app": _("XML-fil som en person bekrefter i Altinn"),
        "": "–",
    }.get(service.adapter, _("Bestill og hent"))


@staff_page()
def service(request: StaffRequest, service: str) -> HttpResponse:
    entry, settings = _entry(service), catalogue.local(request.environment)
    one = standing(entry, settings, ours(request.environment))
    label, colour = STATES[one.state]
    context = {
        "service": entry, "standing": one, "label": label, "colour": colour, "way": way(entry),
        "setting": settings.settings.get(entry.id), "is_on": settings.is_on(entry), "needs_approval": settings.needs_approval(entry),
        "is_possible": is_possible(entry),
        "is_sent": entry.adapter in ADAPTERS, "deadline": _deadline(entry, settings), "heading": HEADINGS[entry.group],
        "openness": [(Environment(key), value, entry.address(key)) for key, value in entry.environments.items()],
        "packages": named(request.environment, entry.packages),
        "megabytes": entry.max_file_bytes / 10**6, "has_schema": _schema(entry) is not None,
        "reach": reach(entry, user=request.user, environment=request.environment),
        "start": production_start.find_start(entry.id) if request.environment == Environment.PRODUCTION else None,
        "is_production": request.environment == Environment.PRODUCTION,
    }  # fmt: skip
    return render(request, "submissions/service.html", context)


def _entry(service: str) -> Service:
    try:
        return catalogue.service(service)
    except catalogue.UnknownService:
        raise Http404 from None


def _deadline(entry: Service, settings: catalogue.Local) -> str:
    """In words; "" when it is unknown."""
    rule = settings.deadline(entry)
    if rule is None:
        return ""
    if not rule.month:
        return _("Den %(day)s. i måneden etter") % {"day": rule.day}
    return _("%(day)s.%(month)s. året etter") % {"day": rule.day, "month": rule.month}


@staff_page(may="may_configure")
@require_POST
def turn(request: StaffRequest, service: str) -> HttpResponse:
    """Turn a service on or off in this environment."""
    entry, on = _entry(service), request.POST.get("on") == "yes"
    try:
        switch(service=entry, environment=request.environment, on=on, by=request.user.actor, at=timezone.now())
    except CannotTurnOn:
        messages.error(request, entry.reason or _("Portalen kan ikke sende denne tjenesten."))
    else:
        done = _("%(service)s er slått på.") if on else _("%(service)s er slått av. Det som er sendt, følges fortsatt.")
        messages.success(request, done % {"service": entry.name})
    return redirect("service", environment=request.environment, service=entry.id)


@staff_page(may="is_administrator")
@require_POST
def turn_approval(request: StaffRequest, service: str) -> HttpResponse:
    """Require the approval of a second person for the service in this environment, or no longer."""
    entry, on = _entry(service), request.POST.get("on") == "yes"
    try:
        switch_approval(service=entry, environment=request.environment, on=on, by=request.user.actor, at=timezone.now())
    except CannotTurnOn:
        messages.error(request, _("Slå på tjenesten først."))
    else:
        done = (
            _("%(service)s sendes først når en annen har godkjent.")
            if on
            else _("%(service)s sendes uten godkjenning.")
        )
        messages.success(request, done % {"service": entry.name})
    return redirect("service", environment=request.environment, service=entry.id)


def _schema(entry: Service) -> dict[str, Any] | None:
    found = ADAPTERS.get(entry.adapter)
    return found.schema(entry.options) if found else None


@staff_page()
def schema(request: StaffRequest, service: str) -> HttpResponse:
    """The JSON Schema of the service's files, for those who make them."""
    found = _schema(_entry(service))
    if found is None:
        raise Http404
    reply = JsonResponse(found, json_dumps_params={"ensure_ascii": False, "indent": 2})
    reply["Content-Disposition"] = f'attachment; filename="{service}.schema.json"'
    return reply
