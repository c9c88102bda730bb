"""The front page `/`: tells a person what this is and where everything lies."""

from __future__ import annotations

from werkzeug.wrappers import Response

from .app import Call
from .routing import SERVICES, route


@route("GET", "/")
def front(call: Call) -> Response:
    rows = "".join(f"<li><code>{prefix}</code> {name}</li>" for prefix, name in SERVICES.items())
    page = (
        "<!doctype html><html lang='en'><meta charset='utf-8'><title>Sandbox</title>"
        f"<h1>Sandbox</h1><p>Imitates the services a vendor's portal talks to.</p><ul>{rows}</ul>"
        "<p><a href='/control'>Play the other parties</a></p></html>"
    )
    return Response(page, content_type="text/html; charset=utf-8")
