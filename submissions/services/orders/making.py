"""What a person does with orders: make one, order again, wait longer, cancel. Nothing is called outside here."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Customer
from portal.core import lease
from portal.core.audit import record
from portal.core.audit_events import AuditType
from portal.core.states import LostRace
from submissions.adapters import RETRIEVALS, retrieval
from submissions.adapters.retrieval import Retrieval
from submissions.models import NOT_READY, Order, Submission
from submissions.period import Period, PeriodKind
from submissions.services import catalogue
from submissions.services.catalogue import Service
from systemusers.models import Access

Status = Order.Status


class NotAllowed(Exception):
    """The access does not allow the service. The text says why, in the user's language."""


def way_of(service: Service) -> Retrieval:
    """Raises adapters.UnknownAdapter."""
    return retrieval(service.adapter)


def services() -> list[Service]:
    """The services that are asked instead of reported to."""
    return [service for service in catalogue.services() if service.adapter in RETRIEVALS]


def years(today: date) -> list[int]:
    """For which an order of a year can be placed: this one, the next and the last."""
    return [today.year, today.year + 1, today.year - 1]


def create_order(
    *,
    access: Access,
    customer: Customer,
    service: str,
    period: Period,
    by: str,
    at: datetime,
    question: Mapping[str, Any] | None = None,
    reference: uuid.UUID | None = None,
) -> Order:
    """A QUEUED order about `customer` with the rights of `access`, due now. The one that has the `reference`, when there is one.

    Raises NotAllowed, catalogue.UnknownService, adapters.UnknownAdapter.
    """
    check_can_order(access=access, customer=customer, service=catalogue.service(service))
    reference = reference or uuid.uuid4()
    try:
        with transaction.atomic():
            if reason := catalogue.hold_relations(customer=customer, access=access):
                raise NotAllowed(reason)
            order = Order.objects.create(
                environment=access.environment,
                customer=customer,
                access=access,
                service=service,
                reference=reference,
                question=dict(question or {}),
                status_at=at,
                created_by=by,
                created_at=at,
                next_attempt_at=at,
                **period.columns(),
            )
            record(by=by, at=at, target=order, what=AuditType.CREATED, service=service, period=str(period))
    except IntegrityError:  # the form was sent twice
        return _sent_before(
            reference, access=access, customer=customer, service=service, period=period, question=question
        )
    return order


def _sent_before(reference: uuid.UUID, *, question: Mapping[str, Any] | None, period: Period, **about: Any) -> Order:
    """The order of a form that was sent twice. Raises NotAllowed when the form asks for something else now."""
    first = Order.objects.defer(None).filter(reference=reference, **about, **period.columns()).first()
    if first is None or first.question != dict(question or {}):
        raise NotAllowed(_("Skjemaet er brukt til en annen bestilling. Fyll det ut på nytt her."))
    return first


def check_can_order(*, access: Access, customer: Customer, service: Service) -> None:
    """Raises NotAllowed."""
    availability = catalogue.availability(access=access, service=service, customer=customer)
    reason = availability.reason or obstacle(customer=customer, service=service)
    if reason:
        raise NotAllowed(reason)


def obstacle(*, customer: Customer, service: Service) -> str:
    """Why the service may not be asked about the customer, whatever the access allows; "" when it may."""
    if not way_of(service).needs_delivery:
        return ""
    delivered = Submission.objects.filter(customer=customer, delivered_at__isnull=False)
    if delivered.exists():
        return ""
    return _("Skatteetaten svarer bare om kunder som har levert minst én oppgave gjennom portalen.")


def ask_anew(*, customer: Customer, access: Access, service: str, by: str, at: datetime) -> Order:
    """The usual question of a service that is only read, once more. The order under way, when there is one. Raises as `create_order`."""
    entry = catalogue.service(service)
    way = way_of(entry)
    if way.takes_list or way.has_order_step:
        raise NotAllowed(_("Lag en ny bestilling."))
    with transaction.atomic():
        if reason := catalogue.hold_relations(customer=customer, access=access):
            raise NotAllowed(reason)
        under_way = Order.objects.filter(customer=customer, service=service, status__in=Order.OPEN).first()
        if under_way is not None:
            lease.make_due(Order.objects.filter(pk=under_way.pk), at=at)
            return under_way
        today = timezone.localdate(at)
        return create_order(
            access=access, customer=customer, service=service, period=Period(PeriodKind.NONE, today), by=by, at=at,
            question={"kind": next((code for code, _label in way.kinds(today=today)), "")},
        )  # fmt: skip


def order_again(*, order: Order, by: str, at: datetime) -> None:
    """Queue an order once more that was refused, or whose answer was lost: only a person decides that.

    Raises NotAllowed, IllegalTransition, LostRace.
    """
    if order.question is None:  # deleted with old answers
        raise NotAllowed(_("Lag en ny bestilling."))
    check_can_order(access=order.access, customer=order.customer, service=catalogue.service(order.service))
    with transaction.atomic():
        if reason := catalogue.hold_relations(customer=order.customer, access=order.access):
            raise NotAllowed(reason)
        order.move_to(
            Status.QUEUED, by=by, at=at, next_attempt_at=at, failures=0, problem_code="", problem_detail="",
            correlation_id="", remote_id="", give_up_at=None,
        )  # fmt: skip


def wait_longer(*, order: Order, by: str, at: datetime) -> None:
    """Ask for the answer again, for as long as the first time. Raises LostRace when the order does not wait for a person."""
    patience = way_of(catalogue.service(order.service)).patience
    with transaction.atomic():
        waiting = Order.objects.filter(pk=order.pk, status=Status.ORDERED, problem_code=NOT_READY)
        if not waiting.update(next_attempt_at=at, give_up_at=at + patience, problem_code="", failures=0):
            raise LostRace(f"order {order.pk} does not wait for a person")
        record(by=by, at=at, target=order, what=AuditType.TRIED_AGAIN)


def cancel(*, order: Order, by: str, at: datetime) -> None:
    """Stop asking. What was ordered stays ordered at the authority. Raises IllegalTransition, LostRace."""
    with transaction.atomic():
        if not Order.objects.filter(lease.free(at=at), pk=order.pk).select_for_update().exists():
            raise LostRace(f"order {order.pk} is held by a worker")
        order.move_to(Status.CANCELLED, by=by, at=at, next_attempt_at=None)
