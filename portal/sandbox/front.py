"""The front page `/`: tells a person what this is, where everything lies, and how a program is pointed at it."""

from __future__ import annotations

from werkzeug.wrappers import Response

from .kernel import Call
from .render import page
from .routing import ROUTES, SERVICES, route

STANDS_FOR = {
    "maskinporten": "Maskinporten: tokens, keys, and the self-service for clients",
    "authentication": "Altinn: system register, system users, requests, token exchange",
    "dialogporten": "Altinn: Dialogporten's end-user API",
    "events": "Altinn: events and subscriptions",
    "accessmanagement": "Altinn: parties and access",
    "resourceregistry": "Altinn: resources",
    "am-ui": "Altinn: the pages where a customer approves",
    "skatteetaten": "Skatteetaten: reporting services, documents, feedback",
    "brreg": "Enhetsregisteret's open API",
    "control": "the tester's own: time, faults, the other parties",
}


@route("GET", "/")
def front(call: Call) -> Response:
    rows = [
        {"prefix": prefix, "name": STANDS_FOR.get(name, name), "routes": _routes(prefix)}
        for prefix, name in SERVICES.items()
    ]
    return page("front.html", rows=rows, origin=call.sandbox.origin, now=call.now)


def _routes(prefix: str) -> list[str]:
    """Every call below a prefix; the 31 tax services of one shape are shown by one of them."""
    found = sorted(
        {f"{' '.join(sorted((r.methods or set()) - {'HEAD'}))} {r.rule}" for r in ROUTES if r.rule.startswith(prefix)}
    )
    one_shape = [line for line in found if "/skatteetaten/innrapportering" in line and "<year>" in line]
    return [line for line in found if line not in one_shape[2:]]
