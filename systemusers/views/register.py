"""Systemer beside Altinn's register: take over what is there, and bring a system and its entry together.

Both pages ask Altinn in the HTTP request. Nothing is written there but what was shown and confirmed.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from accounts import second_person
from accounts.guard import StaffRequest, staff_page
from accounts.models import Proposal
from accounts.services.proposals import is_needed
from portal.core.confirm import ask_first
from portal.core.search import row_id
from systemusers.models import MaskinportenClient, System
from systemusers.services import system_register
from systemusers.services.system_register import Choice, Look
from systemusers.views.difference_rows import LineRow, counts, line_rows
from systemusers.views.proposed_systems import deletion, system_updated
from systemusers.views.system_words import label_of
from systemusers.views.systems import find, now, report, used_by

PAGE = "systemusers/system_diff.html"


@staff_page(may="may_configure")
@require_http_methods(["GET", "HEAD", "POST"])
def diff(request: StaffRequest, pk: int) -> HttpResponse:
    """The differences, a choice for each, and what will be written. A POST that confirms exactly what was shown is done."""
    row = find(request, pk)
    try:
        if request.POST.get("act") == "confirm":
            return _confirm(request, row)
        return _shown(request, row)
    except system_register.DeletedInAltinn as error:
        return _deleted(request, row, error)


def _shown(request: StaffRequest, row: System) -> HttpResponse:
    seen = report(request, lambda: system_register.look_at(system=row, **now(request)), passes=DELETED)
    return _page(request, seen) if seen else redirect("system", environment=request.environment, pk=row.pk)


DELETED = (system_register.DeletedInAltinn,)


def _confirm(request: StaffRequest, row: System) -> HttpResponse:
    given = {name: value for name, value in request.POST.items() if value in set(Choice)}
    if _digest(given) != request.POST.get("shown"):
        messages.info(request, _("Valgene er endret. Se over hva som skrives, og bekreft en gang til."))
        return _shown(request, row)
    typed = {
        name.removeprefix("typed-"): str(value) for name, value in request.POST.items() if name.startswith("typed-")
    }
    seen = request.POST.get("seen", "")
    try:
        if is_needed(Proposal.Kind.SYSTEM_UPDATED, row.environment) and (
            answer := _propose(request, row, given, typed)
        ):
            return answer
        done = report(
            request,
            lambda: system_register.settle(system=row, seen=seen, choices=given, typed=typed, **now(request)),
            passes=DELETED,
        )
    except system_register.ChangedMeanwhile as error:
        messages.warning(
            request, _("Noe ble endret etter at siden ble vist. Ingenting er skrevet. Her er forskjellene nå.")
        )
        return _page(request, error.look, status=409)
    except system_register.NotTyped as error:
        return _untyped(request, row, error.keys)
    if done:
        messages.success(request, _result(done))
    return redirect("system", environment=request.environment, pk=row.pk)


def _propose(request: StaffRequest, row: System, given: dict[str, str], typed: dict[str, str]) -> HttpResponse | None:
    """To a colleague, when something is to be written to Altinn. Raises ChangedMeanwhile, NotTyped, DeletedInAltinn."""
    look = report(request, lambda: system_register.look_at(system=row, **now(request)), passes=DELETED)
    if look is None:
        return redirect("system", environment=request.environment, pk=row.pk)
    if look.seen != request.POST.get("seen", ""):
        raise system_register.ChangedMeanwhile(look)
    choices = look.choices(given)
    system_register.check_typed(look, choices, typed)
    act = system_updated(look, choices, typed)
    return second_person.propose(request, act) if act.takes_two else None


def _result(done: system_register.Settled) -> str:
    if done.written:
        text = ngettext("%(n)s endring er skrevet til Altinn.", "%(n)s endringer er skrevet til Altinn.", done.written)
        return text % {"n": done.written}
    return _("Dere har det samme som Altinn nå. Ingenting er skrevet der.")


def _untyped(request: StaffRequest, row: System, missing: set[str]) -> HttpResponse:
    seen = report(request, lambda: system_register.look_at(system=row, **now(request)), passes=DELETED)
    if seen is None:
        return redirect("system", environment=request.environment, pk=row.pk)
    return _page(request, seen, missing=missing, status=422)


def _page(request: StaffRequest, seen: Look, *, missing: set[str] | None = None, status: int = 200) -> HttpResponse:
    sent = request.POST if request.method == "POST" else request.GET
    choices = seen.choices(sent.dict(), all_of=sent.get("all", ""))
    rows = [replace(row, typed=sent.get(f"typed-{row.key}", ""), is_missing=row.key in (missing or ()))
            for row in line_rows(seen, choices)]  # fmt: skip
    context = {
        "system": seen.system,
        "using": used_by(seen.system.environment).get(seen.system.pk, 0),
        "groups": _groups(rows),
        "total": len(rows),
        "written": [row for row in rows if row.is_written],
        "removed": [row for row in rows if row.is_removal],
        "kept": len(rows) - len(seen.written(choices)),
        "counts": counts(seen, choices),
        "same": [label_of(name) for name in seen.same],
        "entry": json.dumps(seen.entry(choices).as_json(), indent=2, ensure_ascii=False),
        "seen": seen.seen,
        "shown": _digest(choices),
    }
    return render(request, PAGE, context, status=status)


def _digest(choices: Any) -> str:
    """Of what was shown as chosen: a confirmation of other choices is shown first."""
    return hashlib.sha256(json.dumps(sorted((k, str(v)) for k, v in choices.items())).encode()).hexdigest()


def _groups(rows: list[LineRow]) -> list[tuple[str, str, list[LineRow]]]:
    """Title, explanation and rows of each side that has any."""
    side = system_register.Side
    titles = [
        (side.THEIRS, _("Bare i Altinn"), _("fjernes det, mister kunder noe med en gang")),
        (side.CHANGED, _("Ulikt"), ""),
        (side.OURS, _("Bare i portalen"), _("legges til i oppføringen")),
    ]
    groups = [(title, text, [row for row in rows if row.side == which]) for which, title, text in titles]
    return [group for group in groups if group[2]]


def _deleted(request: StaffRequest, row: System, error: Exception) -> HttpResponse:
    """Altinn has deleted it: what is left is to say so here, with the customers who have lost their access."""
    if row.status != System.Status.REGISTERED:
        messages.error(request, system_register.why(error))
        return redirect("system", environment=request.environment, pk=row.pk)
    question = replace(
        deletion(row, request.user),
        consequences=[
            _("Systemet er slettet i Altinn. Kundene har mistet tilgangen, og id-en kan aldri brukes igjen.")
        ],
        button=_("Merk som slettet her"),
    )
    page = ask_first(request, question)
    if page is not None:
        return page
    report(request, lambda: system_register.note_deletion(system=row, **now(request)))
    return redirect("system", environment=request.environment, pk=row.pk)


@dataclass(frozen=True)
class FoundRow:
    """A system of the register in the list."""

    found: system_register.Found
    url: str

    @property
    def numbers(self) -> dict[str, int]:
        theirs = self.found.theirs
        return {"clients": len(theirs.client_ids), "rights": len(theirs.rights), "packages": len(theirs.packages)}


@staff_page(may="may_configure")
@require_http_methods(["GET", "HEAD", "POST"])
def take_over(request: StaffRequest) -> HttpResponse:
    """What the register has for us. `client` asks, `system` is one of them."""
    sent = request.POST if request.method == "POST" else request.GET
    clients = system_register.clients_for_register(request.environment)
    client = next((row for row in clients if str(row.pk) == sent.get("client")), None)
    context: dict[str, Any] = {"clients": clients, "client": client, "rows": None}
    if client and sent.get("system"):
        return _one(request, client, sent["system"], context)
    if client:
        found = report(request, lambda: system_register.list_systems(client=client, **now(request)))
        context["rows"] = None if found is None else [FoundRow(one, _address(request, client, one)) for one in found]
    return render(request, "systemusers/system_import.html", context)


def _address(request: StaffRequest, client: MaskinportenClient, found: system_register.Found) -> str:
    where = {"environment": request.environment}
    if found.row:
        name = "system" if found.is_known else "system-diff"
        return reverse(name, kwargs={**where, "pk": found.row.pk})
    return reverse("system-import", kwargs=where, query={"client": client.pk, "system": found.theirs.system_id})


def _one(request: StaffRequest, client: MaskinportenClient, system_id: str, context: dict[str, Any]) -> HttpResponse:
    if request.method == "POST":
        return _take(request, client, system_id)
    found = report(request, lambda: system_register.find_system(client=client, system_id=system_id, **now(request)))
    if found is None:
        return redirect("system-import", environment=request.environment)
    if found.row:
        return redirect(_address(request, client, found))
    ours = MaskinportenClient.objects.filter(environment=request.environment, orgnr=client.orgnr).order_by("name")
    signing = system_register.suggest_signing(found.theirs, environment=request.environment) or client
    context |= {"found": found.theirs, "ours": ours, "signing": signing}
    return render(request, "systemusers/system_import_one.html", context)


def _take(request: StaffRequest, client: MaskinportenClient, system_id: str) -> HttpResponse:
    ours = MaskinportenClient.objects.filter(environment=request.environment)
    signing = get_object_or_404(ours, pk=row_id(request.POST.get("signing", "")) or 0)
    row = report(
        request,
        lambda: system_register.import_system(client=client, signing=signing, system_id=system_id, **now(request)),
    )
    if row is None:
        return redirect("system-import", environment=request.environment)
    messages.success(request, _("Systemet er tatt over slik det er. Ingenting er skrevet i Altinn."))
    return redirect("system", environment=request.environment, pk=row.pk)
