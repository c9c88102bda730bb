"""Files of a submission: what was sent, receipts and feedback, and the evidence package."""

from __future__ import annotations

from typing import cast
from uuid import UUID

from django.http import FileResponse, HttpResponse
from django.utils import timezone
from django.utils.http import content_disposition_header
from ninja import Router

from accounts.models import Scope
from portal.api.problems import Problem
from portal.api.resources.submission_shapes import find
from portal.api.security import Call, OAuth2
from portal.api.shapes import Moment, Shape
from portal.core import readings
from portal.core.audit import record
from portal.core.audit_events import AuditType
from submissions.models import Document
from submissions.services.documents import DocumentDamaged, clean_filename, open_document
from submissions.services.evidence import evidence

router = Router(tags=["documents"])
READ = OAuth2(Scope.DOCUMENTS_READ)
BYTES = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}


class DocumentShape(Shape):
    """`role` is RECEIPT or FEEDBACK for what was received; else what the file is in the report, "" before it was checked."""

    id: int
    role: str
    filename: str
    media_type: str
    size: int
    sha256: str
    stored_at: Moment


@router.get("/submissions/{uuid:reference}/documents", auth=READ, response=list[DocumentShape], operation_id="list_documents",
            summary="Files of a submission")  # fmt: skip
def list_documents(request: Call, reference: UUID) -> list[DocumentShape]:
    return [
        DocumentShape(
            id=row.pk, role=row.role, filename=row.shown_name, media_type=row.media_type, size=row.size,
            sha256=row.sha256, stored_at=row.stored_at,
        )
        for row in find(request, reference).documents.order_by("pk")
    ]  # fmt: skip


@router.get("/documents/{int:id}", auth=READ, operation_id="get_document", summary="Read one file",
            openapi_extra={"responses": {"200": {"content": BYTES}}})  # fmt: skip
def get_document(request: Call, id: int) -> HttpResponse:
    """The bytes, as they were stored. It does not tell the authority that a person has opened it."""
    caller = request.auth
    rows = Document.objects.visible_to(caller).shown().filter(customer__environment=caller.environment)
    row = rows.filter(pk=id).first() if id < 2**63 else None
    if row is None:
        raise Problem("NOT_FOUND")
    try:
        content = open_document(row)
    except DocumentDamaged:
        raise Problem("FILE_DAMAGED") from None
    readings.note(
        by=caller.actor, at=timezone.now(), target=row, what=AuditType.FETCHED, environment=caller.environment
    )
    response = FileResponse(content, content_type="application/octet-stream")
    name = content_disposition_header(True, clean_filename(row.shown_name)) or "attachment"
    response["Content-Disposition"], response["Content-Length"] = name, str(row.size)
    response["X-Content-Type-Options"] = "nosniff"
    return cast("HttpResponse", response)


@router.get("/submissions/{uuid:reference}/evidence", auth=READ, operation_id="get_evidence", summary="The evidence package",
            openapi_extra={"responses": {"200": {"content": BYTES}}})  # fmt: skip
def get_evidence(request: Call, reference: UUID) -> HttpResponse:
    """A zip with what was sent, the calls, the answers and the trail, and a hash of each."""
    row = find(request, reference)
    try:
        package = evidence(row)
    except DocumentDamaged:
        raise Problem("FILE_DAMAGED") from None
    record(by=request.auth.actor, at=timezone.now(), target=row, what=AuditType.EVIDENCE_FETCHED)
    name = f"bevispakke-{row.customer.orgnr}-{row.period}-{row.pk}.zip"
    response = FileResponse(package, as_attachment=True, filename=name, content_type="application/octet-stream")
    return cast("HttpResponse", response)
