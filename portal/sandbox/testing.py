"""For tests that put the sandbox behind an httpx client: faults that break a connection surface as httpx's own errors."""

from __future__ import annotations

import httpx

from .app import BUG_MARKER, Dropped, Sandbox


class SandboxBug(AssertionError):
    """The sandbox answered 500 for a fault of its own."""


class Transport(httpx.BaseTransport):
    """`httpx.WSGITransport`, with dropped connections as ReadTimeout, ReadError or RemoteProtocolError."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self._inner = httpx.WSGITransport(app=sandbox)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        try:
            response = self._inner.handle_request(request)
        except Dropped as dropped:
            error = httpx.ReadTimeout if str(dropped) == "timeout" else httpx.ReadError
            raise error(f"the sandbox dropped the connection ({dropped})", request=request) from None
        body = response.read()
        if BUG_MARKER.encode() in body:
            raise SandboxBug(body.decode())
        promised = int(response.headers.get("content-length", len(body)))
        if promised > len(body) and request.method != "HEAD":
            raise httpx.RemoteProtocolError("the sandbox cut the body off", request=request)
        return response
