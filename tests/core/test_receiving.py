"""What is taken of a body before Django is asked: of strangers no more than 64 kB, however they send it."""

from __future__ import annotations

import asyncio
import resource
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from django.test import Client

from portal.core.bodies import FOR_STRANGERS, KB, MB, REFUSED, Refused
from portal.core.receiving import Environ, Message, Portal

PART = 10 * KB


class Asked:
    """A WSGI application that notes what reached it."""

    def __init__(self) -> None:
        self.environ: Environ = {}
        self.size, self.status = 0, 0
        self.answer = b"read"

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        self.environ, self.size = environ, len(environ["wsgi.input"].read())
        start_response("200 OK", [])
        return [self.answer]


def send(path: str, size: int, *, promises: bool, asked: Asked | None = None) -> Asked:
    """A request of a stranger with a body of `size` bytes; `promises`: its head names the size."""
    length = (b"content-length", str(size).encode()) if promises else (b"transfer-encoding", b"chunked")
    scope = {
        "type": "http", "method": "POST", "path": path, "raw_path": path.encode(), "query_string": b"", "root_path": "",
        "scheme": "http", "http_version": "1.1", "server": ("127.0.0.1", 80), "client": ("127.0.0.1", 1),
        "headers": [(b"host", b"127.0.0.1"), (b"content-type", b"application/json"), length],
    }  # fmt: skip
    left = size

    async def receive() -> Message:
        nonlocal left
        body = b" " * min(PART, left)
        left -= len(body)
        return {"type": "http.request", "body": body, "more_body": left > 0}

    async def take(message: Message) -> None:
        asked.status = message.get("status", asked.status)

    asked = asked or Asked()
    asyncio.run(Portal(asked, threads=1)(scope, receive, take))
    return asked


JSON, FORM = "/api/v1/customers/bulk", "/sandbox/customers/new/"


@pytest.mark.parametrize("path", [JSON, FORM])
@pytest.mark.parametrize("promises", [True, False], ids=["with its length", "in chunks"])
def test_more_than_64_kb_of_a_stranger_is_not_kept(path: str, promises: bool) -> None:
    asked = send(path, 500 * KB, promises=promises)

    assert (asked.environ[REFUSED], asked.size) == (Refused.LOG_IN, 0)


@pytest.mark.parametrize("path", [JSON, FORM])
def test_what_a_stranger_may_send_is_read(path: str) -> None:
    asked = send(path, FOR_STRANGERS.most, promises=True)

    assert REFUSED not in asked.environ
    assert asked.size == FOR_STRANGERS.most


@pytest.mark.parametrize("promises", [True, False])
def test_a_page_for_strangers_keeps_its_limit(promises: bool) -> None:
    asked = send("/accounts/login/", 100 * KB, promises=promises)

    assert (asked.environ[REFUSED], asked.size) == (Refused.TOO_LARGE, 0)


@pytest.mark.django_db
def test_a_large_form_of_somebody_who_was_logged_out_leads_to_the_log_in() -> None:
    reply = Client().post(FORM, {"name": "x" * 100 * KB}, "application/x-www-form-urlencoded")

    assert reply.status_code == 302
    assert reply["Location"].startswith("/accounts/login/")


def test_without_room_for_an_answer_the_client_is_told_to_come_back() -> None:
    asked, (soft, hard) = Asked(), resource.getrlimit(resource.RLIMIT_FSIZE)
    asked.answer = b"x" * 2 * MB
    resource.setrlimit(resource.RLIMIT_FSIZE, (MB, hard))
    try:
        send("/accounts/login/", 0, promises=True, asked=asked)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    assert asked.status == 503
