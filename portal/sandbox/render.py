"""The HTML pages of the sandbox: Jinja templates in `pages/` with escaping, and one style sheet."""

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
    """Render the template of that name in `pages/`. A missing value raises an error."""
    text = _environment.get_template(template).render(**values)
    return Response(text, status=status, content_type="text/html; charset=utf-8")


@route("GET", "/sandbox.css")
def style(call: Call) -> Response:
    return Response((PAGES / "sandbox.css").read_bytes(), content_type="text/css; charset=utf-8")
