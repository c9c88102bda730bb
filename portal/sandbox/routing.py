"""The registry of routes: modules register handlers with `@route`, and the application matches paths with werkzeug.

Paths below a service's prefix are exactly those of the real service.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import cache

from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request as WebRequest
from werkzeug.wrappers import Response

from .kernel import Call, Kernel

Handler = Callable[..., Response]
ROUTES: list[Rule] = []

UnknownPathHandler = Callable[[Call, int, list[str]], Response]
_UNKNOWN_PATHS: dict[str, UnknownPathHandler] = {}
Guard = Callable[[Kernel, WebRequest], AbstractContextManager[None]]
_GUARDS: dict[str, Guard] = {}

SERVICES = {
    "/maskinporten": "maskinporten",
    "/platform/authentication": "authentication",
    "/platform/dialogporten": "dialogporten",
    "/platform/events": "events",
    "/platform/accessmanagement": "accessmanagement",
    "/platform/resourceregistry": "resourceregistry",
    "/am-ui": "am-ui",
    "/platform/storage": "storage",
    "/apps": "apps",
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


def unknown_paths(prefix: str) -> Callable[[UnknownPathHandler], UnknownPathHandler]:
    """Let the decorated function answer 404 and 405 below `prefix` in the service's format.

    It is called with the call, the status and the methods that the path has.
    """

    def register(handler: UnknownPathHandler) -> UnknownPathHandler:
        _UNKNOWN_PATHS[prefix] = handler
        return handler

    return register


def unknown_path_handler(path: str) -> UnknownPathHandler | None:
    """The function with the longest prefix of `path`; None: the application answers in its own format."""
    matching = [prefix for prefix in _UNKNOWN_PATHS if path.startswith(prefix)]
    return _UNKNOWN_PATHS[max(matching, key=len)] if matching else None


def guard(prefix: str) -> Callable[[Guard], Guard]:
    """Wrap every call below `prefix`, outside the lock. A guard may raise Reply to refuse a call."""

    def register(guard: Guard) -> Guard:
        _GUARDS[prefix] = guard
        return guard

    return register


@contextmanager
def guarded(sandbox: Kernel, request: WebRequest) -> Iterator[None]:
    """Run a call inside the guards of its path."""
    with ExitStack() as stack:
        for prefix, guard in _GUARDS.items():
            if request.path.startswith(prefix):
                stack.enter_context(guard(sandbox, request))
        yield


@cache
def build_map() -> Map:
    """The map of all routes, shared by every sandbox of this process because it is slow to make."""
    return Map([rule.empty() for rule in ROUTES], strict_slashes=False, merge_slashes=False, redirect_defaults=False)


def service_of(path: str) -> str:
    """The short name of the service a path belongs to; `root` for the sandbox's front page."""
    return next((name for prefix, name in SERVICES.items() if path.startswith(prefix)), "root")


def nearest(path: str) -> str:
    """The known path most similar to `path`, as a hint in a 404."""
    known = sorted({rule.rule for rule in ROUTES})
    return (difflib.get_close_matches(path, known, n=1, cutoff=0.0) or [""])[0]
