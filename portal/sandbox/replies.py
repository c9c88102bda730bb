"""Forms of answer that several services share. Bodies are plain values, encoded by msgspec.

The errors of a single service are defined in its own module.
"""

from __future__ import annotations

from typing import Any

import msgspec
from werkzeug.wrappers import Response

_encode = msgspec.json.encode


def as_json(
    value: Any, *, status: int = 200, headers: dict[str, str] | None = None, content_type: str = "application/json"
) -> Response:
    return Response(_encode(value), status=status, headers=headers, content_type=content_type)


def as_text(text: str, *, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(text, status=status, headers=headers, content_type="text/plain; charset=utf-8")


def empty(*, status: int, headers: dict[str, str] | None = None) -> Response:
    reply = Response(b"", status=status, headers=headers)
    reply.headers.pop("Content-Type", None)
    return reply


class Reply(Exception):
    """Raised inside a handler to answer at once with `response`."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.status)
        self.response = response
