"""Frister: the deadline board, also as a file."""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast

from django.http import FileResponse, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.guard import StaffRequest, staff_page
from portal.core.exports import MEDIA_TYPES, as_download
from portal.core.htmx import page_or_fragment
from portal.core.paging import changed
from submissions.services import catalogue
from submissions.services.due.board import Row, board, forecast
from submissions.services.due.counting import customers_of
from submissions.services.pages import due_board


@staff_page()
@require_safe
def due(request: StaffRequest) -> HttpResponse:
    at = timezone.now()
    today, settings = timezone.localdate(at), catalogue.local(request.environment)
    span = due_board.span_of(request.GET, today=today)
    found = board(user=request.user, environment=request.environment, span=span, at=at)
    rows = found.rows
    first = due_board.most_urgent(rows, today=today)
    chosen = due_board.filtered(rows, show := request.GET.get("show", ""), today=today)
    if (format := request.GET.get("file", "")) in MEDIA_TYPES:
        return cast("HttpResponse", _as_file(request, chosen, format, at))
    where: dict[str, Any] = {"environment": request.environment, "portfolio": span.portfolio}
    context = {
        "days": due_board.days_of(chosen, **where, today=today), "headings": due_board.headings(),
        "chips": due_board.chips(rows, query=request.GET, today=today), "checked": due_board.checked(rows),
        "missing": due_board.missing(rows, **where, today=today) if show == due_board.OPEN else [],
        "everybody": due_board.everybody(rows, environment=request.environment, query=request.GET),
        "urgent": _urgent(request, first, where, at) if first else None, "is_empty": not rows, "counted_at": found.counted_at,
        "next": due_board.said(first.item.day, today) if first and first.item.day else "",
        "downloads": [(one.upper(), changed(request.GET, file=one)) for one in MEDIA_TYPES],
        "choices": due_board.choices(request.GET, span, user=request.user, settings=settings, today=today),
    }  # fmt: skip
    return page_or_fragment(request, "submissions/due.html", "results", context=context)


def _urgent(request: StaffRequest, row: Row, where: dict[str, Any], at: datetime) -> due_board.Urgent:
    foreseen = forecast(row, customers_of(user=request.user, **where), environment=request.environment, at=at)
    return due_board.urgent(row, **where, foreseen=foreseen, at=at)


def _as_file(request: StaffRequest, rows: list[Row], format: str, at: datetime) -> FileResponse:
    """One line for each service and period."""
    header = [_("Siste dag"), _("Tjeneste"), _("Periode"), *(str(label) for label, _colour in due_board.headings())]
    lines = ([row.item.day, row.item.service.name, str(row.item.period), *due_board.row_numbers(row)] for row in rows)
    return as_download(request, "frister", format, header, lines, at=at)
