"""Tolerant decoding of replies: unknown fields are ignored, missing ones are empty, wrong shapes raise BrokenReply."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any, TypeVar
from uuid import UUID
from xml.etree.ElementTree import Element, ParseError

import defusedxml.ElementTree as safe_xml

from portal.gateways.errors import BrokenReply

T = TypeVar("T")
LONGEST_ID = 100
MOST_LEVELS = 100
"""No answer and no report has more than about ten."""
_ESCAPED = re.compile(
    r"(?P<pair>\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})|\\u(?P<bad>0000|[dD][89a-fA-F][0-9a-fA-F]{2})|\\."
)
_HALVES = re.compile("[\ud800-\udfff]")
UNKNOWN = "\ufffd"


def json_of(content: bytes) -> Any:
    """The value of a JSON text. NUL and halves of surrogate pairs become U+FFFD: no database and no page takes them.

    Raises ValueError, and RecursionError for what is nested too deeply.
    """
    value = json.loads(text_of(content))
    check_depth(value)
    return value


def from_base64url(text: str) -> bytes:
    """Without padding, as JOSE writes it. Raises ValueError."""
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


def text_of(content: bytes) -> str:
    """A JSON text as it came, but for what no database and no page takes. Raises ValueError."""
    text = _HALVES.sub(UNKNOWN, content.decode(json.detect_encoding(content), "surrogatepass"))
    if "\\u" in text:
        text = _ESCAPED.sub(lambda found: UNKNOWN if found["bad"] else found[0], text)
    return text


def xml_of(content: bytes) -> Element:
    """The root of an XML text in any encoding. Comments are left out. Raises ValueError, also when it declares entities."""
    try:
        root: Element = safe_xml.fromstring(content)
    except (ParseError, LookupError) as error:
        raise ValueError("not XML") from error
    return root


def check_depth(value: Any) -> None:
    """Raises RecursionError for a value that is nested too deeply to be walked. How deep the decoder goes differs by Python version."""
    level = [value]
    for _depth in range(MOST_LEVELS):
        level = [inner for one in level for inner in _inside(one) if isinstance(inner, dict | list)]
        if not level:
            return
    raise RecursionError("nested too deeply")


def _inside(value: Any) -> Iterable[Any]:
    return value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()


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


def id_text(value: Any) -> str:
    """An id that can be stored and put into an address. Raises ValueError."""
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if not isinstance(text, str) or not text.strip(".") or not text.isprintable() or len(text) > LONGEST_ID:
        raise ValueError("not an id")
    return text
