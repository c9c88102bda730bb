"""The page before an act that may take two persons: it asks once and lets the act be done, or puts it to a colleague."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.db import models
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.guard import StaffRequest
from accounts.models import Proposal, User
from accounts.services import proposals
from portal.core import confirm
from portal.core.confirm import Fields, Question
from portal.core.states import IllegalTransition, LostRace

SHOWN = "shown"


@dataclass(frozen=True)
class Act:
    """What is to be done. `question` shows all of it, and its token `shown` is bound to what it shows.

    `params`: what the act needs beside the target, as plain values. `is_small`: too small to take two, whatever the rule says.
    """

    kind: Proposal.Kind
    environment: str
    target: models.Model
    about: str
    question: Question
    params: dict[str, Any] = field(default_factory=dict)
    is_small: bool = False

    @property
    def takes_two(self) -> bool:
        return not self.is_small and proposals.is_needed(self.kind, self.environment)


def ask_first(request: StaffRequest, act: Act, *, hidden: Fields = ()) -> HttpResponse | None:
    """As `confirm.ask_first`. Where two persons are required, what is confirmed is proposed, and None is never the answer."""
    if not act.takes_two:
        return confirm.ask_first(request, act.question, hidden=hidden)
    if standing := proposals.standing(act.target):
        messages.info(request, _("En kollega er spurt om dette allerede."))
        return to_proposal(request, standing.pk)
    given = request.POST.get(SHOWN, "")
    if given and given != act.question.shown:
        messages.warning(request, _("Noe er endret siden du leste siden. Se over på nytt."))
    asked = replace(act.question, button=_("Be en kollega om å godkjenne"), note=_who(request, act), alternative=None)
    page = confirm.ask_first(request, asked, is_bound=given == asked.shown, hidden=hidden)
    return page or propose(request, act)


def propose(request: StaffRequest, act: Act) -> HttpResponse:
    """Store what was confirmed, and show it as the colleague will see it."""
    try:
        made = put(act, by=request.user.actor, at=timezone.now()).pk
    except proposals.AlreadyProposed as error:
        messages.info(request, _("En kollega er spurt om dette allerede."))
        made = error.pk
    else:
        messages.success(request, _("Ingenting er gjort ennå. Det blir gjort når en kollega har godkjent det."))
    return to_proposal(request, made)


def put(act: Act, *, by: str, at: datetime) -> Proposal:
    """To a colleague. Raises proposals.AlreadyProposed."""
    question = act.question
    shown = proposals.Shown(
        question.title, question.consequences, question.edits, question.affected_title, question.affected
    )
    return proposals.propose(
        kind=act.kind, environment=act.environment, target=act.target, about=act.about, params=act.params,
        ground=question.shown, shown=shown, by=by, at=at,
    )  # fmt: skip


def to_proposal(request: StaffRequest, pk: int) -> HttpResponse:
    return redirect("proposal", environment=request.environment, pk=pk)


def _who(request: StaffRequest, act: Act) -> str:
    able = proposals.seconds(
        act.kind,
        environment=act.environment,
        user=request.user,
        target=act.target,
        params=act.params,
        at=timezone.now(),
    )
    if not able:
        return _(
            "Dette krever to personer, og ingen andre hos dere kan godkjenne det nå. Gi en kollega det som trengs først. Den"
            " du selv har invitert, må en tredje bekrefte på kollegaens side under Folk."
        )
    names = ", ".join(map(str, able[:5])) + (" …" if len(able) > 5 else "")
    return _("Dette krever to personer. Disse kan godkjenne: %(names)s.") % {"names": names}


class Gone(Exception):
    """What the proposal is about is not there any more, or the person does not see it."""


@dataclass(frozen=True)
class Deed:
    """How acts of one kind are shown again as they would be done now, and done by the second person.

    `act` may ask outside, and raises Gone, or what `sentence` knows. `do` raises what `sentence` knows; one of `changed` says that the
    ground has changed. `sentence` raises an error that is no answer to a person. `page` is where the target is, in an environment.
    """

    act: Callable[[Proposal, User], Act]
    do: Callable[[Proposal, User, datetime], None]
    sentence: Callable[[Exception], str]
    page: Callable[[Proposal, str], str]
    changed: tuple[type[Exception], ...] = (LostRace, IllegalTransition)
