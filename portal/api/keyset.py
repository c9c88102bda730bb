"""Pages of a list by keyset: as cheap near the end as at the beginning, and nothing is skipped while rows come and go."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from django.db.models import Model, QuerySet
from django.http import HttpResponse
from django.utils.translation import gettext as _

from portal.api.shapes import Page
from portal.api.validation import refused
from portal.core.paging import BadCursor, rows_after

M = TypeVar("M", bound=Model)


def page_of(
    rows: QuerySet[M], *, after: str, limit: int, show: Callable[[M], Any], order: tuple[str, ...] = ("pk",)
) -> HttpResponse:
    """Written by Pydantic at once: a list is what is read most. Raises Problem for a cursor that no page of ours gave."""
    try:
        found, cursor = rows_after(rows, order=order, after=after, size=limit)
    except BadCursor:
        raise refused("after", _("Bruk next fra forrige side, uendret.")) from None
    page: Page[Any] = Page(items=[show(row) for row in found], next=cursor)
    return HttpResponse(page.model_dump_json(), content_type="application/json; charset=utf-8")
