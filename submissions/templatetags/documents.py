"""The file type and the role of a document for display, and how grave a reason is."""

from __future__ import annotations

from pathlib import PurePath

from django import template
from django.utils.translation import gettext_lazy as _

from submissions.models import Document
from submissions.services.ways import adapter_of

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
    """PDF, XML ..., else how the name ends, else the media type as it is."""
    known = KINDS.get(document.media_type.partition(";")[0])
    return known or PurePath(document.filename).suffix[1:].upper() or document.media_type


@register.filter
def role(document: Document) -> str:
    """The label of its role: our own for what was received, the adapter's for what is sent."""
    if not document.is_form:
        return str(Document.Role(document.role).label)
    return adapter_of(document.submission).role_label(document.role) if document.submission else document.role


SEVERITIES = {"avvist": (_("Må rettes"), "danger"), "advarsel": (_("Bør rettes"), "warning")}


@register.filter
def severity(value: str) -> str:
    """How grave a reason is: the authority's word in ours, or as it is when it is a new one."""
    return str(SEVERITIES[value.lower()][0]) if value.lower() in SEVERITIES else value


@register.filter
def severity_colour(value: str) -> str:
    return SEVERITIES[value.lower()][1] if value.lower() in SEVERITIES else "neutral"
