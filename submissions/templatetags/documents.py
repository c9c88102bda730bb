"""The file type of a document for display."""

from __future__ import annotations

from django import template

from submissions.models import Document

register = template.Library()
KINDS = {
    "application/pdf": "PDF",
    "application/xml": "XML",
    "text/xml": "XML",
    "application/json": "JSON",
    "text/csv": "CSV",
    "application/zip": "ZIP",
}


@register.filter
def kind(document: Document) -> str:
    """PDF, XML ..., else the media type as it is."""
    return KINDS.get(document.media_type.partition(";")[0], document.media_type)
