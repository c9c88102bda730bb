"""What happened, in order: the same events as webhooks bring, for whoever would rather ask."""

from __future__ import annotations

from typing import Annotated, Any

from django.db.models import Max, Min, Q, QuerySet
from django.utils.translation import gettext as _
from ninja import Query, Router
from pydantic import AfterValidator, Field

from accounts.models import Customer, Scope
from portal.api.problems import Problem
from portal.api.security import Call, OAuth2
from portal.api.shapes import Moment, Shape, one_of
from portal.api.validation import refused
from portal.core.feed import publish
from portal.core.feed.event import FeedEvent, Type
from portal.core.webhooks import bodies

router = Router(tags=["events"])
READ = OAuth2(Scope.EVENTS_READ)
LARGEST = 2**63 - 1


class EventFilters(Shape):
    """`after`: the `next` of the answer before; "" begins with the oldest that is kept."""

    after: Annotated[str, Field(max_length=19, pattern=r"^[0-9]*$")] = ""
    limit: Annotated[int, Field(ge=1, le=500)] = 100
    type: Annotated[
        str, AfterValidator(one_of(["", *Type.values])), Field(json_schema_extra={"enum": ["", *Type.values]})
    ] = ""


class EventShape(Shape):
    """A CloudEvent 1.0. `subject` is the address of the row below `/api/v1/`, where there is one; `sequence` its place."""

    specversion: str
    id: str
    type: str
    source: str
    subject: str
    time: Moment
    datacontenttype: str
    data: dict[str, Any]
    sequence: str


class EventPage(Shape):
    """`next` is where to go on, also when nothing is new or a filter hides all: what comes later is always behind it."""

    items: list[EventShape]
    next: str
    has_more: bool


@router.get("/events", auth=READ, response=EventPage, operation_id="list_events", summary="What happened, in order")
def list_events(request: Call, filters: Query[EventFilters]) -> EventPage:
    """At least once each, about customers that the integration sees. They are kept for 30 days, or as the operator says.

    A cursor behind which something is deleted answers 410, and so does one that was never given, as after a restore of the
    database: read the states, and go on from `oldest`.
    """
    after, newest = _cursor(filters.after), _newest()
    rows = FeedEvent.objects.filter(environment=request.auth.environment, position__gt=after, position__lte=newest)
    rows = _seen(request, rows.filter(type=filters.type) if filters.type else rows)
    found = list(rows.order_by("position")[: filters.limit + 1])
    items = [EventShape(**bodies.body_of(event)) for event in found[: filters.limit]]
    if has_more := len(found) > len(items):
        return EventPage(items=items, next=items[-1].sequence, has_more=has_more)
    return EventPage(items=items, next=str(max(after, newest) or ""), has_more=has_more)


def _cursor(text: str) -> int:
    """Raises Problem."""
    after = int(text or 0)
    if after > LARGEST:
        raise refused("after", _("Bruk next fra forrige side, uendret."))
    oldest = FeedEvent.objects.aggregate(oldest=Min("position"))["oldest"] or 0
    begin = max(oldest - 1, 0)
    if text and after < begin:
        raise Problem("CURSOR_TOO_OLD", oldest=str(begin))
    if after > publish.last_given():
        raise Problem("CURSOR_UNKNOWN", oldest=str(begin))
    return after


def _newest() -> int:
    """The place up to which everything has been told, whoever it is for: a cursor moves on past what a filter hides.

    Read before the rows: what gets its place meanwhile comes next time.
    """
    return FeedEvent.objects.aggregate(newest=Max("position"))["newest"] or 0


def _seen(request: Call, rows: QuerySet[FeedEvent]) -> QuerySet[FeedEvent]:
    caller = request.auth
    if caller.sees_all_customers:
        return rows
    seen = Customer.objects.visible_to(caller).values("pk")
    return rows.filter(Q(customer_id_ref=None) | Q(customer_id_ref__in=seen))
