"""Til godkjenning: what waits for a second person, and one such proposal, shown as it would be done now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.guard import StaffRequest, staff_page
from accounts.models import Proposal
from accounts.second_person import SHOWN, Act, Deed, Gone
from accounts.services import proposals
from accounts.services.actors import names_of, person
from portal.core.forms import ConfirmForm
from portal.core.problems import code_of
from portal.core.states import IllegalTransition, LostRace
from portal.desk.second.deeds import DEEDS

Status = Proposal.Status
RECENT = timedelta(days=90)
MOST = 100
"""Answered ones that are listed."""
HAS_CHANGED = lazy("Noe er endret siden forslaget ble laget, så ingenting er gjort. Det må foreslås på nytt.")


@dataclass(frozen=True)
class Row:
    proposal: Proposal
    by: str
    answered_by: str


def _rows(found: list[Proposal]) -> list[Row]:
    names = names_of(by for row in found for by in (row.proposed_by, row.answered_by))
    return [Row(row, person(row.proposed_by, names), person(row.answered_by, names)) for row in found]


@staff_page(anywhere=True)
@require_safe
def waiting(request: StaffRequest) -> HttpResponse:
    at, user, environment = timezone.now(), request.user, request.environment
    mine = proposals.waiting(user=user, environment=environment, at=at).order_by("proposed_at", "pk")
    seen = proposals.seen_by(user=user, environment=environment)
    standing = seen.filter(status__in=Proposal.STANDING).exclude(pk__in=mine.values("pk"))
    over = seen.exclude(status__in=Proposal.STANDING).filter(status_at__gte=at - RECENT).order_by("-status_at", "-pk")
    context = {
        "mine": _rows(list(mine)), "standing": _rows(list(standing)), "over": _rows(list(over[:MOST])),
        "days": RECENT.days,
    }  # fmt: skip
    return render(request, "desk/second/waiting.html", context)


def _find(request: StaffRequest, pk: int) -> Proposal:
    return get_object_or_404(proposals.seen_by(user=request.user, environment=request.environment), pk=pk)


@staff_page(anywhere=True, factor=True)
@require_http_methods(["GET", "HEAD", "POST"])
def one(request: StaffRequest, pk: int) -> HttpResponse:
    """What would be done now; whoever may answer approves exactly that, and it is done at once."""
    row = _find(request, pk)
    deed = DEEDS[row.kind]
    act, problem = _act_now(request, row, deed)
    if act is None or request.method != "POST":
        return _page(request, row, act, problem=problem)
    if request.POST.get(SHOWN) != act.question.shown:
        messages.warning(request, _("Noe er endret siden du leste siden. Se over på nytt."))
        return _page(request, row, act, problem="")
    form = ConfirmForm(request.POST, word=act.question.word)
    if not form.is_valid():
        return _page(request, row, act, problem="", form=form)
    return _approve(request, row, deed, act)


def _act_now(request: StaffRequest, row: Proposal, deed: Deed) -> tuple[Act | None, str]:
    """None, and why, when it is answered or cannot be shown now."""
    if row.status != Status.OPEN:
        return None, ""
    try:
        return deed.act(row, request.user), ""
    except Gone:
        return None, _("Det forslaget gjelder, finnes ikke lenger slik det var. Det kan ikke gjøres.")
    except Exception as error:
        return None, deed.sentence(error)


def _approve(request: StaffRequest, row: Proposal, deed: Deed, act: Act) -> HttpResponse:
    user, shown = request.user, act.question.shown
    try:
        proposals.approve(proposal=row, user=user, ground=shown, at=timezone.now())
    except proposals.NotSecondPerson:
        messages.error(request, _("Du kan ikke godkjenne dette selv. En annen må svare."))
        return _to(request, row)
    except proposals.HasChanged:
        messages.warning(request, HAS_CHANGED)
        return _to(request, row)
    except (LostRace, IllegalTransition):
        messages.warning(request, _("Forslaget er besvart eller gått ut i mellomtiden."))
        return _to(request, row)
    _do(request, row, deed)
    return _to(request, row)


def _do(request: StaffRequest, row: Proposal, deed: Deed) -> None:
    changed: tuple[type[Exception], ...] = (Gone, *deed.changed)
    try:
        deed.do(row, request.user, timezone.now())
    except changed:
        proposals.note_changed(proposal=row, at=timezone.now())
        messages.warning(request, HAS_CHANGED)
    except Exception as error:
        proposals.note_failed(proposal=row, code=code_of(error), at=timezone.now())
        messages.error(request, deed.sentence(error))
    else:
        proposals.note_done(proposal=row, at=timezone.now())
        messages.success(request, _("Godkjent og gjort."))


def _page(
    request: StaffRequest, row: Proposal, act: Act | None, *, problem: str, form: ConfirmForm | None = None
) -> HttpResponse:
    """`has_changed`: what would be done now is not what was proposed."""
    at, question = timezone.now(), act.question if act else None
    is_open = row.status == Status.OPEN and row.expires_at > at
    may_answer = is_open and proposals.may_answer(row, request.user, at=at)
    has_changed = question is not None and question.shown != row.ground
    context: dict[str, Any] = {
        "row": _rows([row])[0], "proposal": row, "question": question, "problem": problem, "is_open": is_open,
        "may_answer": may_answer, "is_mine": row.proposed_by in request.user.actors, "has_changed": has_changed,
        "form": form or ConfirmForm(None, word=question.word if question else ""),
        "url": DEEDS[row.kind].page(row, request.environment),
    }  # fmt: skip
    return render(request, "desk/second/one.html", context, status=422 if form and form.errors else 200)


def _to(request: StaffRequest, row: Proposal) -> HttpResponse:
    return redirect("proposal", environment=request.environment, pk=row.pk)


@staff_page(anywhere=True, factor=True)
@require_POST
def refuse(request: StaffRequest, pk: int) -> HttpResponse:
    row = _find(request, pk)
    try:
        proposals.refuse(proposal=row, user=request.user, reason=request.POST.get("reason", ""), at=timezone.now())
    except proposals.NoReason:
        messages.error(request, _("Skriv hvorfor det ikke skal gjøres."))
    except proposals.NotSecondPerson:
        messages.error(request, _("Du kan ikke svare på dette selv. En annen må svare."))
    except (LostRace, IllegalTransition):
        messages.warning(request, _("Forslaget er besvart eller gått ut i mellomtiden."))
    else:
        messages.success(request, _("Ikke godkjent. Ingenting er gjort, og grunnen står på forslaget."))
    return _to(request, row)


@staff_page(anywhere=True)
@require_POST
def withdraw(request: StaffRequest, pk: int) -> HttpResponse:
    row = _find(request, pk)
    try:
        proposals.withdraw(proposal=row, user=request.user, at=timezone.now())
    except (LostRace, IllegalTransition):
        messages.warning(request, _("Forslaget er besvart eller gått ut i mellomtiden."))
    else:
        messages.success(request, _("Forslaget er trukket. Ingenting er gjort."))
    return _to(request, row)
