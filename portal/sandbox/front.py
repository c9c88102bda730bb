"""The front page `/`: what the sandbox imitates, at which addresses, and how to configure a program for it."""

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
    "storage": "Altinn: the instances of all apps",
    "apps": "Altinn: the app of the tax return",
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
    """Every route below a prefix. Of the 31 tax services with the same routes only one is listed."""
    lines = sorted(
        {f"{' '.join(sorted((r.methods or set()) - {'HEAD'}))} {r.rule}" for r in ROUTES if r.rule.startswith(prefix)}
    )
    one_shape = [line for line in lines if "/skatteetaten/innrapportering" in line and "<year>" in line]
    return [line for line in lines if line not in one_shape[2:]]
