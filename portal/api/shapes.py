"""What all requests and answers of the API have in common: unknown fields are refused, times are UTC, texts are cleaned."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import UTC, datetime
from typing import Annotated, Any, Generic, TypeVar

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from ninja import Header
from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer

from portal.api.validation import unusable
from portal.core.masking import names_person
from portal.gateways.text import one_line

T = TypeVar("T")
Rows = TypeVar("Rows", bound=QuerySet[Any])
LIMIT = 50
"""Rows on a page unless a call says otherwise."""


class Shape(BaseModel):
    """Base of every body and every answer. Ninja's own base reads attributes of models, which costs more than all the rest of a list."""

    model_config = ConfigDict(extra="forbid")


def _line(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    if names_person(value):
        raise unusable(_("Ta bort fødselsnummeret. Det kan ikke stå her."))
    return one_line(value)


def _no_null(value: str) -> str:
    """PostgreSQL has no such character."""
    if "\0" in value:
        raise unusable(_("Teksten har et tegn som ikke kan brukes."))
    return value


def _email(value: str) -> str:
    if value:
        try:
            validate_email(value)
        except ValidationError:
            raise unusable(_("Dette er ingen e-postadresse.")) from None
    return value


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _written(value: Any) -> Any:
    """Pydantic would take a number for seconds since 1970."""
    if not isinstance(value, str) or "-" not in value[1:]:
        raise unusable(_("Skal være en tid, som 2026-11-23T09:00:00Z."))
    return value


def _in_utc(moment: datetime) -> datetime:
    """PostgreSQL knows no offset of 16 hours or more, and Python no year before 1."""
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise unusable(_("Skal være en tid, som 2026-11-23T09:00:00Z.")) from None


def one_of(values: Collection[str]) -> Callable[[str], str]:
    """A check that a text is one of these; the description names them."""

    def checked(value: str) -> str:
        if value not in values:
            raise unusable(_("Skal være en av: %(values)s.") % {"values": ", ".join(filter(None, values))})
        return value

    return checked


CLEAN = BeforeValidator(_line)
"""For a text on one line: without invisible characters, and measured after that."""
EMAIL = AfterValidator(_email)
Moment = Annotated[datetime, PlainSerializer(_utc, return_type=str)]
Since = Annotated[AwareDatetime, BeforeValidator(_written), AfterValidator(_in_utc)]
"""A moment in a filter."""
Orgnr = Annotated[str, AfterValidator(_no_null), Field(description="Nine digits, as a string.", examples=["310987654"])]
IfMatch = Annotated[str, Header(alias="If-Match", description="The `etag` that you read, or `*`.", max_length=200)]
IdempotencyKey = Annotated[
    str,
    Header(
        alias="Idempotency-Key",
        description="A key of your own for this act, such as a UUID. The same key and body give the same answer. "
        "What was refused may be corrected.",
        min_length=1,
        max_length=100,
        pattern=r"^[\x21-\x7e]+$",
        examples=["7f0b8a52-5a1c-4f0e-9d0c-0f6a1c3c9a11"],
    ),
]
Limit = Annotated[int, Field(ge=1, le=200, description="Rows on a page.")]
After = Annotated[str, Field(max_length=2_000, description="The `next` of the page before.")]


class Page(Shape, Generic[T]):
    """One page of a list. `next` is "" on the last one."""

    items: list[T]
    next: str


class OfCustomers(Shape):
    """The filters that all lists of rows of customers have."""

    limit: Limit = LIMIT
    after: After = ""
    orgnr: Annotated[str, Field(max_length=9)] = ""
    portfolio: Annotated[str, Field(max_length=100, description="The name of a portfolio.")] = ""

    def of(self, rows: Rows, *, customer: str = "customer") -> Rows:
        """Those of the customer and the portfolio. `customer` leads to it."""
        exact = {f"{customer}__orgnr": self.orgnr, f"{customer}__portfolio__name": self.portfolio}
        return rows.filter(**{name: value for name, value in exact.items() if value})


class FieldError(Shape):
    field: str
    code: str
    message: str


class Question(Shape):
    """Something that must be answered yes before a report is sent: its code goes into `confirm`."""

    code: str
    text: str


class Finding(Shape):
    """What the check says of a file. `level` is ERROR or WARNING."""

    level: str
    code: str
    text: str
    file: str
    line: int | None
    path: str


class ProblemShape(Shape):
    """https://www.rfc-editor.org/rfc/rfc9457 with our `code`. `reference` is the row that stands in the way,
    `page` the address of its page for staff.

    `oldest` is the cursor from which everything is still there. `scope` is the one that the call takes and that is missing.
    """

    type: str
    title: str
    status: int
    code: str
    request_id: str
    detail: str = ""
    errors: list[FieldError] = []
    problems: list[str] = []
    questions: list[Question] = []
    findings: list[Finding] = []
    reference: str = ""
    page: str = ""
    oldest: str = ""
    scope: str = ""
