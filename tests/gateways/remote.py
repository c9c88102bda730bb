"""A scripted remote that stores the calls it received."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx

PIECE = 16 * 2**10


class Pieces(httpx.SyncByteStream):
    """A body as it comes over a wire: bit by bit."""

    def __init__(self, raw: bytes) -> None:
        self._raw = raw

    def __iter__(self) -> Iterator[bytes]:
        return (self._raw[start : start + PIECE] for start in range(0, len(self._raw), PIECE))


class Remote(httpx.BaseTransport):
    """Answers in the order told, the last one again and again. An exception among them is raised instead."""

    def __init__(self) -> None:
        self.requests: list[httpx.Request] = []
        self._answers: list[tuple[int, dict[str, str], bytes] | Exception] = []

    def says(self, body: Any = b"", status: int = 200, **headers: str) -> None:
        """`body` as bytes or text goes out as it is, anything else as JSON. `retry_after=` is the header Retry-After."""
        raw = body if isinstance(body, bytes) else body.encode() if isinstance(body, str) else json.dumps(body).encode()
        self._answers.append((status, {name.replace("_", "-"): value for name, value in headers.items()}, raw))

    def fails(self, error: Exception) -> None:
        self._answers.append(error)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.read()
        self.requests.append(request)
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, Exception):
            raise answer
        status, headers, raw = answer
        return httpx.Response(status, headers=headers, stream=Pieces(raw))

    @property
    def asked(self) -> httpx.Request:
        """The latest request."""
        return self.requests[-1]
