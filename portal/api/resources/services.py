"""What can be sent: the services that are on, and which of them can be used for one customer, with the reasons where not."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Annotated, Any
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import Query, Router
from pydantic import Field

from accounts.models import Scope
from portal.api.problems import Problem
from portal.api.resources import customers
from portal.api.security import Call, OAuth2
from portal.api.shapes import Orgnr, Shape
from portal.api.validation import refused
from portal.core.environments import Environment
from submissions.adapters import adapter
from submissions.adapters.base import About
from submissions.forms import WANTED, ended
from submissions.period import FIRST_YEAR, LAST_YEAR, Period, PeriodKind
from submissions.services import catalogue
from submissions.services.due import calendar
from submissions.services.offers import Offer, offers_for

router = Router(tags=["services"])
READ = OAuth2(Scope.SUBMISSIONS_READ)


class ServiceShape(Shape):
    """`period` is the kind of period a report is about: YEAR `2025`, MONTH `2025-03`, TERM `2025-T2`, or NONE.

    Sizes are in bytes; 0 where nobody has said a limit. `needs_approval`: a second person approves before it is sent.
    """

    id: str
    name: str
    period: PeriodKind
    extensions: list[str]
    media_type: str
    max_file_bytes: int
    max_files: int
    needs_approval: bool
    needs_person: bool
    checked: date


class DeadlineShape(Shape):
    """`last_day` is null where nobody has said it. `may_move`: it is no working day, and nobody has said whether it moves then.

    `source` is the page that says it, "" when the vendor has set it. `services` are those whose reports count.
    """

    service: str
    services: list[str]
    period: str
    last_day: date | None
    may_move: bool
    note: str
    source: str


Day = Annotated[date, Field(ge=date(FIRST_YEAR, 1, 1), le=date(LAST_YEAR, 12, 31))]
"""A day in a year that reports are about."""


class Span(Shape):
    """Without `first` it begins today; without `last` it has 90 days."""

    first: Day | None = None
    last: Day | None = None


class ReasonShape(Shape):
    """`through` is the accountant whose access it is about, "" for the customer's own."""

    through: str
    text: str


class OfferShape(Shape):
    """A service through one access, or why it cannot be used."""

    service: str
    name: str
    is_allowed: bool
    access: UUID | None
    through: str
    note: str
    reasons: list[ReasonShape]


def offer_of(offers: Sequence[Offer], service_id: str, access: UUID | None) -> Offer:
    """The allowed way to a service, through `access` when one is named. Raises Problem with the reasons where there is none."""
    ways = [offer for offer in offers if offer.service.id == service_id]
    for offer in ways:
        if offer.access is not None and access in (None, offer.access.reference):
            return offer
    reasons = [reason.text for offer in ways for reason in offer.reasons]
    raise Problem("NOT_ALLOWED", detail=" ".join(reasons) or _("Kunden har ingen tilgang som gjelder tjenesten."))


class TextFile(Shape):
    name: str
    text: str


class ExampleShape(Shape):
    orgnr: Orgnr
    service: str
    period: str
    files: list[TextFile]


class ExampleOf(Shape):
    """`wrong`: with a fault for which the authority rejects it."""

    period: Annotated[str, Field(max_length=10)] = ""
    wrong: bool = False


@router.get("/services", auth=READ, response=list[ServiceShape], operation_id="list_services", summary="List services")
def list_services(request: Call) -> list[ServiceShape]:
    """Those that are on here."""
    settings = catalogue.local(request.auth.environment)
    return [_shown(service, settings) for service in catalogue.reports(settings)]


def _shown(service: catalogue.Service, settings: catalogue.Local) -> ServiceShape:
    return ServiceShape(
        id=service.id, name=service.name, period=service.period, extensions=list(service.extensions),
        media_type=service.media_type, max_file_bytes=service.max_file_bytes, max_files=service.max_files,
        needs_approval=settings.needs_approval(service), needs_person=service.needs_person, checked=service.checked,
    )  # fmt: skip


@router.get(
    "/customers/{orgnr}/services", auth=READ, response=list[OfferShape], operation_id="list_customer_services",
    summary="What can be sent for a customer",
)  # fmt: skip
def list_customer_services(request: Call, orgnr: str) -> list[OfferShape]:
    """Those that can be sent first. Empty without any access."""
    return [OfferShape(**offered(offer)) for offer in offers_for(customers.find(request, orgnr))]


def offered(offer: Offer) -> dict[str, Any]:
    """The fields of OfferShape."""
    return {
        "service": offer.service.id, "name": offer.service.name, "is_allowed": offer.is_allowed,
        "access": offer.access.reference if offer.access else None, "through": offer.through, "note": offer.note,
        "reasons": [ReasonShape(through=reason.through, text=reason.text) for reason in offer.reasons],
    }  # fmt: skip


@router.get(
    "/customers/{orgnr}/services/{service}/example", auth=READ, response=ExampleShape, operation_id="get_example",
    summary="A report to try with",
)  # fmt: skip
def get_example(request: Call, orgnr: str, service: str, asked: Query[ExampleOf]) -> ExampleShape:
    """In the sandbox only: synthetic files about the customer, as the body of `POST /submissions`.

    Without `period` it is about the newest one that is over.
    """
    customer = customers.find(request, orgnr)
    found = next(
        (each for each in catalogue.reports(catalogue.local(customer.environment)) if each.id == service), None
    )
    if found is None or customer.environment != Environment.SANDBOX:
        raise Problem("NOT_FOUND")
    period = _period_of(found, asked.period)
    about = About(customer.orgnr, period, found.id, found.options)
    files = adapter(found.adapter).examples(about, name=customer.name, wrong=asked.wrong)
    try:
        texts = [TextFile(name=file.name, text=file.content.decode()) for file in files]
    except UnicodeDecodeError:  # pictures and the like are uploaded
        raise Problem("NOT_FOUND") from None
    return ExampleShape(orgnr=orgnr, service=found.id, period=str(period), files=texts)


def _period_of(service: catalogue.Service, text: str) -> Period:
    if service.period == PeriodKind.NONE:
        return Period(PeriodKind.NONE, timezone.localdate())
    period = Period.found(text) if text else ended(service.period, timezone.localdate())
    if not isinstance(period, Period) or period.kind != service.period:
        raise refused("period", str(WANTED[service.period]))
    return period


@router.get(
    "/deadlines",
    auth=READ,
    response=list[DeadlineShape],
    operation_id="list_deadlines",
    summary="What is due, and when",
)
def list_deadlines(request: Call, span: Query[Span]) -> list[DeadlineShape]:
    """Of the services that are on, in the order of the last days; those without a known day come last."""
    today = timezone.localdate()
    first = span.first or today
    last = span.last or first + timedelta(days=90)
    if not first <= last <= first + timedelta(days=calendar.LONGEST):
        raise refused("last", _("Velg en dag fra first til høyst %(n)s dager etter.") % {"n": calendar.LONGEST})
    settings = catalogue.local(request.auth.environment)
    only = {service.id for service in calendar.with_periods(settings)}
    return [_deadline(item) for item in calendar.items(settings, first=first, last=last, today=today, only=only)]


def _deadline(item: calendar.Item) -> DeadlineShape:
    found = item.last_day
    return DeadlineShape(
        service=item.service.id, services=list(item.services), period=str(item.period), last_day=item.day,
        may_move=bool(found and found.may_move), note=found.note if found else "", source=found.source if found else "",
    )  # fmt: skip
