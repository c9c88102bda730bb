"""The reports that wait for a second person, as that person sees them together: each with its facts and what was confirmed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cache

from django.db.models import Q, QuerySet

from accounts.models import Capability, User
from accounts.services.actors import names_of, person
from accounts.services.proposals import is_second_person
from portal.core.environments import Environment
from submissions.models import Approval, Submission
from submissions.services import catalogue
from submissions.services.drafting import checking
from submissions.services.drafting.preflight import preflight, token
from submissions.services.sending.queue import first_actors, needs_approval, persons_behind

MOST, MOST_READ = 50, 200
"""On one page, and read to find them."""
LOADED = ("customer", "access__profile__system__client", "access__customer", "answers", "approval", "package_check")
"""What the check of a report asks of it."""


@dataclass(frozen=True)
class ToApprove:
    """`token` is of exactly what is shown, as on the page of the draft."""

    submission: Submission
    service_name: str
    asked_by: str
    asked_at: datetime
    token: str
    facts: list[tuple[str, str]]
    questions: list[str]


def waiting(*, user: User, environment: Environment) -> QuerySet[Submission]:
    """Those of customers that the person sees."""
    seen = Submission.objects.visible_to(user).current().filter(environment=environment)
    return seen.filter(approvable(user, environment))


def approvable(user: User, environment: Environment) -> Q:
    """Those that the person neither asked about nor changed the files of."""
    if not user.may(Capability.WORK, environment):
        return Q(pk__in=())
    own = Q(approval__asked_by__in=user.actors) | Q(package_check__requested_by__in=user.actors)
    return Approval.UNANSWERED & ~own


def to_approve(*, user: User, environment: Environment, at: datetime) -> list[ToApprove]:
    """What the person may approve now, the oldest question first. One that is void is left out."""
    asked = waiting(user=user, environment=environment).select_related(*LOADED)
    rows = list(asked.order_by("approval__asked_at", "pk")[:MOST_READ])
    names, settings = names_of(row.approval.asked_by for row in rows), catalogue.local(environment)
    may_approve = cache(lambda actors: is_second_person(user.actor, persons_behind(actors), at=at))
    found: list[ToApprove] = []
    for row in rows:
        if len(found) == MOST:
            break
        result = preflight(row, settings=settings)
        shown = token(row, result)
        if row.approval.token != shown or not needs_approval(row, settings=settings):
            continue
        changed = getattr(row, "package_check", None)
        actors = first_actors(row, asked=row.approval.asked_by, changed=changed.requested_by if changed else None)
        if not may_approve(actors):  # a few people have asked for all of them
            continue
        found.append(
            ToApprove(
                row,
                catalogue.name_of(row.service),
                person(row.approval.asked_by, names),
                row.approval.asked_at,
                shown,
                checking.summary(row),
                [text for _code, text in result.questions],
            )
        )
    return found
