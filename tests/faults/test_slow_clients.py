"""Clients that send half a request, or read no answer, hold no thread: the probes and other people's pages go on."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.faults.conftest import Portal, running_portal
from tests.local.test_run import wait_for

pytestmark = pytest.mark.faults
HALF_SENT = 20
ADDRESSES = ["/hooks/events/abc", "/accounts/login/", "/l/abc/altinn/", "/sandbox/submissions/new/"]


@pytest.fixture(scope="module")
def portal(prepared_server: Path | None) -> Iterator[Portal]:
    """One for all of these: they take nothing away."""
    with running_portal(prepared_server) as made:
        wait_for(lambda: made.health()["status"] == "ready", seconds=180)
        yield made


@contextmanager
def half_sent(port: int, number: int) -> Iterator[list[socket.socket]]:
    """Open connections with a head, one byte of the body, and nothing more."""
    sockets = []
    try:
        for count in range(number):
            head = f"POST {ADDRESSES[count % len(ADDRESSES)]} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000\r\n"
            kind = "Content-Type: application/x-www-form-urlencoded\r\n\r\n"
            made = socket.create_connection(("127.0.0.1", port), timeout=30)
            made.sendall(f"{head}{kind}x".encode())
            sockets.append(made)
        time.sleep(1)
        yield sockets
    finally:
        for made in sockets:
            made.close()


def seconds(url: str) -> float:
    begun = time.monotonic()
    assert httpx.get(url, timeout=20).status_code == 200
    return time.monotonic() - begun


def test_half_sent_requests_stop_neither_the_probe_nor_a_page(portal: Portal) -> None:
    base = f"http://127.0.0.1:{portal.environment['PORT']}"
    seconds(f"{base}/accounts/login/")

    with half_sent(int(portal.environment["PORT"]), HALF_SENT):
        took = {path: seconds(base + path) for path in ("/healthz", "/accounts/login/")}

    assert max(took.values()) <= 1, took


def test_a_body_that_does_not_come_is_given_up_with_an_answer(portal: Portal) -> None:
    with half_sent(int(portal.environment["PORT"]), 1) as (only,):
        answer = only.recv(65536)

    assert answer.startswith(b"HTTP/1.1 4")


def test_a_large_body_of_a_stranger_is_refused_before_it_is_read(portal: Portal) -> None:
    port = int(portal.environment["PORT"])
    with socket.create_connection(("127.0.0.1", port), timeout=10) as made:
        head = "POST /accounts/login/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 300000000\r\n"
        made.sendall(f"{head}Content-Type: multipart/form-data; boundary=x\r\n\r\n--x\r\n".encode())

        answer = made.recv(65536)

    assert answer.startswith(b"HTTP/1.1 415")
    assert b"tar ikke imot filer" in answer


@pytest.mark.parametrize(
    ("path", "kind", "size", "status", "sentence"),
    [
        ("/accounts/login/", "application/x-www-form-urlencoded", 70_000, 413, "høyst 64"),
        ("/sandbox/customers/new/", "application/x-www-form-urlencoded", 1_100_000, 413, "høyst 1"),
        ("/hooks/events/abc", "application/json", 70_000, 413, "høyst 64"),
        ("/sandbox/submissions/new/", "application/octet-stream", 1_100_000, 413, "høyst 1"),
        ("/accounts/login/", "multipart/form-data; boundary=x", 100, 415, "tar ikke imot filer"),
    ],
)
def test_a_limit_is_told_with_its_size(
    portal: Portal, *, path: str, kind: str, size: int, status: int, sentence: str
) -> None:
    headers = {"Content-Type": kind, "Accept-Language": "nb"}

    whole = httpx.post(f"http://127.0.0.1:{portal.environment['PORT']}{path}", content=b"x" * size, headers=headers)
    parts = httpx.post(str(whole.url), content=iter([b"x" * size]), headers=headers)

    assert (whole.status_code, sentence in whole.text) == (status, True)
    if path.startswith("/sandbox/"):  # of a length that is not told, a stranger is asked to log in first
        assert (parts.status_code, "/accounts/login/" in parts.headers["Location"]) == (302, True)
    else:
        assert (parts.status_code, sentence in parts.text) == (status, True)


def test_a_reader_that_takes_nothing_holds_no_thread(portal: Portal) -> None:
    port = int(portal.environment["PORT"])
    base = f"http://127.0.0.1:{port}"
    large = "/static/vendor/designsystemet/index.css"
    readers = [socket.create_connection(("127.0.0.1", port), timeout=30) for _ in range(HALF_SENT)]
    for reader in readers:
        reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
        reader.sendall(f"GET {large} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode() * 5)

    took = seconds(f"{base}/accounts/login/")

    for reader in readers:
        reader.close()
    assert took <= 1


def test_the_same_page_and_files_come_as_before(portal: Portal) -> None:
    base = f"http://127.0.0.1:{portal.environment['PORT']}"

    page, head = httpx.get(f"{base}/accounts/login/"), httpx.head(f"{base}/accounts/login/")
    ready, odd = httpx.get(f"{base}/readyz", timeout=20), httpx.get(f"{base}/l/%ff%C3%A5/?q=%E5")

    assert page.headers["content-length"] == str(len(page.content)) == head.headers["content-length"]
    assert page.headers["content-security-policy"]
    assert (head.status_code, head.content, ready.json()["status"], odd.status_code) == (200, b"", "ready", 404)
