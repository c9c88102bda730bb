"""Customers: read, and made or changed by number, one or many at once."""

from __future__ import annotations

import hashlib
from typing import Annotated, Any, Literal

from django.db import transaction
from django.http import HttpResponse
from django.utils import timezone
from ninja import Query, Router, Status
from pydantic import Field

from accounts.models import Customer, CustomerQuerySet, Portfolio, Scope
from accounts.services.upserts import Outcome, Verdict, Wanted, upsert
from portal.api.keyed import keyed
from portal.api.keyset import page_of
from portal.api.problems import Problem
from portal.api.security import Call, OAuth2
from portal.api.shapes import CLEAN, EMAIL, LIMIT, After, IdempotencyKey, IfMatch, Limit, Moment, Orgnr, Page, Shape

router = Router(tags=["customers"])
Language = Literal["nb", "nn", "en"]
FIELDS = ("name", "reference", "language", "contact_name", "contact_email", "contact_phone", "portfolio")
SHOWN = ("orgnr", *FIELDS[:-1], "portfolio__name", "created_at", "end_asked_at", "business_register_at")
"""What is read for a list."""
MOST = 1_000


class CustomerFields(Shape):
    """What is not given stays as it is. A new customer needs a name."""

    name: Annotated[str, Field(min_length=1, max_length=200), CLEAN] | None = None
    reference: Annotated[str, Field(max_length=50, description="Your own customer number."), CLEAN] | None = None
    language: Language | None = None
    contact_name: Annotated[str, Field(max_length=100), CLEAN] | None = None
    contact_email: Annotated[str, Field(max_length=254), CLEAN, EMAIL] | None = None
    contact_phone: Annotated[str, Field(max_length=30), CLEAN] | None = None
    portfolio: Annotated[str, Field(max_length=100, description="The name of a portfolio."), CLEAN] | None = None

    def given(self) -> dict[str, Any]:
        values = {name: getattr(self, name) for name in self.model_fields_set if name in FIELDS}
        return {name: value for name, value in values.items() if value is not None}


class CustomerRow(CustomerFields):
    orgnr: Orgnr


class Customers(Shape):
    rows: Annotated[list[CustomerRow], Field(min_length=1, max_length=MOST)]


class CustomerShape(Shape):
    """`ended_at`: the relation has ended, and nothing new begins. `warnings_at`: when the business register was read."""

    orgnr: Orgnr
    name: str
    reference: str
    language: str
    contact_name: str
    contact_email: str
    contact_phone: str
    portfolio: str | None
    created_at: Moment
    ended_at: Moment | None
    register_read_at: Moment | None
    etag: str


class RowVerdict(Shape):
    """`outcome` is created, changed, unchanged or refused; `code` and `text` say why it was refused."""

    orgnr: str
    outcome: Outcome
    code: str
    text: str


class BulkVerdict(Shape):
    created: int
    changed: int
    unchanged: int
    refused: int
    rows: list[RowVerdict]


class CustomerFilters(Shape):
    limit: Limit = LIMIT
    after: After = ""
    reference: Annotated[str, Field(max_length=50, description="Your own customer number.")] = ""
    portfolio: Annotated[str, Field(max_length=100, description="The name of a portfolio.")] = ""
    ended: Annotated[bool, Field(description="Those whose relation has ended, in place of the others.")] = False


def mine(request: Call) -> CustomerQuerySet:
    """The customers that the caller sees."""
    caller = request.auth
    rows = Customer.objects.visible_to(caller).filter(environment=caller.environment)
    return rows.select_related("portfolio")


def find(request: Call, orgnr: str) -> Customer:
    """Raises Problem."""
    row = mine(request).filter(orgnr=orgnr).first() if orgnr.isascii() and orgnr.isdigit() else None
    if row is None:
        raise Problem("NOT_FOUND")
    return row


def etag_of(row: Customer) -> str:
    """Of what a call can change."""
    values = [row.serializable_value(name) for name in FIELDS]
    return f'"{hashlib.sha256(repr(values).encode()).hexdigest()[:24]}"'


def shown(row: Customer) -> CustomerShape:
    return CustomerShape(
        orgnr=row.orgnr, name=row.name, reference=row.reference, language=row.language, contact_name=row.contact_name,
        contact_email=row.contact_email, contact_phone=row.contact_phone,
        portfolio=row.portfolio.name if row.portfolio else None, created_at=row.created_at, ended_at=row.end_asked_at,
        register_read_at=row.business_register_at, etag=etag_of(row),
    )  # fmt: skip


@router.get("/customers", auth=OAuth2(Scope.CUSTOMERS_READ), response=Page[CustomerShape], operation_id="list_customers",
            summary="List customers")  # fmt: skip
def list_customers(request: Call, filters: Query[CustomerFilters]) -> HttpResponse:
    """In the order in which they were made."""
    rows = mine(request).only(*SHOWN).filter(end_asked_at__isnull=not filters.ended)
    rows = rows.filter(reference=filters.reference) if filters.reference else rows
    rows = rows.filter(portfolio__name=filters.portfolio) if filters.portfolio else rows
    return page_of(rows, after=filters.after, limit=filters.limit, show=shown)


@router.post("/customers/bulk", auth=OAuth2(Scope.CUSTOMERS_WRITE), response=BulkVerdict, operation_id="put_customers",
             summary="Make or change many customers")  # fmt: skip
@keyed
def put_customers(request: Call, body: Customers, key: IdempotencyKey) -> Status[BulkVerdict]:
    """With a verdict for each row, in the same order. A refused row does not stop the others."""
    verdicts = _upsert(request, [Wanted(row.orgnr, row.given()) for row in body.rows])
    rows = [RowVerdict(orgnr=v.orgnr, outcome=v.outcome, code=v.code, text=v.text) for v in verdicts]
    counts = {str(outcome): sum(row.outcome == outcome for row in rows) for outcome in Outcome}
    return Status(200, BulkVerdict(rows=rows, **counts))


@router.get("/customers/{orgnr}", auth=OAuth2(Scope.CUSTOMERS_READ), response=CustomerShape, operation_id="get_customer",
            summary="Read one customer")  # fmt: skip
def get_customer(request: Call, response: HttpResponse, orgnr: str) -> CustomerShape:
    row = shown(find(request, orgnr))
    response["ETag"] = row.etag
    return row


@router.put(
    "/customers/{orgnr}", auth=OAuth2(Scope.CUSTOMERS_WRITE), response={200: CustomerShape, 201: CustomerShape},
    operation_id="put_customer", summary="Make or change a customer",
)  # fmt: skip
def put_customer(
    request: Call, response: HttpResponse, orgnr: str, body: CustomerFields,
    if_match: IfMatch = "",
) -> Status[CustomerShape]:  # fmt: skip
    """By its number. With `If-Match` only while nobody has changed it since."""
    with transaction.atomic():
        if if_match:
            _check_match(request, orgnr, if_match)
        verdict = _upsert(request, [Wanted(orgnr, body.given())])[0]
    if verdict.customer is None:
        raise _refusal(verdict)
    row = shown(find(request, verdict.customer.orgnr))
    response["ETag"] = row.etag
    return Status(201 if verdict.outcome == Outcome.CREATED else 200, row)


def _upsert(request: Call, wanted: list[Wanted]) -> list[Verdict]:
    caller = request.auth
    own = None if caller.sees_all_customers else list(Portfolio.objects.filter(pk__in=caller.portfolio_ids))
    return upsert(
        environment=caller.environment, wanted=wanted, visible=Customer.objects.visible_to(caller), own=own,
        by=caller.actor, at=timezone.now(),
    )  # fmt: skip


def _check_match(request: Call, orgnr: str, wanted: str) -> None:
    """Locks the row until the end of the transaction. Raises Problem."""
    row = mine(request).filter(orgnr=orgnr).select_for_update(of=("self",), no_key=True).first()
    if row is None or wanted not in ("*", etag_of(row)):
        raise Problem("CHANGED_MEANWHILE")


def _refusal(verdict: Verdict) -> Problem:
    if verdict.code == "CUSTOMER_OF_OTHERS":
        return Problem(verdict.code)
    fields = {"BAD_ORGNR": "orgnr", "NAME_MISSING": "name"}
    field = fields.get(verdict.code, "portfolio")
    return Problem("INVALID", errors=[{"field": field, "code": verdict.code, "message": verdict.text}])
