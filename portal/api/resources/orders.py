"""Orders: what is asked of an authority about a customer. Placed, listed, ordered again, and no longer waited for; answers are in
`answers`.
"""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import Query, Router, Status
from pydantic import AfterValidator, Field

from accounts.models import Customer, Scope
from portal.api.keyed import keyed
from portal.api.keyset import page_of
from portal.api.problems import Problem
from portal.api.resources import customers
from portal.api.resources.accesses import ExplainedProblem, explained
from portal.api.resources.services import OfferShape, offer_of, offered
from portal.api.security import Call, OAuth2
from portal.api.shapes import (
    CLEAN,
    EMAIL,
    Finding,
    IdempotencyKey,
    Moment,
    OfCustomers,
    Orgnr,
    Page,
    Shape,
    Since,
    one_of,
)
from portal.api.validation import refused
from portal.core import enqueue
from portal.core.filters import in_group
from portal.core.required import required
from portal.core.states import IllegalTransition, LostRace
from submissions import tasks
from submissions.adapters.base import About, Level
from submissions.adapters.base import Finding as AdapterFinding
from submissions.adapters.retrieval import Ask, Retrieval
from submissions.models import Order, OrderQuerySet
from submissions.period import Period, PeriodKind
from submissions.services import catalogue
from submissions.services.orders import making, pages
from submissions.services.orders.offers import askable

router = Router(tags=["orders"])
READ, WRITE = OAuth2(Scope.ORDERS_READ), OAuth2(Scope.ORDERS_WRITE)
STATUSES = list(Order.Status.values)
OrderStatus = Annotated[str, Field(json_schema_extra={"enum": STATUSES})]
MOST_PEOPLE = 50_000
GROUPS = [group.code for group in [*pages.GROUPS, pages.of_ended()]]
"""As on the page: `person` are those that somebody must look at."""


class OrderShape(Shape):
    """`status` is FETCHED when the answer is here. `problem` says what a person must look at; UNCERTAIN: it may have been placed."""

    reference: UUID
    orgnr: Orgnr
    service: str
    period: str
    status: OrderStatus
    status_text: str
    status_at: Moment
    created_at: Moment
    fetched_at: Moment | None
    problem: ExplainedProblem | None


class Line(Shape):
    label: str
    value: str


class OrderDetail(OrderShape):
    """`asked` and `facts` are what was asked for and what the answer has, in words and numbers, without any person.

    `formats`: the files that the answer can be fetched as. `detail`: the authority's own words of a refusal.
    """

    asked: list[Line]
    facts: list[Line]
    formats: list[str]
    detail: str


class OrderPlaced(OrderDetail):
    """`findings` are warnings: the order is placed all the same."""

    findings: list[Finding]


class Ordering(Shape):
    """`period` is the year for a service that has one, "" for the others. `kind`: one of the service's, "" for the usual one.

    `people` and the contact are for services that take a list.
    """

    orgnr: Orgnr
    service: Annotated[str, Field(max_length=100)]
    period: Annotated[str, Field(max_length=10, examples=["2026"])] = ""
    access: UUID | None = None
    kind: Annotated[str, Field(max_length=50)] = ""
    people: Annotated[
        list[Annotated[str, Field(pattern=r"^[0-9]{11}$")]],
        Field(
            max_length=MOST_PEOPLE,
            description="National identity numbers or D-numbers. Stored encrypted, and shown nowhere.",
        ),
    ] = []
    email: Annotated[str, Field(max_length=100), CLEAN, EMAIL] = ""
    mobile: Annotated[
        str, Field(pattern=r"^(\+[0-9]{8,15})?$", description="With the country, such as +4790000000.")
    ] = ""


class OrderFilters(OfCustomers):
    service: Annotated[str, Field(max_length=100)] = ""
    status: Annotated[
        str, AfterValidator(one_of(["", *STATUSES])), Field(json_schema_extra={"enum": ["", *STATUSES]})
    ] = ""
    group: Annotated[str, AfterValidator(one_of(["", *GROUPS])), Field(json_schema_extra={"enum": ["", *GROUPS]})] = ""
    changed_after: Annotated[Since, Field(description="Whose state has changed since.")] | None = None


class Kind(Shape):
    code: str
    text: str


class AskableShape(OfferShape):
    """`period` is YEAR or NONE. `kinds` are what can be asked for, the usual one first; empty when there is one thing only."""

    period: PeriodKind
    kinds: list[Kind]
    takes_people: bool
    formats: list[str]


def mine(request: Call) -> OrderQuerySet:
    caller = request.auth
    rows = Order.objects.visible_to(caller).filter(environment=caller.environment)
    return rows.select_related("customer")


def find(request: Call, reference: UUID) -> Order:
    """With question and facts. Raises Problem."""
    rows = mine(request).defer(None).select_related("customer", "access__customer")
    row = rows.filter(reference=reference).first()
    if row is None:
        raise Problem("NOT_FOUND")
    return row


def _fields(row: Order) -> dict[str, Any]:
    return {
        "reference": row.reference, "orgnr": row.customer.orgnr, "service": row.service, "period": str(row.period),
        "status": row.status, "status_text": row.get_status_display(), "status_at": row.status_at,
        "created_at": row.created_at, "fetched_at": row.fetched_at, "problem": explained(row.problem_code),
    }  # fmt: skip


def shown(row: Order) -> OrderShape:
    return OrderShape(**_fields(row))


def detailed(row: Order) -> OrderDetail:
    return OrderDetail(**_detail(row))


def _detail(row: Order) -> dict[str, Any]:
    way = pages.way_of(row)
    is_here = row.status == Order.Status.FETCHED and row.question is not None
    return {
        **_fields(row), "asked": _lines(way.describe(row.question or {})) if way else [],
        "facts": _lines(way.summary(row.facts)) if way and row.facts is not None else [],
        "formats": list(way.export_formats) if way and is_here else [], "detail": row.problem_detail,
    }  # fmt: skip


def _lines(pairs: list[tuple[str, str]]) -> list[Line]:
    return [Line(label=str(label), value=str(value)) for label, value in pairs]


@router.get("/customers/{orgnr}/order-services", auth=READ, response=list[AskableShape], operation_id="list_order_services",
            summary="What can be ordered about a customer")  # fmt: skip
def list_order_services(request: Call, orgnr: str) -> list[AskableShape]:
    """Those that can be ordered first. Empty without any access."""
    return [_askable(offer) for offer in askable(customers.find(request, orgnr))]


def _askable(offer: Any) -> AskableShape:
    way = making.way_of(offer.service)
    kinds = [Kind(code=code, text=str(text)) for code, text in way.kinds(today=timezone.localdate())]
    return AskableShape(
        **offered(offer),
        period=way.period_kind,
        kinds=kinds,
        takes_people=way.takes_list,
        formats=list(way.export_formats),
    )


@router.get("/orders", auth=READ, response=Page[OrderShape], operation_id="list_orders", summary="List orders")
def list_orders(request: Call, filters: Query[OrderFilters]) -> HttpResponse:
    exact = {"service": filters.service, "status": filters.status}
    rows = filters.of(mine(request)).filter(**{name: value for name, value in exact.items() if value})
    rows = rows.filter(status_at__gt=filters.changed_after) if filters.changed_after else rows
    rows = in_group(rows, [*pages.GROUPS, pages.of_ended()], filters.group)
    return page_of(rows, after=filters.after, limit=filters.limit, show=shown)


@router.get(
    "/orders/{uuid:reference}", auth=READ, response=OrderDetail, operation_id="get_order", summary="Read one order"
)
def get_order(request: Call, reference: UUID) -> OrderDetail:
    return detailed(find(request, reference))


@router.post("/orders", auth=WRITE, response={201: OrderPlaced}, operation_id="place_order", summary="Place an order")
@keyed
def place_order(request: Call, body: Ordering, key: IdempotencyKey) -> Status[OrderPlaced]:
    """A worker sends it, and asks for the answer until it is here."""
    customer, service = customers.find(request, body.orgnr), _service(body.service)
    offer = offer_of(askable(customer), service.id, body.access)
    way = making.way_of(service)
    period, ask = _period(way, body.period), _ask(way, body)
    question, findings = way.read(ask, About(customer.orgnr, period, service.id, service.options))
    told = [_told(way, each) for each in findings]
    if any(each.level == Level.ERROR for each in findings):
        raise Problem("LIST_REFUSED", findings=[each.model_dump(mode="json") for each in told])
    order = _create(request, customer, required(offer.access, because="offer_of gives allowed ones"),
                    service=service.id, period=period, question=question)  # fmt: skip
    enqueue.enqueue_on_commit(tasks.work_orders)
    return Status(201, OrderPlaced(**_detail(find(request, order.reference)), findings=told))


def _create(request: Call, customer: Customer, access: Any, **about: Any) -> Order:
    try:
        return making.create_order(
            access=access, customer=customer, by=request.auth.actor, at=timezone.now(), **about
        )  # fmt: skip
    except making.NotAllowed as error:
        raise Problem("NOT_ALLOWED", detail=str(error)) from None


@router.post("/orders/{uuid:reference}/cancel", auth=WRITE, response=OrderDetail, operation_id="cancel_order",
             summary="Stop an order")  # fmt: skip
@keyed
def cancel_order(request: Call, reference: UUID, key: IdempotencyKey) -> Status[OrderDetail]:
    """Nobody asks for the answer any more. What was ordered stays ordered at the authority."""
    row = find(request, reference)
    try:
        making.cancel(order=row, by=request.auth.actor, at=timezone.now())
    except (LostRace, IllegalTransition):
        raise Problem("MOVED_ON", detail=row.get_status_display()) from None
    return Status(200, detailed(find(request, reference)))


@router.post("/orders/{uuid:reference}/again", auth=WRITE, response=OrderDetail, operation_id="order_again",
             summary="Order again, or wait longer")  # fmt: skip
@keyed
def order_again(request: Call, reference: UUID, key: IdempotencyKey) -> Status[OrderDetail]:
    """A FAILED order is placed once more, with the same list. The answer to one that nobody asks about any more is asked for again.

    An UNCERTAIN one may have been placed: only a person orders it again, on its page.
    """
    row, by, at = find(request, reference), request.auth.actor, timezone.now()
    if row.status == Order.Status.UNCERTAIN:
        raise Problem("PERSON_NEEDED", page=pages.address_of(row))
    act = making.wait_longer if row.status == Order.Status.ORDERED else making.order_again
    try:
        act(order=row, by=by, at=at)
    except making.NotAllowed as error:
        raise Problem("NOT_ALLOWED", detail=str(error)) from None
    except (LostRace, IllegalTransition):
        raise Problem("MOVED_ON", detail=row.get_status_display()) from None
    enqueue.enqueue_on_commit(tasks.work_orders)
    return Status(200, detailed(find(request, reference)))


def _service(service_id: str) -> catalogue.Service:
    found = next((each for each in making.services() if each.id == service_id), None)
    if found is None:
        raise refused("service", _("Tjenesten finnes ikke. Se /customers/{orgnr}/order-services."))
    return found


def _period(way: Retrieval, text: str) -> Period:
    """As on the page. Raises Problem."""
    today = timezone.localdate()
    if way.period_kind != PeriodKind.YEAR:
        return Period(PeriodKind.NONE, today)
    years = [str(year) for year in sorted(making.years(today))]
    if text not in years:
        raise refused("period", _("Skal være en av: %(values)s.") % {"values": ", ".join(years)})
    return Period.year(int(text))


def _ask(way: Retrieval, body: Ordering) -> Ask:
    """Raises Problem for what the service does not take."""
    kinds = [code for code, _label in way.kinds(today=timezone.localdate())]
    if body.kind and body.kind not in kinds:
        raise refused("kind", _("Skal være en av: %(values)s.") % {"values": ", ".join(kinds)})
    for name in ("people", "email", "mobile"):
        if getattr(body, name) and not way.takes_list:
            raise refused(name, _("Tjenesten tar ikke imot dette."))
    kind = body.kind or next(iter(kinds), "")
    return Ask(kind, "\n".join(body.people).encode(), body.email, body.mobile)


def _told(way: Retrieval, finding: AdapterFinding) -> Finding:
    """`line` counts the people from 1. The text has no number of a person in clear."""
    return Finding(
        level=finding.level,
        code=finding.code,
        text=str(way.render(finding)),
        file="",
        line=finding.line,
        path=finding.path,
    )
