"""Two persons for one act: the first proposes what was shown, a second one approves or refuses exactly that.

Which acts take two is in TWO_PERSONS. The service that does the act asks `check`, whatever page it is called from.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, models, transaction
from django.db.models import Q, QuerySet

from accounts.models import Capability, Charge, Proposal, User
from accounts.models.proposal import NEEDS, RULES
from accounts.services import proposal_mails, ways_in
from accounts.services.actors import ids_of
from portal.core.audit import record, target_of
from portal.core.audit_events import AuditType
from portal.core.environments import Environment
from portal.core.states import LostRace

Kind, Status = Proposal.Kind, Proposal.Status
LONGEST_REASON = 500
HANGS = timedelta(minutes=10)
"""An approved act that nobody has said anything of for so long was left by a process that stopped: it waits again."""
TASK = "task:"
BY = f"{TASK}oversee"


class NeedsSecondPerson(Exception):
    """The vendor has decided that this takes two persons, and no second one has approved it."""


class NotSecondPerson(Exception):
    """The person proposed it, or would get what it gives, or may not do such a thing, or may be whoever proposed it: see `ways_in`."""


class HasChanged(Exception):
    """What would be done is not what was proposed any more."""


class NoReason(ValueError):
    """A reason is required."""


class AlreadyProposed(Exception):
    """The same act stands already. `pk`: of the proposal."""

    def __init__(self, pk: int) -> None:
        super().__init__(f"proposal {pk} stands")
        self.pk = pk


@dataclass(frozen=True)
class Shown:
    """What the first person saw, as plain values: kept with the proposal."""

    title: str
    consequences: list[str]
    edits: list[tuple[str, str, str]] = field(default_factory=list)
    affected_title: str = ""
    affected: list[str] = field(default_factory=list)


def is_needed(kind: str, environment: str) -> bool:
    places = settings.TWO_PERSONS.get(RULES[kind], frozenset())
    return environment in places if environment else bool(places)


def check(kind: Proposal.Kind, *, environment: str, target: models.Model, by: str, approved: Proposal | None) -> None:
    """The gate of a service: raises NeedsSecondPerson. `approved` is what a second person has approved.

    Tasks and commands of the operator pass: no member of staff is behind them.
    """
    if not is_needed(kind, environment) or by.startswith(TASK):
        return
    is_this = approved is not None and (approved.kind, approved.target) == (kind, target_of(target))
    if not is_this or approved is None or approved.status != Status.APPROVED or approved.answered_by != by:
        raise NeedsSecondPerson(f"{kind} of {target_of(target)} takes two persons")


def propose(
    *,
    kind: Proposal.Kind,
    environment: str,
    target: models.Model,
    about: str,
    params: dict[str, Any],
    ground: str,
    shown: Shown,
    by: str,
    at: datetime,
) -> Proposal:
    """Ask a second person. Raises AlreadyProposed."""
    row = Proposal(
        kind=kind, environment=environment, target=target_of(target), about=about[:200], params=params, ground=ground,
        shown=shown.__dict__, status_at=at, proposed_by=by, proposed_at=at,
        expires_at=at + timedelta(days=settings.TWO_PERSONS_DAYS),
    )  # fmt: skip
    try:
        with transaction.atomic():
            row.save()
            record(by=by, at=at, target=row, what=AuditType.PROPOSED, act=str(kind), concerns=row.target)
            first = User.objects.filter(pk__in=ids_of([by])).first()
            if first is not None:
                able = seconds(kind, environment=environment, user=first, target=target, params=params, at=at)
                proposal_mails.asked(proposal=row, able=able, at=at)
    except IntegrityError as error:
        standing = Proposal.objects.filter(kind=kind, target=row.target, status__in=Proposal.STANDING).first()
        if standing is None:
            raise
        raise AlreadyProposed(standing.pk) from error
    return row


def approve(*, proposal: Proposal, user: User, ground: str, at: datetime) -> None:
    """OPEN -> APPROVED, before the act is done. `ground` is of what would be done now, which the second person was shown.

    Raises NotSecondPerson, LostRace when it is over, and HasChanged, also when the first person may not do such a thing any more:
    the proposal falls away then.
    """
    check_second(proposal, user, at=at)
    if proposal.status == Status.OPEN and proposal.expires_at <= at:
        raise LostRace(f"proposal {proposal.pk} has expired")
    if ground != proposal.ground or not _is_still_able(proposal):
        _end(proposal, Status.VOID, by=user.actor, at=at, answered_by=user.actor)
        raise HasChanged(f"proposal {proposal.pk} is not what would be done now")
    ordered = {"ordered_by": proposal.proposed_by}
    proposal.move_to(Status.APPROVED, by=user.actor, at=at, what=ordered, answered_by=user.actor, problem_code="")


def _is_still_able(proposal: Proposal) -> bool:
    """Whether the first person is still here, and may still do such a thing."""
    first = User.objects.filter(pk__in=ids_of([proposal.proposed_by]), is_active=True).first()
    return first is not None and proposal.is_for(first)


def note_done(*, proposal: Proposal, at: datetime) -> None:
    """After the act. Raises LostRace."""
    _end(proposal, Status.DONE, by=proposal.answered_by, at=at)


def _end(proposal: Proposal, status: str, *, by: str, at: datetime, **fields: Any) -> None:
    """Whoever proposed it is told. Raises LostRace."""
    with transaction.atomic():
        proposal.move_to(status, by=by, at=at, **fields)
        proposal_mails.over(proposal=proposal, at=at)


def note_failed(*, proposal: Proposal, code: str, at: datetime) -> None:
    """The act was not done: it waits again, and can be approved again. Raises LostRace."""
    proposal.move_to(
        Status.OPEN, by=proposal.answered_by, at=at, what={"code": code[:100]}, answered_by="", problem_code=code[:100]
    )


def note_changed(*, proposal: Proposal, at: datetime) -> None:
    """The service itself found that what was approved is not so any more: nothing was done. Raises LostRace."""
    _end(proposal, Status.VOID, by=proposal.answered_by, at=at)


def refuse(*, proposal: Proposal, user: User, reason: str, at: datetime) -> None:
    """Raises NotSecondPerson, NoReason, LostRace."""
    check_second(proposal, user, at=at)
    reason = cleaned_reason(reason)
    _end(proposal, Status.REFUSED, by=user.actor, at=at, answered_by=user.actor, reason=reason)


def withdraw(*, proposal: Proposal, user: User, at: datetime) -> None:
    """By whoever proposed it. Raises LostRace."""
    if proposal.proposed_by not in user.actors:
        raise LostRace(f"proposal {proposal.pk} is another person's")
    proposal.move_to(Status.WITHDRAWN, by=user.actor, at=at)


def cleaned_reason(reason: str) -> str:
    """As it is stored. Raises NoReason."""
    reason = reason.strip()[:LONGEST_REASON]
    if not reason:
        raise NoReason
    return reason


def is_second_person(by: str, firsts: set[int], *, at: datetime) -> bool:
    """Whether `by` is a member of staff, none of those who came first, and nobody whom one of them could be acting as.

    People are compared by their key: an address changes.
    """
    known = ids_of([by])
    if not known or known & firsts:
        return False
    return ways_in.is_apart(known, firsts, settled_at=at)


def gets_it(*, kind: str, target: str, params: Mapping[str, Any], user: User) -> bool:
    """Whether it gives something to this person, who is then no second one."""
    return (kind == Kind.RIGHTS_GIVEN and target == target_of(user)) or (
        kind == Kind.SUBSTITUTE_NAMED and user.pk in (params.get("substitute"), _pk_in(target))
    )


def _pk_in(target: str) -> int:
    return int(target.rpartition(":")[2])


def check_second(proposal: Proposal, user: User, *, at: datetime) -> None:
    """Raises NotSecondPerson."""
    firsts = ids_of([proposal.proposed_by])
    is_receiver = gets_it(kind=proposal.kind, target=proposal.target, params=proposal.params, user=user)
    if is_receiver or not proposal.is_for(user) or not is_second_person(user.actor, firsts, at=at):
        raise NotSecondPerson(f"proposal {proposal.pk}: {user.actor} is not a second person")


def may_answer(proposal: Proposal, user: User, *, at: datetime) -> bool:
    try:
        check_second(proposal, user, at=at)
    except NotSecondPerson:
        return False
    return True


def seen_by(*, user: User, environment: Environment) -> QuerySet[Proposal]:
    """Those that the person could do themselves, here or for the installation, and their own."""
    able = [kind for kind, needs in NEEDS.items() if _has(user, needs, environment)]
    if not user.within(environment).sees_all_customers:
        able = [kind for kind in able if kind != Kind.CUSTOMERS_ASKED]  # a campaign is seen by its owner, else whole
    return Proposal.objects.filter(
        Q(kind__in=able) | Q(proposed_by__in=user.actors), environment__in=[str(environment), ""]
    )


def _has(user: User, needs: Capability | Charge, environment: str) -> bool:
    return user.has_charge(needs) if isinstance(needs, Charge) else user.may(needs, environment)


def waiting(*, user: User, environment: Environment, at: datetime) -> QuerySet[Proposal]:
    """Those that the person may answer."""
    rows = seen_by(user=user, environment=environment).filter(status=Status.OPEN, expires_at__gt=at)
    mine = Q(kind=Kind.RIGHTS_GIVEN, target=target_of(user)) | Q(
        Q(target=target_of(user)) | Q(params__substitute=user.pk), kind=Kind.SUBSTITUTE_NAMED
    )
    return rows.exclude(proposed_by__in=user.actors).exclude(mine)


def seconds(
    kind: Proposal.Kind, *, environment: str, user: User, target: models.Model, params: Mapping[str, Any], at: datetime
) -> list[User]:
    """Who could approve what `user` proposes, by name. As many queries for a hundred colleagues as for one."""
    needs = NEEDS[kind]
    if isinstance(needs, Charge):
        able = User.objects.filter(is_active=True, charges__charge=needs)
    else:
        able = User.objects.who_may(needs, environment)
    if kind == Kind.CUSTOMERS_ASKED:
        able = able.filter(grants__environment=environment, grants__sees_all_customers=True)
    rows = able.filter(invited_at__isnull=True).exclude(pk=user.pk).distinct().order_by("name", "pk")
    others = [each for each in rows if not gets_it(kind=kind, target=target_of(target), params=params, user=each)]
    apart = ways_in.apart([each.pk for each in others], [user.pk], settled_at=at)
    return [each for each in others if each.pk in apart]


def standing(target: models.Model) -> Proposal | None:
    """The one that waits about this row, if any."""
    rows = Proposal.objects.filter(target=target_of(target), status__in=Proposal.STANDING)
    return rows.first() if settings.TWO_PERSONS else None


def end_old(*, at: datetime) -> int:
    """What nobody answered in time is over, and what a process left in the middle waits again. Returns how many were ended."""
    ended = 0
    for row in Proposal.objects.filter(status=Status.APPROVED, status_at__lte=at - HANGS):
        try:
            row.move_to(Status.OPEN, by=BY, at=at, what={"code": "LEFT"}, answered_by="", problem_code="LEFT")
        except LostRace:
            continue
    for row in Proposal.objects.filter(status=Status.OPEN, expires_at__lte=at):
        try:
            _end(row, Status.EXPIRED, by=BY, at=at)
        except LostRace:
            continue
        ended += 1
    return ended
