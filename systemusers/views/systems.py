"""Systemer: our systems and profiles, registered, updated, compared and deleted in Altinn.

Calls are made in the HTTP request.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, TypeVar

from django.conf import settings
from django.contrib import messages
from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts import second_person
from accounts.guard import StaffRequest, staff_page
from portal.core import counting
from portal.core.lease import ROUNDS_BEFORE_A_PERSON
from portal.core.next_step import NextStep
from portal.core.stale import EditedMeanwhile
from portal.core.states import IllegalTransition, LostRace
from portal.explain import explain
from systemusers.forms import ProfileForm, SystemForm
from systemusers.models import (
    Access,
    AccessProfile,
    Difference,
    DriftValue,
    Kind,
    MaskinportenClient,
    System,
    SystemRound,
)
from systemusers.services import changes, choices, offered, system_register, timeline
from systemusers.views import proposed_systems
from systemusers.views.system_words import label_of, sentences

T = TypeVar("T")
Act = Callable[[StaffRequest, System], None]
DRAFT, REGISTERED = System.Status.DRAFT, System.Status.REGISTERED


def mine(request: StaffRequest) -> Any:
    rows = System.objects.filter(environment=request.environment).select_related("client", "admin_client")
    return rows.prefetch_related("rounds").order_by("status", "name_nb")


def used_by(environment: str) -> dict[int, int]:
    """How many customers use each system, by its key. Large numbers are kept for a minute."""
    rows = Access.objects.filter(environment=environment, status__in=Access.USABLE).order_by()
    return dict(counting.whole(rows.values_list("profile__system").annotate(n=Count("pk")), of=1))


def find(request: StaffRequest, pk: int) -> System:
    row: System = get_object_or_404(mine(request), pk=pk)
    return row


@staff_page()
def systems(request: StaffRequest) -> HttpResponse:
    using = used_by(request.environment)
    rows = [SystemRow(system=row, step=step_of(row), using=using.get(row.pk, 0)) for row in mine(request)]
    has_client = MaskinportenClient.objects.filter(environment=request.environment).exists()
    return render(request, "systemusers/systems.html", {"systems": rows, "has_client": has_client})


@dataclass(frozen=True)
class SystemRow:
    """A system in the list. `using`: the number of customers that use it."""

    system: System
    step: NextStep
    using: int


def step_of(system: System) -> NextStep:
    """The next thing to do with a system; no queries when its rounds were loaded."""
    url = reverse("system", kwargs={"environment": system.environment, "pk": system.pk})
    if system.status == DRAFT:
        return NextStep(_("Registrer i Altinn"), _("Dere"), url)
    if system.drift:
        return NextStep(_("Altinn har noe annet enn dere. Se forskjellene"), _("Dere"), url)
    if system.status == REGISTERED and (stuck := _stuck_round(system)):
        reason = explain(stuck.problem_code)
        return NextStep(str(reason.title), str(reason.who), url)
    done = _("Slettet, kan ikke tas tilbake") if system.status != REGISTERED else _("Alt i orden")
    return NextStep(done)


def _stuck_round(system: System) -> SystemRound | None:
    """One that failed so often in a row that a person must look."""
    return next((row for row in system.rounds.all() if row.failures >= ROUNDS_BEFORE_A_PERSON), None)


@staff_page()
def system(request: StaffRequest, pk: int) -> HttpResponse:
    row = find(request, pk)
    stuck, asked = _stuck_round(row), _asked(row)
    context = {
        "system": row,
        "problem": explain(stuck.problem_code) if stuck else None,
        "step": step_of(row),
        "drift": [_difference(entry) for entry in row.drift],
        "using": used_by(request.environment).get(row.pk, 0),
        "profiles": [(one, asked.get(one.pk, 0)) for one in row.profiles.order_by("name")],
        "is_unknown": system_register.is_unknown(row.drift),
        "events": timeline.of_system(row),
    }
    return render(request, "systemusers/system.html", context)


@dataclass(frozen=True)
class DifferenceRow:
    """A difference as lines to read."""

    label: str
    ours: list[str]
    theirs: list[str]


def _difference(entry: Difference) -> DifferenceRow:
    return DifferenceRow(label=label_of(entry["field"]), ours=_lines(entry["ours"]), theirs=_lines(entry["theirs"]))


def _lines(value: DriftValue) -> list[str]:
    """A stored value as lines to read; none when there is nothing."""
    if isinstance(value, bool):
        return [_("Ja") if value else _("Nei")]
    if value is None:
        return [_("Finnes ikke")]
    words = {"deleted": _("Slettet")}
    return [words.get(line, line) for line in ([value] if isinstance(value, str) else value) if line]


@staff_page(may="may_configure")
def edit(request: StaffRequest, pk: int | None = None) -> HttpResponse:
    """A new system, or a change to one. A registered one is sent to Altinn at once."""
    row = find(request, pk) if pk else None
    if row and row.status == System.Status.DELETED:
        return redirect("system", environment=request.environment, pk=row.pk)
    initial = {} if row else {"redirect_urls": [f"{settings.PORTAL_URL}/return"]}
    form = SystemForm(request.POST or None, instance=row, environment=request.environment, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            system_register.save_system(system=form.instance, **now(request), seen=form.seen)
        except system_register.SystemProblems as problems:
            form.show(problems)
        except EditedMeanwhile as error:
            form.show_edited(error)
        else:
            return _saved(request, form.instance)
    context = {"form": form, "system": row}
    return render(request, "systemusers/system_form.html", context, status=422 if form.errors else 200)


def _saved(request: StaffRequest, row: System) -> HttpResponse:
    """Nothing is sent. Of a registered system the differences to Altinn are shown next."""
    if not row.signs_for_customers:
        messages.warning(
            request, _("Klienten som signerer, er ikke blant klient-id-ene. Da får dere ikke token for kundene.")
        )
    if row.status == REGISTERED and row.drift:
        messages.info(request, _("Lagret her, ikke sendt til Altinn. Se hva som endres der før dere sender."))
        return redirect("system-diff", environment=request.environment, pk=row.pk)
    messages.success(request, _("Lagret."))
    return redirect("system", environment=request.environment, pk=row.pk)


def report(request: StaffRequest, call: Callable[[], T], *, passes: tuple[type[Exception], ...] = ()) -> T | None:
    """Make a call to Altinn and show its errors as messages; None after an error. Those in `passes` are raised."""
    try:
        return call()
    except passes:
        raise
    except Exception as error:
        level = messages.WARNING if isinstance(error, LostRace | IllegalTransition) else messages.ERROR
        for sentence in sentences(error):
            messages.add_message(request, level, sentence)
    return None


def act(view: Act) -> Callable[..., HttpResponse]:
    """A POST that makes a call to Altinn about one system."""

    @staff_page(may="may_configure")
    @require_POST
    @wraps(view)
    def guarded(request: StaffRequest, pk: int) -> HttpResponse:
        row = find(request, pk)
        report(request, lambda: view(request, row))
        return redirect("system", environment=request.environment, pk=pk)

    return guarded


def now(request: StaffRequest) -> dict[str, Any]:
    return {"by": request.user.actor, "at": timezone.now()}


@staff_page(may="may_configure")
@require_POST
def register_now(request: StaffRequest, pk: int) -> HttpResponse:
    """When Altinn has the id already, nothing is written there: the page of the differences is next."""
    row = find(request, pk)
    try:
        report(request, lambda: _register(request, row))
    except system_register.IdTaken:
        messages.warning(
            request, _("Altinn har et system med denne id-en. Ta det over slik det er, eller velg hva som skal endres.")
        )
        return redirect("system-diff", environment=request.environment, pk=pk)
    return redirect("system", environment=request.environment, pk=pk)


def _register(request: StaffRequest, row: System) -> None:
    outcome = system_register.register_system(system=row, **now(request))
    if outcome == system_register.Pushed.ADOPTED:
        messages.info(request, _("Altinn hadde systemet fra før, og det er likt det dere har her."))
    if row.profiles.exists():
        messages.success(request, _("Systemet er registrert i Altinn. Nå kan dere be kunder om tilgang."))
    else:
        messages.success(
            request, _("Systemet er registrert i Altinn. Lag en profil, så kan dere be kunder om tilgang.")
        )


@act
def compare(request: StaffRequest, row: System) -> None:
    """Compare now, and copy the register's own change log."""
    drift = system_register.compare_now(system=row, **now(request))
    if drift:
        messages.warning(request, _("Altinn har noe annet enn dere. Forskjellene står under."))
    else:
        messages.success(request, _("Altinn har det samme som dere."))


@staff_page(may="may_configure")
@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: StaffRequest, pk: int) -> HttpResponse:
    """Shows the affected customers, and requires typing the id."""
    row = find(request, pk)
    if row.status == REGISTERED:
        page = second_person.ask_first(request, proposed_systems.system_deleted(row, request.user))
        if page is not None:
            return page
        report(request, lambda: _delete(request, row, request.POST["typed"]))
    return redirect("system", environment=request.environment, pk=pk)


def _delete(request: StaffRequest, row: System, typed: str) -> None:
    system_register.delete_system(system=row, typed=typed, **now(request))
    messages.success(request, _("Systemet er slettet i Altinn."))


def _asked(row: System) -> dict[int, int]:
    """How many customers were asked with each profile, by its key. Large numbers are kept for a minute."""
    rows = Access.objects.filter(profile__system=row).order_by()
    return dict(counting.whole(rows.values_list("profile").annotate(n=Count("pk")), of=1))


def _using(row: AccessProfile | None) -> int:
    """How many accesses in use a change of the profile concerns."""
    return counting.total_of(row.accesses.filter(status__in=Access.USABLE)) if row else 0


@staff_page(may="may_configure")
def profile(request: StaffRequest, system: int, pk: int | None = None) -> HttpResponse:
    owner = find(request, system)
    row = get_object_or_404(AccessProfile, pk=pk, system=owner) if pk else None
    form = ProfileForm(request.POST or None, instance=row, system=owner)
    if request.method == "POST" and form.is_valid():
        try:
            system_register.save_profile(profile=form.instance, **now(request), seen=form.seen)
        except system_register.SystemProblems as problems:
            form.show(problems)
        except EditedMeanwhile as error:
            form.show_edited(error)
        else:
            messages.success(request, _("Profilen er lagret. Den gjelder for kunder dere spør fra nå av."))
            return redirect("system", environment=request.environment, pk=owner.pk)
    is_asked = row is not None and row.kind != Kind.AGENT
    affected = changes.affected(row).visible_to(request.user).count() if row and is_asked else 0
    context = {
        "form": form, "system": owner, "profile": row, "affected": affected, "using": _using(row),
        "unfit": [entry.name(choices.language()) for entry in offered.unfit(row)] if row else [],
    }  # fmt: skip
    return render(request, "systemusers/profile_form.html", context, status=422 if form.errors else 200)


__all__ = ["compare", "delete", "edit", "profile", "register_now", "system", "systems"]
