"""Letters: what Skatteetaten has written of its own accord. Reading one here is no person's reading; the trail has it."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from django.http import HttpResponse
from django.utils import timezone
from ninja import Query, Router
from pydantic import AfterValidator, Field

from accounts.models import ENDED, Scope
from portal.api.keyset import page_of
from portal.api.problems import Problem
from portal.api.resources.transmissions import TransmissionShape, of_transmission
from portal.api.security import Call, OAuth2
from portal.api.shapes import Moment, OfCustomers, Orgnr, Page, Shape, Since, one_of
from portal.core import readings
from portal.core.audit_events import AuditType
from portal.core.filters import in_group
from submissions.models import Transmission, TransmissionQuerySet
from submissions.services.pages import letters as pages
from submissions.services.pages.transmissions import TYPES

router = Router(tags=["dialogs"])
READ = OAuth2(Scope.DIALOGS_READ)
GROUPS = ["unread", "people", ENDED]
"""As on the page."""


class LetterShape(Shape):
    """`dialog` is the `id` of its dialog. `read_at`: when somebody here read it first. `came_at`: when it came to us.

    `is_for_people`: a part of it can only be read in Altinn, by a person.
    """

    id: int
    dialog: int
    orgnr: Orgnr
    transmission_id: UUID
    type: str
    type_text: str
    title: str
    created_at: Moment
    came_at: Moment | None
    due_at: Moment | None
    read_at: Moment | None
    is_for_people: bool


class LetterDetail(LetterShape):
    """`asks`: the sender waits for an answer with material."""

    asks: bool
    content: TransmissionShape


class LetterFilters(OfCustomers):
    """`group`: unread are those that nobody here has read; people are those with something that only a person may read in Altinn."""

    group: Annotated[str, AfterValidator(one_of(["", *GROUPS])), Field(json_schema_extra={"enum": ["", *GROUPS]})] = ""
    came_after: Annotated[Since, Field(description="Which have come to us since.")] | None = None


def mine(request: Call) -> TransmissionQuerySet:
    rows = Transmission.objects.visible_to(request.auth, environment=request.auth.environment).letters()
    return pages.loaded(rows)


def _fields(row: Transmission, *, is_for_people: bool) -> dict[str, Any]:
    return {
        "id": row.pk, "dialog": row.dialog_id, "orgnr": row.dialog.customer.orgnr, "transmission_id": row.transmission_id,
        "type": row.type, "type_text": str(TYPES.get(row.type, row.type)), "title": pages.title_of(row).text,
        "created_at": row.created_at, "came_at": row.stored_at, "due_at": row.dialog.due_at, "read_at": row.read_at,
        "is_for_people": is_for_people,
    }  # fmt: skip


@router.get("/letters", auth=READ, response=Page[LetterShape], operation_id="list_letters", summary="List letters")
def list_letters(request: Call, filters: Query[LetterFilters]) -> HttpResponse:
    """Reading them here does not mark them as read."""
    rows = filters.of(mine(request), customer="dialog__customer")
    rows = rows.filter(stored_at__gt=filters.came_after) if filters.came_after else rows
    if filters.group:
        rows = in_group(rows, pages.groups(), filters.group, apart=pages.of_ended())
    return page_of(rows, after=filters.after, limit=filters.limit, show=_shown)


def _shown(row: Transmission) -> LetterShape:
    return LetterShape(**_fields(row, is_for_people=vars(row)["is_for_people"]))


@router.get("/letters/{int:id}", auth=READ, response=LetterDetail, operation_id="get_letter", summary="Read one letter")
def get_letter(request: Call, id: int) -> LetterDetail:
    """What the portal keeps of it. Skatteetaten is not told that anybody has opened it."""
    row = mine(request).filter(pk=id).first() if id < 2**63 else None
    if row is None:
        raise Problem("NOT_FOUND")
    readings.note(
        by=request.auth.actor,
        at=timezone.now(),
        target=row.dialog,
        what=AuditType.LETTER_READ,
        transmission=str(row.transmission_id),
    )
    page = pages.letter_page(row)
    fields = _fields(row, is_for_people=page.is_for_people)
    return LetterDetail(**fields, asks=page.asks, content=of_transmission(page.row))
