"""The trail at a real receiver: over TCP, over TLS and by POST, in order and at least once, also after an outage and a crash."""

from __future__ import annotations

import json
import ssl
import subprocess
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from socketserver import BaseRequestHandler, TCPServer
from typing import Any, ClassVar

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from portal.core.audit import AuditEvent
from portal.core.env import BadSetting, Env
from portal.core.trail import delivery
from portal.core.trail.delivery import TrailDelivery
from portal.core.trail.receiver import read
from portal.gateways.errors import Unavailable
from portal.gateways.siem import Receiver
from tests.core.trail.rows import write, write_and_seal
from tests.fixtures import AT

pytestmark = pytest.mark.django_db(transaction=True)


class Syslog(TCPServer):
    """Takes connections one after another, and keeps what came on each."""

    allow_reuse_address = True

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self.got: list[bytes] = []
        self.is_abrupt = False
        super().__init__(("127.0.0.1", 0), _Reading)
        if context:
            self.socket = context.wrap_socket(self.socket, server_side=True)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A connection that breaks is the sender's to notice."""


class _Reading(BaseRequestHandler):
    def handle(self) -> None:
        parts = []
        while part := self.request.recv(65536):
            parts.append(part)
        self.server.got.append(b"".join(parts))  # type: ignore[attr-defined]
        if isinstance(self.request, ssl.SSLSocket) and not self.server.is_abrupt:  # type: ignore[attr-defined]
            self.request.unwrap()


def serve(server: Any) -> threading.Thread:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    return thread


@pytest.fixture
def syslog(settings: Any) -> Iterator[Syslog]:
    with Syslog() as server:
        serve(server)
        settings.TRAIL_RECEIVER = Receiver("syslog", "127.0.0.1", server.server_address[1])
        yield server
        server.shutdown()


def messages(stream: bytes) -> list[dict[str, Any]]:
    """By the lengths before them, as a receiver reads; each header is checked."""
    found = []
    while stream:
        length, _blank, rest = stream.partition(b" ")
        line, stream = rest[: int(length)], rest[int(length) :]
        header, content = line.decode("ascii").split(" {", 1)
        parts = header.split(" ")
        row = json.loads("{" + content)
        assert (parts[0], parts[1], parts[3], parts[5], parts[6]) == ("<110>1", row["at"], "portal", row["what"], "-")
        found.append(row)
    return found


def ids() -> list[int]:
    return list(AuditEvent.objects.order_by("pk").values_list("pk", flat=True))


def test_sealed_rows_arrive_in_order_and_once(syslog: Syslog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery, "BATCH", 2)
    write_and_seal(3)
    first = delivery.deliver(at=AT)
    write_and_seal(2, at=AT + timedelta(minutes=1))
    write(1, at=AT + timedelta(minutes=2))  # not sealed yet

    second, third = delivery.deliver(at=AT), delivery.deliver(at=AT)

    got = [row for stream in syslog.got for row in messages(stream)]
    assert (first, second, third) == (3, 2, 0)
    assert [row["id"] for row in got] == ids()[:5]
    event = AuditEvent.objects.order_by("pk")[0]
    assert (got[0]["by"], got[0]["what"], got[0]["target"]) == (event.by, event.what, event.target)


def test_what_was_not_taken_is_sent_again_after_the_outage(settings: Any) -> None:
    write_and_seal(3)
    with Syslog() as gone:
        port = gone.server_address[1]
    settings.TRAIL_RECEIVER = Receiver("syslog", "127.0.0.1", port)
    refused = [delivery.deliver(at=AT + timedelta(seconds=n)) for n in (0, 30)]
    row = TrailDelivery.objects.get()
    failures, waits_until = row.failures, row.next_attempt_at

    with Syslog() as server:
        serve(server)
        settings.TRAIL_RECEIVER = Receiver("syslog", "127.0.0.1", server.server_address[1])
        delivered = delivery.deliver(at=AT + timedelta(minutes=1))
        server.shutdown()

    row.refresh_from_db()
    assert (refused, failures, waits_until) == ([0, 0], 1, AT + timedelta(minutes=1))
    assert (delivered, row.failures, row.problem_code) == (3, 0, "")
    assert [one["id"] for one in messages(server.got[0])] == ids()


def test_a_process_that_stops_after_the_receiver_has_it_sends_it_again(
    syslog: Syslog, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_and_seal(2)

    def stop(*_args: Any) -> None:
        raise SystemExit

    with monkeypatch.context() as patched:
        patched.setattr(delivery, "_delivered", stop)
        with pytest.raises(SystemExit):
            delivery.deliver(at=AT)
    again = delivery.deliver(at=AT)

    assert again == 2
    assert [[row["id"] for row in messages(stream)] for stream in syslog.got] == [ids(), ids()]


def test_a_long_outage_is_tried_at_growing_intervals() -> None:
    row = TrailDelivery(pk=1)
    waits = []

    for _ in range(8):
        delivery._failed(row, Unavailable("x"), AT)
        assert row.next_attempt_at is not None
        waits.append((row.next_attempt_at - AT).total_seconds() / 60)

    assert waits == [1, 2, 4, 8, 15, 15, 15, 15]


def certified(folder: Path) -> tuple[ssl.SSLContext, str]:
    """Of a receiver called localhost, and the file by which it is known."""
    key, certificate = folder / "key.pem", folder / "cert.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext",
         "subjectAltName=DNS:localhost", "-keyout", str(key), "-out", str(certificate)],
        check=True, capture_output=True,
    )  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context, str(certificate)


def test_over_tls_the_receiver_is_known_by_its_certificate(settings: Any, tmp_path: Path) -> None:
    context, certificate = certified(tmp_path)
    write_and_seal(3)
    with Syslog(context) as server:
        serve(server)
        port = server.server_address[1]
        settings.TRAIL_RECEIVER = Receiver("syslog+tls", "localhost", port)
        unknown = delivery.deliver(at=AT)
        settings.TRAIL_RECEIVER = Receiver("syslog+tls", "localhost", port, ca=certificate)
        known = delivery.deliver(at=AT + timedelta(hours=1))
        server.shutdown()

    assert (unknown, known) == (0, 3)
    assert [row["id"] for stream in server.got for row in messages(stream)] == ids()


def test_over_tls_an_end_without_a_word_is_no_delivery(settings: Any, tmp_path: Path) -> None:
    context, certificate = certified(tmp_path)
    write_and_seal(3)
    with Syslog(context) as server:
        server.is_abrupt = True
        serve(server)
        settings.TRAIL_RECEIVER = Receiver("syslog+tls", "localhost", server.server_address[1], ca=certificate)
        cut = delivery.deliver(at=AT)
        server.is_abrupt = False
        whole = delivery.deliver(at=AT + timedelta(hours=1))
        server.shutdown()

    assert (cut, whole, TrailDelivery.objects.get().failures) == (0, 3, 0)
    assert [row["id"] for row in messages(server.got[-1])] == ids()


class _Closing(BaseRequestHandler):
    """Closes what it was connected to, without a look."""

    def handle(self) -> None:
        self.request.close()


@pytest.mark.parametrize("number", [1, 400])
def test_a_receiver_that_closes_before_the_end_has_taken_nothing(settings: Any, number: int) -> None:
    write_and_seal(number)
    with TCPServer(("127.0.0.1", 0), _Closing) as server:
        serve(server)
        settings.TRAIL_RECEIVER = Receiver("syslog", "127.0.0.1", server.server_address[1])
        delivered = delivery.deliver(at=AT)
        server.shutdown()

    assert (delivered, TrailDelivery.objects.get().last_event) == (0, 0)


class Posts(BaseHTTPRequestHandler):
    answers: ClassVar[list[int]] = []
    got: ClassVar[list[tuple[str, list[dict[str, Any]]]]] = []

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        status = self.answers.pop(0) if self.answers else 204
        if status == 204:
            self.got.append((self.headers["Authorization"], json.loads(body)))
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_args: Any) -> None:
        """Quietly."""


@pytest.mark.parametrize("status", [503, 401, 302])
def test_by_post_whatever_is_no_success_is_sent_again(settings: Any, status: int) -> None:
    Posts.got.clear()
    Posts.answers[:] = [status]
    write_and_seal(2)
    with HTTPServer(("127.0.0.1", 0), Posts) as server:
        serve(server)
        address = f"http://127.0.0.1:{server.server_address[1]}/in"
        settings.TRAIL_RECEIVER = Receiver("http", "127.0.0.1", server.server_address[1], address, token="secret")
        refused = delivery.deliver(at=AT)
        taken = delivery.deliver(at=AT + timedelta(hours=1))
        server.shutdown()

    assert (refused, taken) == (0, 2)
    [(authorization, rows)] = Posts.got
    assert (authorization, [row["id"] for row in rows]) == ("Bearer secret", ids())


def test_by_post_over_tls_the_receiver_is_known_by_its_certificate(settings: Any, tmp_path: Path) -> None:
    context, certificate = certified(tmp_path)
    Posts.got.clear()
    write_and_seal(2)
    with HTTPServer(("127.0.0.1", 0), Posts) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        server.handle_error = lambda *_args: None  # type: ignore[method-assign] # the first one hangs up
        serve(server)
        port = server.server_address[1]
        address = f"https://localhost:{port}/in"
        settings.TRAIL_RECEIVER = Receiver("https", "localhost", port, address, token="secret")
        unknown = delivery.deliver(at=AT)
        settings.TRAIL_RECEIVER = Receiver("https", "localhost", port, address, token="secret", ca=certificate)
        known = delivery.deliver(at=AT + timedelta(hours=1))
        server.shutdown()

    assert (unknown, known, len(Posts.got)) == (0, 2, 1)


def test_without_a_receiver_nothing_is_done(settings: Any) -> None:
    settings.TRAIL_RECEIVER = None
    write_and_seal(1)

    assert (delivery.deliver(at=AT), delivery.standing(), TrailDelivery.objects.exists()) == (0, None, False)


def test_the_operators_page_shows_how_far_it_is_behind(
    client: Client, administrator: User, vendor: Any, settings: Any
) -> None:
    write_and_seal(3, at=timezone.now())
    settings.TRAIL_RECEIVER = Receiver("syslog", "127.0.0.1", 1)
    delivery.deliver(at=timezone.now())
    client.force_login(administrator)

    text = " ".join(client.get("/sandbox/operation/").content.decode().split())

    assert "Levert til SIEM" in text
    assert "3 rader venter" in text
    assert "1 forsøk mislyktes" in text


@pytest.mark.parametrize(
    "value", ["siem.example.no", "ftp://x", "syslog://", "https://user:pass@x.no", "syslog+tls://h:99999"]
)
def test_an_address_that_is_none_stops_the_start(value: str) -> None:
    with pytest.raises(BadSetting, match="TRAIL_TO") as caught:
        read(Env({"TRAIL_TO": value}), is_local=True)
    assert "pass@" not in str(caught.value)


def test_production_sends_it_encrypted_unless_told_otherwise() -> None:
    plain = {"TRAIL_TO": "syslog://siem.example.no"}

    with pytest.raises(BadSetting, match="not encrypted"):
        read(Env(plain), is_local=False)
    allowed = read(Env({**plain, "TRAIL_PLAIN": "true"}), is_local=False)
    assert allowed is not None
    assert (allowed.scheme, allowed.port) == ("syslog", 601)
