"""Orders as pages show them: rows of the list, one order, its answer, and the newest answers of a customer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import ENDED, Customer, User
from accounts.services.customers import customers_found
from portal.core import readings
from portal.core.audit import record
from portal.core.audit_events import AuditType
from portal.core.environments import Environment
from portal.core.filters import Group
from portal.core.next_step import NextStep, page_of, standstill
from portal.explain import Explanation, explain
from submissions.adapters import RETRIEVALS
from submissions.adapters.base import NamedFile
from submissions.adapters.retrieval import Retrieval, Table
from submissions.models import NOT_READY, Order, OrderQuerySet
from submissions.models.order import NEEDS_PERSON
from submissions.services import catalogue
from submissions.services.documents import read_document
from submissions.services.orders import making
from submissions.services.orders.offers import askable
from submissions.services.pages.identified import keys_in, places_of_orders

S = Order.Status
MOST_ON_PAGE = 50
"""Orders of a customer that its page looks at."""
GROUPS = [
    Group("moving", gettext_lazy("På vei"), Q(status__in=Order.OPEN) & ~NEEDS_PERSON),
    Group("person", gettext_lazy("Noen må gjøre noe"), NEEDS_PERSON),
    Group("fetched", gettext_lazy("Hentet"), Q(status=S.FETCHED)),
    Group("cancelled", gettext_lazy("Avbrutt"), Q(status=S.CANCELLED)),
]
"""The codes are used in URLs, also by links from other pages."""


def of_ended() -> Group:
    """Orders for customers whose relation has ended, but for those without an answer."""
    return Group(ENDED, gettext_lazy("Avsluttede kunder"), OrderQuerySet.left_out())


def find_orders(*, user: User, environment: Environment, text: str = "") -> OrderQuerySet:
    """Orders visible to `user`, filtered by customer or by a whole id, in any order."""
    rows: OrderQuerySet = Order.objects.visible_to(user).filter(environment=environment)
    if not text:
        return rows
    wanted = Q(customer__in=customers_found(text, user=user, environment=environment))
    found = keys_in(places_of_orders(text))
    return rows.filter(wanted | Q(pk__in=found)) if found else rows.filter(wanted)


@dataclass(frozen=True)
class Row:
    """An order in a list: shown without further queries."""

    order: Order
    service_name: str
    step: NextStep


def row_of(order: Order, *, at: datetime, working: bool) -> Row:
    return Row(order, catalogue.name_of(order.service), next_step(order, at=at, working=working))


def next_step(order: Order, *, at: datetime, working: bool) -> NextStep:
    """Who must do what with the order."""
    url = page_of(order, "order")
    if order.status == S.UNCERTAIN:
        return NextStep(_("Avgjør om det skal bestilles på nytt"), _("Dere"), url)
    if order.status == S.FAILED or order.problem_code == NOT_READY:
        return NextStep(_("Se hvorfor, og avgjør"), _("Dere"), url)
    if order.status in (S.FETCHED, S.CANCELLED):
        return NextStep(_("Se svaret"), url=url) if order.status == S.FETCHED else NextStep("")
    if order.problem_code:
        problem = explain(order.problem_code)
        return NextStep(str(problem.title), str(problem.who), url)
    return _moving(order, at=at, working=working)


def _moving(order: Order, *, at: datetime, working: bool) -> NextStep:
    if not working:
        return NextStep(_("Går videre når portalen arbeider igjen"))
    waiting = _("Venter på svar fra Skatteetaten") if order.status == S.ORDERED else _("Går av seg selv om litt")
    return standstill(order, at=at) or NextStep(waiting)


def way_of(order: Order) -> Retrieval | None:
    """None when the catalogue or this release no longer has it."""
    try:
        return RETRIEVALS.get(catalogue.service(order.service).adapter)
    except catalogue.UnknownService:
        return None


def address_of(order: Order) -> str:
    """The whole address of its page, for what is read outside of the portal."""
    return settings.PORTAL_URL + reverse("order", kwargs={"environment": order.environment, "pk": order.pk})


@dataclass(frozen=True)
class OneOrder:
    """What the page of an order shows. `may_open`: the answer can be shown to this user.

    `kept_days` is set when question and answer are deleted: so long they are kept.
    """

    asked: tuple[tuple[str, str], ...]
    facts: tuple[tuple[str, str], ...]
    problem: Explanation | None
    step: NextStep
    may_open: bool
    export_formats: tuple[str, ...]
    may_order_again: bool
    may_wait: bool
    may_cancel: bool
    kept_days: int | None


def one(order: Order, *, user: User, at: datetime, working: bool) -> OneOrder:
    way, user = way_of(order), user.within(order.environment)
    has_answer = way is not None and order.status == S.FETCHED and order.documents.exists()
    may_open = has_answer and may_read(user, way)
    return OneOrder(
        asked=tuple(way.describe(order.question or {})) if way else (),
        facts=tuple(way.summary(order.facts)) if way and order.facts is not None else (),
        problem=explain(order.problem_code) if order.problem_code else None,
        step=next_step(order, at=at, working=working),
        may_open=may_open,
        export_formats=export_formats(user, way) if way and may_open else (),
        may_order_again=user.may_work and order.status in (S.UNCERTAIN, S.FAILED) and order.question is not None,
        may_wait=user.may_work and order.status == S.ORDERED and order.problem_code == NOT_READY,
        may_cancel=user.may_work and order.can_move_to(S.CANCELLED),
        kept_days=settings.KEPT["order-answers"] if order.question is None else None,
    )


def may_read(user: User, way: Retrieval | None) -> bool:
    """Answers that name people are for those who work for the customer."""
    return way is not None and (user.may_work or not way.names_people)


def export_formats(user: User, way: Retrieval) -> tuple[str, ...]:
    """A file has the answer as it came, also numbers that pages hide: it is for those who work for the customer."""
    return way.export_formats if user.may_work else ()


def opened(order: Order, way: Retrieval, *, by: str, at: datetime) -> list[Table]:
    """The answer as tables; the trail has who opened it. Raises DocumentDamaged."""
    tables = way.tables(_files(order))
    readings.note(by=by, at=at, target=order, what=AuditType.READ)
    return tables


def exported(order: Order, way: Retrieval, *, format: str, by: str, at: datetime) -> NamedFile:
    """The answer as a file; the trail has who took it. Raises DocumentDamaged."""
    file = way.export(_files(order), format=format)
    with transaction.atomic():
        record(by=by, at=at, target=order, what=AuditType.ORDER_EXPORTED, format=format)
    return file


def _files(order: Order) -> list[NamedFile]:
    return [NamedFile(each.filename, read_document(each)) for each in order.documents.order_by("pk")]


@dataclass(frozen=True)
class Newest:
    """The newest answer of a service that is only read. `answer` None: there is none yet. `step` is about the newest order,
    and so is `is_moving`: a worker will lead it on soon.
    """

    service_id: str
    service_name: str
    access_id: int | None
    answer: Order | None
    facts: tuple[tuple[str, str], ...]
    step: NextStep | None
    reasons: tuple[str, ...]
    is_moving: bool = False


def orders_of(customer: Customer) -> list[Order]:
    """For the customer's page: the newest orders, the newest first. One query."""
    rows = Order.objects.filter(customer=customer).defer(None).defer("question")
    return list(rows.order_by("-created_at", "-pk")[:MOST_ON_PAGE])


def newest_of(customer: Customer, orders: Sequence[Order], *, at: datetime, working: bool) -> list[Newest]:
    """Each service that is on and only read, and those that were asked before. `orders` are those of `orders_of`."""
    latest: dict[str, list[Order]] = {}
    for order in orders:
        latest.setdefault(order.service, []).append(order)
    first = {offer.service.id: offer for offer in reversed(askable(customer))}
    read = [entry for entry in making.services() if not making.way_of(entry).takes_list]
    shown = []
    for entry in read:
        offer, mine = first.get(entry.id), latest.get(entry.id, [])
        if offer is None and not mine:
            continue
        answer = next((order for order in mine if order.status == S.FETCHED), None)
        step = next_step(mine[0], at=at, working=working) if mine and mine[0] is not answer else None
        access_id = offer.access.pk if offer and offer.access else None
        reasons = tuple(reason.text for reason in offer.reasons) if offer else ()
        is_moving = bool(mine) and mine[0].is_moving
        shown.append(Newest(entry.id, entry.name, access_id, answer, _facts(entry, answer), step, reasons, is_moving))
    return shown


def _facts(entry: catalogue.Service, answer: Order | None) -> tuple[tuple[str, str], ...]:
    facts: Mapping[str, Any] | None = answer.facts if answer else None
    return tuple(making.way_of(entry).summary(facts)) if facts is not None else ()
