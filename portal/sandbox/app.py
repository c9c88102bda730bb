"""The sandbox as one WSGI application: one origin, every service under its prefix, one lock over all stored data.

`create_app()` makes one. It works the same behind `httpx.WSGITransport` in a test and behind a real server.
"""

from __future__ import annotations

import time
import traceback
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any

import msgspec
from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request as WebRequest
from werkzeug.wrappers import Response

from . import routing
from .faults import Fault
from .kernel import Call, Dropped, Kernel
from .replies import Reply, as_json

BUG_MARKER = "SANDBOX-BUG"
"""Part of the body of a 500 that an error of the sandbox itself caused, beside the header `X-Sandbox-Bug`. Tests fail on it."""

FOR_OWN_PAGES = {
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
"""Headers of `/control` and of every page: no other site may show, load or keep them."""
LONGEST = 2000
"""Characters of a path, a query or a header that are recorded of a call."""


class Sandbox(Kernel):
    """The WSGI application. Parameters are those of `Kernel`."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._map = routing.build_map()

    def perform(self, method: str, path: str, body: Any) -> Response:
        data = body if isinstance(body, bytes) else msgspec.json.encode(body)
        builder = EnvironBuilder(path=path, method=method, data=data, base_url=self.origin)
        return self._answer(WebRequest(builder.get_environ()))

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        request = WebRequest(environ)
        started = time.perf_counter()
        service = routing.service_of(request.path)
        fault = self.faults.take(service=service, path=request.path)
        try:
            with routing.guarded(self, request):
                response = self._with_fault(request, fault)
        except Reply as reply:
            response = reply.response
        except Dropped:
            self._record(request, service, None, time.perf_counter() - started)
            raise
        except Exception as error:
            response = _bug(request, error)
        response.status = _status_line(response.status_code)
        if service == "control" or response.mimetype == "text/html":
            response.headers.update(FOR_OWN_PAGES)
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
        return _changed_by(fault, response)

    def _answer(self, request: WebRequest) -> Response:
        try:
            matched: tuple[routing.Handler, Mapping[str, Any]]
            matched = self._map.bind("", path_info=request.path).match(method=request.method)  # fast: no environ
            handler, values = matched
            self.run_due()
            with self.lock:
                return handler(Call(self, request), **values)
        except Reply as reply:
            return reply.response
        except MethodNotAllowed as error:
            return self._no_route(request, 405, sorted(error.valid_methods or ()))
        except HTTPException as error:
            return self._no_route(request, error.code or 404, [])
        except Exception as error:
            return _bug(request, error)

    def _no_route(self, request: WebRequest, status: int, methods: list[str]) -> Response:
        handler = routing.unknown_path_handler(request.path)
        if handler is None:
            return _no_route(request, status, methods)
        with self.lock:
            return handler(Call(self, request), status, methods)

    def _record(self, request: WebRequest, service: str, status: int | None, seconds: float) -> None:
        """Record the call. The status is None when a fault broke the connection."""
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
    """A sandbox with every service registered. Options are those of `Kernel`."""
    from . import services  # noqa: F401 - the import registers the routes

    return Sandbox(**options)


def _status_line(code: int) -> str:
    """The status with its reason phrase as the real services write it ("Bad Request")."""
    try:
        return f"{code} {HTTPStatus(code).phrase}"
    except ValueError:
        return f"{code} Unknown"


def _shortened(name: str, value: str) -> str:
    if name.lower() not in ("authorization", "cookie"):
        return value[:LONGEST]
    return f"{value[:14]}… ({len(value)} characters)"


def _changed_by(fault: Fault, response: Response) -> Response:
    """The response after a fault that takes effect when the work is done. Raises Dropped for a lost answer."""
    if fault.kind == "lost":
        raise Dropped("lost")
    if fault.kind == "slow":
        time.sleep(fault.seconds)
    if fault.kind == "truncated":
        whole = response.get_data()
        response.set_data(whole[: len(whole) // 2])
        response.headers["Content-Length"] = str(len(whole))
    return response


def _no_route(request: WebRequest, status: int, methods: list[str]) -> Response:
    body = {
        "error": f"The sandbox does not imitate {request.method} {request.path}.",
        "nearest": routing.nearest(request.path),
        "methods": methods,
    }
    return as_json(body, status=status)


def _bug(request: WebRequest, error: Exception) -> Response:
    traceback.print_exc()
    body = {"marker": BUG_MARKER, "error": f"{type(error).__name__} in the sandbox at {request.method} {request.path}"}
    return as_json(body, status=500, headers={"X-Sandbox-Bug": "1"})


__all__ = ["BUG_MARKER", "Sandbox", "create_app"]
