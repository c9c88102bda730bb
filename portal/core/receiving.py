"""The ASGI side of the portal: receives bodies and sends answers on the event loop, and runs Django in threads in between.

A thread is taken when the whole body is here, and given back when the whole answer is made. So slow clients, however many,
hold no thread, and /healthz is answered on the loop itself. What may be received is said by `portal.core.bodies`.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from http.cookies import CookieError
from importlib import import_module
from tempfile import SpooledTemporaryFile
from typing import IO, Any

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.db import close_old_connections
from django.http import parse_cookie
from django.utils.module_loading import import_string

from portal.core import health, wsgi_environ
from portal.core.bodies import KB, MB, REFUSED, Refused, Rule, asks_who, is_multipart, promised, refusal, rule_for

Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Environ = dict[str, Any]
Application = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]
logger = logging.getLogger(__name__)

QUIET = 10.0
"""Seconds without a byte of a body, or without a byte of an answer taken, before the connection is given up."""
WHOLE = {False: 30.0, True: 600.0}
"""Seconds for a whole body, without and with files."""
IN_MEMORY = 256 * KB
PART = 64 * KB
DRAINED = 16 * MB
"""A refused body of up to this size is taken and thrown away, so that the browser shows the answer."""
UPLOADS = 4
"""Bodies with files that are received at once; further ones wait their turn."""
WAITING = 200
"""Requests that may wait for a thread before others are told to come back."""
BUSY = [(b"retry-after", b"5"), (b"content-type", b"text/plain")]


class Gone(Exception):
    """The client closed the connection."""


class NotTaken(Exception):
    """The body is not read further. `why` is a Refused."""

    def __init__(self, why: Refused) -> None:
        super().__init__(why.name)
        self.why = why


class Portal:
    """The ASGI application around the WSGI application `inner`."""

    def __init__(self, inner: Application, *, threads: int) -> None:
        self.inner = inner
        self.threads = ThreadPoolExecutor(threads, thread_name_prefix="web")
        self.probes = ThreadPoolExecutor(1, thread_name_prefix="probe")
        self.uploads = asyncio.Semaphore(UPLOADS)
        self.waiting = 0

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        if scope["path"] == "/healthz":
            answer = health.alive()
            await _send(send, 200, [(b"content-type", b"application/json")], answer.content)
            return
        environ = wsgi_environ.of(scope)
        try:
            await self._handle(environ, receive, send)
        except (Gone, TimeoutError, ConnectionError):
            logger.info("a client went away, or took no answer")
        except OSError as error:  # nothing is sent before all of the answer is stored
            logger.error("no room on the disk for a body or an answer: %s", error)
            await _send(send, 503, BUSY, b"Busy. Try again.")

    async def _handle(self, environ: Environ, receive: Receive, send: Send) -> None:
        with SpooledTemporaryFile(max_size=IN_MEMORY) as body, SpooledTemporaryFile(max_size=MB) as answer:
            try:
                await self._take(environ, receive, body)
            except NotTaken as error:
                environ[REFUSED] = error.why
                body.seek(0)
                body.truncate()
            if self.waiting >= WAITING:
                await _send(send, 503, BUSY, b"Busy. Try again.")
                return
            environ |= {"CONTENT_LENGTH": str(body.tell()), "wsgi.input": body}
            body.seek(0)
            status, headers = await self._run(environ, answer)
            await _send_file(send, status, headers, answer, is_over=REFUSED in environ)

    async def _take(self, environ: Environ, receive: Receive, body: IO[bytes]) -> None:
        """Receive the body. Raises NotTaken, and Gone."""
        if not promised(environ) and "HTTP_TRANSFER_ENCODING" not in environ:
            return
        rule, has_files = rule_for(environ["PATH_INFO"], environ), is_multipart(environ)
        known = asks_who(rule, environ) and await self._in_thread(self.threads, _is_known, environ)
        if why := refusal(rule, environ, is_known=lambda: known):
            if promised(environ) <= DRAINED:
                await _drain(receive)
            raise NotTaken(why)
        if not has_files:
            await _receive(receive, body, rule)
            return
        async with self.uploads:
            await _receive(receive, body, rule)

    async def _run(self, environ: Environ, answer: IO[bytes]) -> tuple[int, list[tuple[bytes, bytes]]]:
        pool = self.probes if environ["PATH_INFO"] == "/readyz" else self.threads
        self.waiting += 1
        try:
            result: tuple[int, list[tuple[bytes, bytes]]] = await self._in_thread(
                pool, _answer, self.inner, environ, answer
            )
            return result
        finally:
            self.waiting -= 1

    @staticmethod
    async def _in_thread(pool: ThreadPoolExecutor, act: Callable[..., Any], *given: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(pool, act, *given)


async def _receive(receive: Receive, body: IO[bytes], rule: Rule) -> None:
    """The whole body into `body`, within its limits of size and time."""
    until = time.monotonic() + WHOLE[rule.takes_files]
    size = 0
    async for part in _parts(receive, until):
        size += len(part)
        if size > rule.most:
            raise NotTaken(Refused.TOO_LARGE)
        body.write(part)


async def _drain(receive: Receive) -> None:
    size = 0
    try:
        async for part in _parts(receive, time.monotonic() + QUIET):
            size += len(part)
            if size > DRAINED:
                return
    except NotTaken:
        return


async def _parts(receive: Receive, until: float) -> Any:
    more = True
    while more:
        patience = min(QUIET, until - time.monotonic())
        if patience <= 0:
            raise NotTaken(Refused.TOO_SLOW)
        try:
            message = await asyncio.wait_for(receive(), patience)
        except TimeoutError:
            raise NotTaken(Refused.TOO_SLOW) from None
        if message["type"] != "http.request":
            raise Gone
        more = message.get("more_body", False)
        yield message.get("body", b"")


def _is_known(environ: Environ) -> bool:
    """Whether the session cookie belongs to somebody who is logged in, or the token to an integration. Runs in a thread."""
    try:
        if "HTTP_AUTHORIZATION" in environ:
            return bool(import_string(settings.KNOWN_CALLER)(environ))
        key = parse_cookie(environ.get("HTTP_COOKIE", "")).get(settings.SESSION_COOKIE_NAME)
        return bool(key) and SESSION_KEY in import_module(settings.SESSION_ENGINE).SessionStore(key)
    except CookieError:
        return False
    finally:
        close_old_connections()


def _answer(inner: Application, environ: Environ, into: IO[bytes]) -> tuple[int, list[tuple[bytes, bytes]]]:
    """Run Django; its whole answer goes `into` the file. Runs in a thread."""
    begun: list[tuple[str, list[tuple[str, str]]]] = []

    def start_response(status: str, headers: list[tuple[str, str]], _error: Any = None) -> Callable[[bytes], Any]:
        begun.append((status, headers))
        return into.write

    response = inner(environ, start_response)
    try:
        for part in response:
            into.write(part)
    finally:
        getattr(response, "close", lambda: None)()
    status, headers = begun[-1]
    return int(status.split(" ", 1)[0]), [(k.lower().encode("latin-1"), v.encode("latin-1")) for k, v in headers]


async def _send(send: Send, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
    headers = [*headers, (b"content-length", str(len(body)).encode())]
    await asyncio.wait_for(send({"type": "http.response.start", "status": status, "headers": headers}), QUIET)
    await asyncio.wait_for(send({"type": "http.response.body", "body": body}), QUIET)


async def _send_file(
    send: Send, status: int, headers: list[tuple[bytes, bytes]], answer: IO[bytes], *, is_over: bool
) -> None:
    """`is_over`: the rest of the request is not read, so the connection cannot be used again."""
    size = answer.tell()
    if size and not any(name == b"content-length" for name, _value in headers):
        headers.append((b"content-length", str(size).encode()))
    if is_over:
        headers.append((b"connection", b"close"))
    await asyncio.wait_for(send({"type": "http.response.start", "status": status, "headers": headers}), QUIET)
    answer.seek(0)
    for start in range(0, max(size, 1), PART):
        message = {"type": "http.response.body", "body": answer.read(PART), "more_body": start + PART < size}
        await asyncio.wait_for(send(message), QUIET)
