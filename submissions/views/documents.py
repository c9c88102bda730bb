"""Stored documents: read on a page of ours, opened (PDF) or saved, and the evidence package of a submission."""

from __future__ import annotations

import logging
from typing import cast

from django.contrib import messages
from django.http import FileResponse, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.http import content_disposition_header

from accounts.guard import StaffRequest, is_by_person, staff_page
from portal.core.audit import record
from portal.core.audit_events import AuditType
from portal.explain import explain
from submissions.models import Document
from submissions.services import catalogue
from submissions.services.documents import DocumentDamaged, clean_filename, open_document, read_document
from submissions.services.evidence import evidence
from submissions.services.opened import note as opened
from submissions.services.pages import document_preview
from submissions.views.one import find

logger = logging.getLogger(__name__)
NOTHING_RUNS = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
STRICT = f"{NOTHING_RUNS}; sandbox"


def _find(request: StaffRequest, pk: int) -> Document:
    rows = Document.objects.visible_to(request.user).shown().filter(customer__environment=request.environment)
    return get_object_or_404(rows.select_related("customer", "submission"), pk=pk)


def _note(request: StaffRequest, row: Document, what: AuditType) -> None:
    opened.document_opened(
        document=row,
        what=what,
        environment=request.environment,
        user=request.user,
        is_person=is_by_person(request),
        at=timezone.now(),
    )


@staff_page()
def document(request: StaffRequest, pk: int) -> HttpResponse:
    """The document on a page of ours, escaped; a PDF is offered to be opened. What cannot be read is told as that."""
    row, text, problem = _find(request, pk), None, None
    try:
        text = document_preview.readable(read_document(row), row.media_type)
        _note(request, row, AuditType.READ)
    except DocumentDamaged as error:
        logger.error("%s", error)
        problem = explain(error.code)
    context = {
        "document": row,
        "problem": problem,
        "service_name": catalogue.name_of(row.submission.service) if row.submission else "",
        "text": text,
        "is_cut": text is not None and len(text) >= document_preview.SHOWN,
        "is_pdf": row.media_type in document_preview.INLINE,
    }
    return render(request, "submissions/document.html", context)


@staff_page()
def document_file(request: StaffRequest, pk: int) -> HttpResponse:
    """The bytes, to be saved; with `?open` a PDF opens in the browser, where nothing in it may run."""
    row = _find(request, pk)
    is_open = "open" in request.GET and row.media_type in document_preview.INLINE
    media_type = row.media_type if row.media_type in document_preview.KNOWN else "application/octet-stream"
    try:
        content = open_document(row)
    except DocumentDamaged:
        return redirect("document", environment=request.environment, pk=pk)
    _note(request, row, AuditType.FETCHED)
    response = cast("HttpResponse", FileResponse(content, content_type=media_type))
    response["Content-Disposition"] = (
        content_disposition_header(not is_open, clean_filename(row.shown_name)) or "attachment"
    )
    response["Content-Length"] = str(row.size)
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    # PDF readers of browsers do not start with the CSP sandbox; media type and nosniff prevent rendering as HTML.
    response["Content-Security-Policy"] = NOTHING_RUNS if is_open else STRICT
    return response


@staff_page()
def evidence_package(request: StaffRequest, pk: int) -> HttpResponse:
    row = find(request, pk)
    try:
        package = evidence(row)
    except DocumentDamaged as error:
        logger.error("%s", error)
        problem = explain(error.code)
        messages.error(request, f"{problem.title}. {problem.how}")
        return redirect("submission", environment=request.environment, pk=pk)
    record(by=request.user.actor, at=timezone.now(), target=row, what=AuditType.EVIDENCE_FETCHED)
    name = f"bevispakke-{row.customer.orgnr}-{row.period}-{row.pk}.zip"
    response = FileResponse(package, as_attachment=True, filename=name, content_type="application/zip")
    response["Cache-Control"] = "private, no-store"
    return cast("HttpResponse", response)
