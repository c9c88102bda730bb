"""Tolerant decoding of replies: unknown fields are ignored, missing ones are empty, wrong shapes raise BrokenReply."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar
from uuid import UUID

from portal.gateways.errors import BrokenReply

T = TypeVar("T")


def decode(where: str, read: Callable[[], T]) -> T:
    """The result of `read`. Raises BrokenReply, with `where` in its message, when the reply has another shape."""
    try:
        return read()
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, OverflowError) as error:
        missing = (
            f" {error}" if isinstance(error, KeyError) else ""
        )  # the name is from our code; other messages may quote the reply
        kind = f"{type(error).__name__}{missing}"
        raise BrokenReply(f"{where}: the answer has an unexpected shape ({kind})") from None


def moment(text: Any) -> datetime | None:
    """An ISO 8601 time, also with seven decimals, as an aware datetime; None when absent. Raises ValueError."""
    if not text:
        return None
    value = str(text).replace("Z", "+00:00")
    head, dot, tail = value.partition(".")
    if dot:
        digits = len(tail) - len(tail.lstrip("0123456789"))
        value = f"{head}.{tail[:digits][:6].ljust(6, '0')}{tail[digits:]}"
    parsed = datetime.fromisoformat(value)
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)


def required_moment(text: Any) -> datetime:
    parsed = moment(text)
    if parsed is None:
        raise ValueError("a time is missing")
    return parsed


def insensitive(payload: dict[str, Any], name: str) -> Any:
    """A member by name whatever its case (`ID` or `id`); None when absent."""
    return next((value for key, value in payload.items() if key.lower() == name.lower()), None)


def bearer(value: Any) -> str:
    """A token that is safe in a header. Raises ValueError, without the value in its message."""
    if not isinstance(value, str) or not value or not value.isascii() or not value.isprintable() or " " in value:
        raise ValueError("not a token")
    return value


def uuid_text(value: Any) -> str:
    """A UUID in lower case. Raises ValueError when it is none."""
    return str(UUID(str(value)))
