"""Which function answers which path. Modules register with `@route`; the application matches with werkzeug.

Paths below a service's prefix are exactly those of the real service.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import cache
from typing import TYPE_CHECKING

from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request as WebRequest
from werkzeug.wrappers import Response

if TYPE_CHECKING:
    from .app import Call, Sandbox

Handler = Callable[..., Response]
ROUTES: list[Rule] = []

Stranger = Callable[["Call", int, list[str]], Response]
_STRANGERS: dict[str, Stranger] = {}
Gate = Callable[["Sandbox", WebRequest], AbstractContextManager[None]]
_GATES: dict[str, Gate] = {}

SERVICES = {
    "/maskinporten": "maskinporten",
    "/platform/authentication": "authentication",
    "/platform/dialogporten": "dialogporten",
    "/platform/events": "events",
    "/platform/accessmanagement": "accessmanagement",
    "/platform/resourceregistry": "resourceregistry",
    "/am-ui": "am-ui",
    "/skatteetaten": "skatteetaten",
    "/brreg": "brreg",
    "/control": "control",
}


def route(method: str, path: str) -> Callable[[Handler], Handler]:
    """Let the decorated function answer `method path` (werkzeug path syntax: `<name>`, `<path:name>`)."""

    def register(handler: Handler) -> Handler:
        ROUTES.append(Rule(path, methods=[method], endpoint=handler))
        return handler

    return register


def strangers(prefix: str) -> Callable[[Stranger], Stranger]:
    """Let the decorated function answer 404 and 405 below `prefix` in the service's words (status, known methods)."""

    def register(answer: Stranger) -> Stranger:
        _STRANGERS[prefix] = answer
        return answer

    return register


def stranger_for(path: str) -> Stranger | None:
    """The function that answers an unknown `path`, by the longest prefix; None when the sandbox's own words will do."""
    fitting = [prefix for prefix in _STRANGERS if path.startswith(prefix)]
    return _STRANGERS[max(fitting, key=len)] if fitting else None


def gate(prefix: str) -> Callable[[Gate], Gate]:
    """Wrap every call below `prefix`, outside the lock. A gate may raise Reply to turn a call away."""

    def register(keeper: Gate) -> Gate:
        _GATES[prefix] = keeper
        return keeper

    return register


@contextmanager
def gates(sandbox: Sandbox, request: WebRequest) -> Iterator[None]:
    with ExitStack() as stack:
        for prefix, keeper in _GATES.items():
            if request.path.startswith(prefix):
                stack.enter_context(keeper(sandbox, request))
        yield


@cache
def build_map() -> Map:
    """The map of all routes, shared by every sandbox of this process: making it takes longer than most tests."""
    return Map([rule.empty() for rule in ROUTES], strict_slashes=False, merge_slashes=False, redirect_defaults=False)


def service_of(path: str) -> str:
    """The short name of the service a path belongs to, `root` for the sandbox's own front page."""
    return next((name for prefix, name in SERVICES.items() if path.startswith(prefix)), "root")


def nearest(path: str) -> str:
    """The known path that looks most like `path`, for the 404 that helps."""
    known = sorted({rule.rule for rule in ROUTES})
    return (difflib.get_close_matches(path, known, n=1, cutoff=0.0) or [""])[0]


def answer(call: Call, handler: Handler, values: dict[str, str]) -> Response:
    return handler(call, **values)
