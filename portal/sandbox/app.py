"""The sandbox as one WSGI application: one origin, every service under its prefix, one lock over one memory.

`create_app()` makes one; it works the same behind `httpx.WSGITransport` in a test and behind a real server.
"""

from __future__ import annotations

import heapq
import secrets
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

import msgspec
from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request as WebRequest
from werkzeug.wrappers import Response

from . import routing
from .clock import Clock
from .faults import Fault, Faults
from .replies import Reply, as_json, empty
from .state import Job, Settings, State
from .tokens import SigningKey, Token

BUG_MARKER = "SANDBOX-BUG"
"""Stands in the body and the `X-Sandbox-Bug` header of a 500 that is the sandbox's own fault; tests fail on sight of it."""

LONGEST = 2000
"""Characters kept of a path, a query or a header in the record of calls, of which ten thousand are kept."""

JobHandler = Callable[["Sandbox", dict[str, Any], datetime], None]
JOBS: dict[str, JobHandler] = {}


def job(kind: str) -> Callable[[JobHandler], JobHandler]:
    """Register the function that does jobs of `kind`; it runs under the lock, when their time has come."""

    def register(handler: JobHandler) -> JobHandler:
        JOBS[kind] = handler
        return handler

    return register


class Dropped(Exception):
    """The connection is to break without an answer (a fault said so)."""


class Call:
    """One request being answered, with the memory and the time it is answered at."""

    __slots__ = ("now", "request", "sandbox", "state")

    def __init__(self, sandbox: Sandbox, request: WebRequest) -> None:
        self.sandbox = sandbox
        self.state = sandbox.state
        self.request = request
        self.now = sandbox.clock.now()

    def body(self) -> Any:
        """The JSON body as plain values. Raises msgspec.DecodeError; each service answers that in its own words."""
        return msgspec.json.decode(self.request.get_data())


class Sandbox:
    """The application object. Ready-made `keys` ("maskinporten", "altinn") save the time it takes to make new ones."""

    def __init__(
        self,
        *,
        seed: int = 0,
        origin: str = "http://127.0.0.1:8901",
        clock: Clock | None = None,
        keys: dict[str, SigningKey] | None = None,
    ) -> None:
        self.lock = threading.RLock()
        self.clock = clock or Clock()
        self.origin = origin.rstrip("/")
        self.state = State(seed=seed)
        self._first_settings = Settings()
        self.faults = Faults()
        self.calls: deque[dict[str, Any]] = deque(maxlen=10_000)
        self.token_cache: dict[str, Token] = {}
        self.signing_keys = dict(keys or {name: SigningKey(kid=f"{name}-1") for name in ("maskinporten", "altinn")})
        self.after_request: list[Callable[[Sandbox], None]] = []
        self.served = 0
        self.salt = secrets.token_hex(8)  # of what must not be the same after a restart; no id is made of it
        self.caches: dict[str, Any] = {}  # derived, never saved; services keep their look-ups here under their own key
        self._map = routing.build_map()

    def start_with(self, **settings: Any) -> None:
        """Change settings for good: a reset comes back to these."""
        self._first_settings = msgspec.structs.replace(self._first_settings, **settings)
        self.state.settings = msgspec.structs.replace(self.state.settings, **settings)

    def issuers(self) -> dict[str, str]:
        """Issuer URL by token kind."""
        return {
            "maskinporten": f"{self.origin}/maskinporten/",
            "altinn": f"{self.origin}/platform/authentication/api/v1/openid/",
        }

    def reset(self) -> None:
        """Forget everything but the seed, and go back to the settings the sandbox was started with."""
        self.state = State(seed=self.state.seed, settings=msgspec.structs.replace(self._first_settings))
        self.faults.clear()
        self.token_cache.clear()
        self.caches.clear()
        self.calls.clear()

    def run_due(self) -> None:
        """Do every job whose time has come, oldest first (a job may plan new ones)."""
        with self.lock:
            while self.state.jobs and self.state.jobs[0].due <= self.clock.now():
                self._do(heapq.heappop(self.state.jobs))

    def perform(self, method: str, path: str, body: Any) -> Response:
        """Answer a call the sandbox makes to itself (its own pages do), without faults and without a record.

        The body is sent as JSON, or as it is when it is bytes.
        """
        data = body if isinstance(body, bytes) else msgspec.json.encode(body)
        builder = EnvironBuilder(path=path, method=method, data=data, base_url=self.origin)
        return self._answer(WebRequest(builder.get_environ()))

    def _do(self, planned: Job) -> None:
        JOBS[planned.kind](self, planned.data, planned.due)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        request = WebRequest(environ)
        started = time.perf_counter()
        service = routing.service_of(request.path)
        fault = self.faults.take(service=service, path=request.path)
        try:
            with routing.gates(self, request):
                response = self._with_fault(request, fault)
        except Reply as reply:
            response = reply.response
        except Dropped:
            self._record(request, service, None, time.perf_counter() - started)
            raise
        except Exception as error:
            response = _bug(request, error)
        self._record(request, service, response.status_code, time.perf_counter() - started)
        for hook in self.after_request:
            hook(self)
        return response(environ, start_response)

    def _with_fault(self, request: WebRequest, fault: Fault | None) -> Response:
        if fault is None:
            return self._answer(request)
        if fault.kind == "status":
            headers = {"Retry-After": fault.retry_after} if fault.retry_after else {}
            kind = "application/json" if fault.body.startswith("{") else "text/plain"
            return Response(fault.body, status=fault.status, headers=headers, content_type=kind)
        if fault.kind == "timeout":
            time.sleep(fault.seconds)
        if fault.kind in ("timeout", "reset"):
            raise Dropped(fault.kind)
        response = self._answer(request)
        return _spoiled(response, fault)

    def _answer(self, request: WebRequest) -> Response:
        try:
            found: tuple[routing.Handler, Mapping[str, Any]]
            found = self._map.bind("", path_info=request.path).match(method=request.method)  # fast: no environ
            handler, values = found
            self.run_due()
            with self.lock:
                return handler(Call(self, request), **values)
        except Reply as reply:
            return reply.response
        except MethodNotAllowed as error:
            return self._not_known(request, 405, sorted(error.valid_methods or ()))
        except HTTPException as error:
            return self._not_known(request, error.code or 404, [])
        except Exception as error:
            return _bug(request, error)

    def _not_known(self, request: WebRequest, status: int, methods: list[str]) -> Response:
        stranger = routing.stranger_for(request.path)
        if stranger is None:
            return _not_known(request, status, methods)
        with self.lock:
            return stranger(Call(self, request), status, methods)

    def _record(self, request: WebRequest, service: str, status: int | None, seconds: float) -> None:
        """Keep what came; the status is None when a fault broke the connection."""
        self.served += 1
        self.calls.append(
            {
                "at": self.clock.now().isoformat(),
                "service": service,
                "method": request.method,
                "path": request.path[:LONGEST],
                "query": request.query_string.decode("latin-1")[:LONGEST],
                "status": status,
                "headers": {k: _shortened(k, v) for k, v in request.headers.items()},
                "body_bytes": request.content_length or 0,
                "milliseconds": round(seconds * 1000, 2),
            }
        )


def create_app(**options: Any) -> Sandbox:
    """A sandbox with every service registered. Options are those of `Sandbox`."""
    from . import services  # noqa: F401 - importing registers the routes; not before they are needed

    return Sandbox(**options)


def _shortened(name: str, value: str) -> str:
    if name.lower() not in ("authorization", "cookie"):
        return value[:LONGEST]
    return f"{value[:14]}… ({len(value)} characters)"


def _spoiled(response: Response, fault: Fault) -> Response:
    if fault.kind == "lost":
        raise Dropped("lost")
    if fault.kind == "slow":
        time.sleep(fault.seconds)
    if fault.kind == "truncated":
        whole = response.get_data()
        response.set_data(whole[: len(whole) // 2])
        response.headers["Content-Length"] = str(len(whole))
    return response


def _not_known(request: WebRequest, status: int, methods: list[str]) -> Response:
    body = {
        "error": f"The sandbox does not imitate {request.method} {request.path}.",
        "nearest": routing.nearest(request.path),
        "methods": methods,
    }
    return as_json(body, status=status)


def _bug(request: WebRequest, error: Exception) -> Response:
    import traceback

    traceback.print_exc()
    body = {"marker": BUG_MARKER, "error": f"{type(error).__name__} in the sandbox at {request.method} {request.path}"}
    return as_json(body, status=500, headers={"X-Sandbox-Bug": "1"})


__all__ = ["BUG_MARKER", "Call", "Dropped", "Sandbox", "create_app", "empty", "job"]
