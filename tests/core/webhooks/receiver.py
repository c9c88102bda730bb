"""A receiver of the vendor's own: a real HTTP server that keeps what comes and answers as it is told."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from standardwebhooks import Webhook as Verifier
from standardwebhooks import WebhookVerificationError


@dataclass
class Receiver:
    """`answers`: the statuses of the next answers, then `usual`; `headers` go with each.

    With `secret` each message is verified when it comes, and refused with 401 unless it is signed; `told` are their bodies.
    """

    url: str = ""
    usual: int = 204
    answers: list[int] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    secret: str = ""
    told: list[Any] = field(default_factory=list)

    def take(self, headers: dict[str, str], content: bytes) -> int:
        """The status to answer with."""
        if self.secret:
            try:
                self.told.append(Verifier(self.secret).verify(content, headers))
            except WebhookVerificationError:
                return 401
        return self.answers.pop(0) if self.answers else self.usual

    def bodies(self, secret: str) -> list[Any]:
        """What came, each verified by the stock library of Standard Webhooks."""
        return [Verifier(secret).verify(content, headers) for headers, content in self.got]


@contextmanager
def receiving(again: Receiver | None = None) -> Iterator[Receiver]:
    """A new one, or `again` one that was down, at the address that it had."""
    receiver = again or Receiver()
    port = urlsplit(receiver.url).port or 0

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            content = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            receiver.got.append((headers, content))
            self.send_response(receiver.take(headers, content))
            for name, value in receiver.headers.items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", port), Handler) as server:
        receiver.url = f"http://127.0.0.1:{server.server_port}/hooks"
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield receiver
        server.shutdown()
        thread.join()
