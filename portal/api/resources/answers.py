"""Answers to orders. They may name people: reading one takes a scope of its own, and is recorded in the trail."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from django.http import HttpResponse
from django.utils import timezone
from django.utils.http import content_disposition_header
from ninja import Query, Router
from pydantic import Field

from accounts.models import Scope
from portal.api.problems import Problem
from portal.api.resources.documents import BYTES
from portal.api.resources.orders import find
from portal.api.security import Call, OAuth2
from portal.api.shapes import Shape, one_of
from portal.api.validation import refused
from submissions.adapters.retrieval import Retrieval
from submissions.models import Order
from submissions.services.documents import DocumentDamaged
from submissions.services.orders import pages

router = Router(tags=["orders"])
READ = OAuth2(Scope.ANSWERS_READ)


class TableShape(Shape):
    """A part of the answer for people: in the language of the call, with national identity numbers hidden."""

    title: str
    columns: list[str]
    rows: list[list[str]]
    note: str


class AsFile(Shape):
    format: Annotated[str, Field(max_length=10, description="One of the order's `formats`.")] = "json"


@router.get("/orders/{uuid:reference}/answer", auth=READ, response=list[TableShape], operation_id="get_answer",
            summary="Read the answer to an order")  # fmt: skip
def get_answer(request: Call, reference: UUID) -> list[TableShape]:
    """As the page shows it."""
    row, way = _answered(request, reference)
    try:
        tables = pages.opened(row, way, by=request.auth.actor, at=timezone.now())
    except DocumentDamaged:
        raise Problem("FILE_DAMAGED") from None
    return [
        TableShape(title=each.title, columns=list(each.columns), rows=[list(cells) for cells in each.rows], note=each.note)
        for each in tables
    ]  # fmt: skip


@router.get("/orders/{uuid:reference}/answer/file", auth=READ, operation_id="get_answer_file",
            summary="Fetch the answer as a file", openapi_extra={"responses": {"200": {"content": BYTES}}})  # fmt: skip
def get_answer_file(request: Call, reference: UUID, wanted: Query[AsFile]) -> HttpResponse:
    """For the payroll system: as the authority gave it, with national identity numbers where it has them."""
    row, way = _answered(request, reference)
    try:
        one_of(way.export_formats)(wanted.format)
    except ValueError as error:
        raise refused("format", str(error)) from None
    try:
        file = pages.exported(row, way, format=wanted.format, by=request.auth.actor, at=timezone.now())
    except DocumentDamaged:
        raise Problem("FILE_DAMAGED") from None
    response = HttpResponse(file.content, content_type="application/octet-stream")
    name = f"{row.service}-{row.customer.orgnr}-{row.period}-{row.pk}.{wanted.format}"
    response["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    response["X-Content-Type-Options"] = "nosniff"
    return response


def _answered(request: Call, reference: UUID) -> tuple[Order, Retrieval]:
    """Raises Problem."""
    row = find(request, reference)
    way = pages.way_of(row)
    if way is None or row.status != Order.Status.FETCHED or row.question is None or not row.documents.exists():
        raise Problem("NO_ANSWER")
    return row, way
