"""Stands between the portal and a server of S3, and fails as a test says: once, or as often as it is told."""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

REFUSALS = {
    "busy": (503, "SlowDown"), "denied": (403, "AccessDenied"), "no bucket": (404, "NoSuchBucket"), "full": (507, "InsufficientStorage"),
    "broken": (500, "InternalError"),
}  # fmt: skip


@dataclass
class Fault:
    """`kind`: one of REFUSALS, `slow` (no answer for `seconds`), `truncated` (half of the body), `changed` (one byte of the answer),
    `changed on its way` (one byte of the request), `reset` (no answer at all). `times`: how often; `method`: of which requests.
    """

    kind: str
    method: str = ""
    times: int = 10**9
    seconds: float = 0.0


@dataclass
class Proxy:
    """`url` is that of the proxy. `asked`: method and address of each request."""

    server: str
    http: ThreadingHTTPServer
    faults: list[Fault] = field(default_factory=list)
    asked: list[tuple[str, str, str]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def port(self) -> int:
        return int(self.http.server_address[1])

    def fail(self, kind: str, **how: Any) -> None:
        self.faults.append(Fault(kind, **how))

    def mend(self) -> None:
        self.faults.clear()

    def next_fault(self, method: str) -> Fault:
        for fault in self.faults:
            if fault.times > 0 and fault.method in ("", method):
                fault.times -= 1
                return fault
        return Fault("")


@contextmanager
def standing_before(server: str) -> Iterator[Proxy]:
    http_server = Quiet(("127.0.0.1", 0), Handler)
    proxy = http_server.proxy = Proxy(server, http_server)  # type: ignore[attr-defined]
    thread = threading.Thread(target=http_server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        http_server.shutdown()
        http_server.server_close()
        thread.join()


class Quiet(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away."""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing."""

    def do_GET(self) -> None:
        proxy: Proxy = self.server.proxy  # type: ignore[attr-defined]
        fault = proxy.next_fault(self.command)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        proxy.asked.append((self.command, self.headers["Host"], self.path))
        if fault.kind == "reset":
            self.close_connection = True
            return
        if fault.kind in REFUSALS:
            self._refuse(*REFUSALS[fault.kind])
            return
        if fault.kind == "slow":
            time.sleep(fault.seconds)
        self._answer(*self._forward(changed(body) if fault.kind == "changed on its way" else body), fault)

    do_PUT = do_HEAD = do_DELETE = do_POST = do_GET

    def _forward(self, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        address = urlsplit(self.server.proxy.server).netloc  # type: ignore[attr-defined]
        connection = http.client.HTTPConnection(address, timeout=60)
        try:
            headers = {
                name: value for name, value in self.headers.items() if name.lower() not in ("expect", "connection")
            }
            connection.request(self.command, self.path, body=body or None, headers=headers)
            answer = connection.getresponse()
            return answer.status, answer.getheaders(), answer.read()
        finally:
            connection.close()

    def _answer(self, status: int, headers: list[tuple[str, str]], body: bytes, fault: Fault) -> None:
        self.send_response_only(status)
        for name, value in headers:
            if name.lower() not in ("transfer-encoding", "connection", "content-length"):
                self.send_header(name, value)
        length = {name.lower(): value for name, value in headers}.get("content-length", str(len(body)))
        self.send_header("Content-Length", length if self.command == "HEAD" else str(len(body)))
        self.end_headers()
        if self.command == "HEAD":
            return
        if fault.kind == "truncated":
            self.close_connection = True
            body = body[: len(body) // 2]
        self.wfile.write(changed(body) if fault.kind == "changed" else body)

    def _refuse(self, status: int, code: str) -> None:
        body = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>no</Message></Error>".encode()
        self.send_response_only(status)
        self.send_header("Content-Type", "application/xml")
        self.send_header("Content-Length", "0" if self.command == "HEAD" else str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


def changed(body: bytes) -> bytes:
    """With another byte in its middle."""
    middle = len(body) // 2
    return body[:middle] + bytes([body[middle] ^ 1]) + body[middle + 1 :] if body else body
