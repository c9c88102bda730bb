"""One URL is one page; htmx asks the same URL and gets the part it is about to replace.

A fragment's name is its element id, and the name of a `partialdef` in the page's template.
"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def page_or_fragment(
    request: HttpRequest, template: str, *fragments: str, context: dict[str, Any] | None = None, status: int = 200
) -> HttpResponse:
    """The fragment of `template` that htmx will swap (`HX-Target` names it), else the whole page."""
    target = asked_fragment(request, *fragments)
    response = render(request, f"{template}#{target}" if target else template, context, status=status)
    response["Vary"] = "HX-Request"
    return response


def asked_fragment(request: HttpRequest, *fragments: str) -> str | None:
    """The one of `fragments` that htmx is about to replace; None when the whole page is wanted."""
    htmx = getattr(request, "htmx", None)
    target = htmx.target if htmx and not htmx.boosted else None
    return target if target in fragments else None
