"""The connections below the HTTP channel: the whole of an answer is bounded in time, from its first byte on.

The time-outs of httpx begin anew with every byte, and a server may send any number of interim answers (103) before the real one.
httpx hands no network backend on to httpcore, so `bound` sets it on the pools of a new client.
https://www.encode.io/httpcore/network-backends/
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import httpcore
import httpx


class _Clock:
    """Runs from the first look for an answer, and begins anew when more of the request is sent."""

    def __init__(self, seconds: float) -> None:
        self.seconds, self.until = seconds, 0.0

    def left(self) -> float:
        """Seconds. Raises ReadTimeout."""
        now = time.monotonic()
        self.until = self.until or now + self.seconds
        if now >= self.until:
            raise httpcore.ReadTimeout("the answer takes too long")
        return self.until - now


_clock: ContextVar[_Clock | None] = ContextVar("clock", default=None)


@contextmanager
def whole_answer(seconds: float) -> Iterator[None]:
    """Around one call."""
    token = _clock.set(_Clock(seconds))
    try:
        yield
    finally:
        _clock.reset(token)


def bound(client: httpx.Client) -> httpx.Client:
    """The client itself; its connections, also those through proxies, keep to `whole_answer`."""
    for transport in (client._transport, *client._mounts.values()):
        if isinstance(transport, httpx.HTTPTransport):
            transport._pool._network_backend = _Backend()
    return client


class _Stream(httpcore.NetworkStream):
    def __init__(self, inner: httpcore.NetworkStream) -> None:
        self._inner = inner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        if clock := _clock.get():
            left = clock.left()
            timeout = left if timeout is None else min(timeout, left)
        return self._inner.read(max_bytes, timeout)

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        if clock := _clock.get():
            clock.until = 0.0
        self._inner.write(buffer, timeout)

    def close(self) -> None:
        self._inner.close()

    def start_tls(self, *given: Any, **named: Any) -> httpcore.NetworkStream:
        return _Stream(self._inner.start_tls(*given, **named))

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


class _Backend(httpcore.NetworkBackend):
    def __init__(self) -> None:
        self._inner = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        return _Stream(self._inner.connect_tcp(host, port, timeout, local_address, socket_options))

    def sleep(self, seconds: float) -> None:
        self._inner.sleep(seconds)
