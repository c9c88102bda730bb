"""What we cannot follow: accesses whose dialogs we fail to read, and events that Altinn does not send us."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from accounts.models import User, followed
from portal.core.environments import Environment
from portal.core.lease import lasting_problems
from portal.explain import explain
from portal.explain.explanation import Explanation
from submissions.models import EventSubscription, PollCursor
from systemusers.models import Access

EVENTS = "events"


@dataclass(frozen=True)
class Row:
    """One access, for the page. `resource` is set for a subscription; `good_at` is the last time it went well."""

    access: Access
    resource: str
    problem: Explanation
    good_at: datetime | None
    next_attempt_at: datetime | None


def failing_cursors(rows: QuerySet[PollCursor]) -> QuerySet[PollCursor]:
    """Those that a person must look at, of accesses that are still usable."""
    return lasting_problems(rows.filter(followed("access__customer"), access__status__in=Access.USABLE))


def failing_subscriptions(rows: QuerySet[EventSubscription]) -> QuerySet[EventSubscription]:
    """Those that a person must look at, of accesses in use. A confirmed one is no problem."""
    return lasting_problems(
        rows.filter(
            followed("access__customer"),
            access__status=Access.Status.IN_USE,
            validated_at__isnull=True,
            ending_at__isnull=True,
        )
    )


def find_failing(*, user: User, environment: Environment, state: str) -> QuerySet[Any]:
    """Cursors, or with state `events` subscriptions, of customers visible to the user."""
    accesses = Access.objects.visible_to(user).filter(environment=environment)
    if state == EVENTS:
        subscriptions = EventSubscription.objects.filter(access__in=accesses)
        return failing_subscriptions(subscriptions).select_related("client", "access__customer", "access__profile")
    cursors = PollCursor.objects.filter(access__in=accesses)
    return failing_cursors(cursors).select_related("access__customer", "access__profile")


def row_of(stored: PollCursor | EventSubscription) -> Row:
    """The row of the page. No queries: the access is loaded."""
    problem = explain(stored.problem_code)
    if isinstance(stored, PollCursor):
        return Row(stored.access, "", problem, stored.polled_at, stored.next_attempt_at)
    about = stored.resource.rsplit(":", 1)[-1]
    return Row(
        stored.access,
        f"{about}, {stored.client.name}" if stored.client else about,
        problem,
        None,
        stored.next_attempt_at,
    )
