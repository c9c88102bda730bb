"""The sandbox's pages for people: Jinja templates in `pages/`, escaped, and one small style sheet."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from werkzeug.wrappers import Response

from .kernel import Call
from .routing import route

PAGES = Path(__file__).parent / "pages"
_environment = Environment(
    loader=FileSystemLoader(PAGES), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
)


def page(template: str, *, status: int = 200, **values: Any) -> Response:
    """The template of that name in `pages/` as an HTML answer. A missing value is an error, not a blank."""
    text = _environment.get_template(template).render(**values)
    return Response(text, status=status, content_type="text/html; charset=utf-8")


@route("GET", "/sandbox.css")
def style(call: Call) -> Response:
    return Response((PAGES / "sandbox.css").read_bytes(), content_type="text/css; charset=utf-8")
