"""The door on a real connection to this machine: what a connection that breaks turns into."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from portal.gateways import http, webhook
from portal.gateways.errors import Unavailable
from portal.gateways.http import Channel
from portal.gateways.key_services import machine_token

pytestmark = pytest.mark.usefixtures("real_wire")


@pytest.fixture
def real_wire(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Real connections, by clients of the test's own that are closed afterwards."""
    clients = http._Clients()
    monkeypatch.setattr(http, "TRANSPORT", None)
    monkeypatch.setattr(http, "_clients", clients)
    yield
    clients.close()


@contextmanager
def server(*answers: bytes) -> Iterator[str]:
    """Takes one connection for each answer, reads a request, says the answer and hangs up."""

    def serve() -> None:
        for answer in answers:
            connection, _address = listening.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(answer)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(10)  # where nobody calls, the test fails and does not wait for ever
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        thread.join(5)


def failure(base_url: str) -> Unavailable:
    with pytest.raises(Unavailable) as caught:
        Channel(service="altinn", base_url=base_url).call("POST", "/things", json={})
    return caught.value


def test_nobody_listening_means_nothing_arrived() -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]

    assert failure(f"http://127.0.0.1:{port}").maybe_arrived is False


def test_hanging_up_without_an_answer_may_have_arrived() -> None:
    with server(b"") as url:
        assert failure(url).maybe_arrived is True


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{",
        b"HTTP/1.1 200 OK\r\nContent-Len",
        b"what is this?\r\n\r\n",
    ],
    ids=["half a body", "half a chunk", "half a head", "no HTTP"],
)
def test_half_an_answer_may_have_arrived(answer: bytes) -> None:
    with server(answer) as url:
        assert failure(url).maybe_arrived is True


def test_a_whole_answer_is_read() -> None:
    with server(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}") as url:
        reply = Channel(service="altinn", base_url=url).call("GET", "/things")

    assert (reply.status, reply.json()) == (200, {})


@pytest.fixture
def proxy_away(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The machine has a proxy, where nobody answers."""
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        monkeypatch.setenv("ALL_PROXY", f"http://127.0.0.1:{nobody.getsockname()[1]}")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    http._clients_of.cache_clear()
    yield
    http._clients_of("", True).close()
    http._clients_of.cache_clear()


@pytest.mark.usefixtures("proxy_away")
def test_a_message_to_an_address_that_was_checked_goes_through_no_proxy() -> None:
    """A proxy would look the name up by itself, and be taken for the receiver."""
    with server(b"HTTP/1.1 204 No Content\r\n\r\n") as url:
        webhook.deliver(f"{url}/hooks", ip="127.0.0.1", content=b"{}", headers={})


@pytest.mark.usefixtures("proxy_away")
def test_a_token_of_the_machine_comes_through_no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy does not reach the cloud's own server, and is not to read the token."""
    with server(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}") as url:
        monkeypatch.setenv("GCE_METADATA_HOST", url.removeprefix("http://"))

        assert machine_token.of_google().status == 200


@contextmanager
def dripping(first: bytes, again: bytes) -> Iterator[str]:
    """Says `first`, and then `again` and again, until whoever asked hangs up."""

    def serve() -> None:
        connection, _address = listening.accept()
        with connection, suppress(OSError):
            connection.recv(65536)
            connection.sendall(first)
            while not is_over.wait(0.02):
                connection.sendall(again)

    is_over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        is_over.set()
        thread.join(5)


ENDLESS = pytest.mark.parametrize(
    ("first", "again"),
    [
        (b"HTTP/1.1 200 OK\r\nX-Long: ", b"a"),
        (b"", b"HTTP/1.1 103 Early Hints\r\n\r\n"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\na\r\n"),
    ],
    ids=["a header", "interim answers", "a body"],
)


@ENDLESS
def test_an_answer_without_end_is_given_up(first: bytes, again: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "MOST_SECONDS", 0.3)

    with dripping(first, again) as url:
        error = failure(url)

    assert error.maybe_arrived is True


@ENDLESS
def test_a_stranger_s_server_has_its_patience_for_all_of_the_answer(
    first: bytes, again: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook, "SECONDS", 0.3)

    with dripping(first, again) as url, suppress(Unavailable):
        webhook.deliver(url, ip="127.0.0.1", content=b"{}", headers={})


def test_each_request_on_a_kept_connection_has_a_time_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "MOST_SECONDS", 3)
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"

    def serve() -> None:
        connection, _address = listening.accept()
        with connection:
            for _each in range(3):
                connection.recv(65536)
                threading.Event().wait(1.2)
                connection.sendall(answer)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=serve)
        thread.start()
        channel = Channel(service="altinn", base_url=f"http://127.0.0.1:{listening.getsockname()[1]}")
        replies = [channel.call("GET", "/things").status for _each in range(3)]
        thread.join(5)

    assert replies == [200, 200, 200]
