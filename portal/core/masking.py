"""Hides identity numbers, contact data and invisible characters before a text enters a name, an event or a page."""

from __future__ import annotations

import re
from typing import Any

_BETWEEN = r"[\s._/\u200b\u2013-]"
_ELEVEN_DIGITS = re.compile(
    rf"(?<![0-9])[0-9]{{2}}{_BETWEEN}?[0-9]{{2}}{_BETWEEN}?[0-9]{{2}}{_BETWEEN}{{0,3}}[0-9]{{5}}(?![0-9])"
)
"""Day, month, year and the last five, also when they are written apart."""
_HEX = re.compile(r"[0-9a-fA-F]{8}-?(?:[0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}|[0-9a-f]{64}")
"""A UUID or a SHA-256: eleven digits in it are no number."""
HIDDEN = "***********"
UNSEEN = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff]"
)
"""Control characters, and those that change the direction in which the text around them is shown."""


def without_identity_numbers(text: str) -> str:
    """`text` with every number of eleven digits hidden, whatever stands around it."""
    return text if _HEX.fullmatch(text) else _ELEVEN_DIGITS.sub(HIDDEN, text)


def visible(text: str) -> str:
    """`text` from outside with the characters of UNSEEN written as in a program: `\\u202e`."""
    return UNSEEN.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def scrubbed(value: Any) -> Any:
    """A JSON value with the identity numbers in its strings hidden. The keys stay as they are."""
    if isinstance(value, str):
        return without_identity_numbers(value)
    if isinstance(value, dict):
        return {key: scrubbed(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [scrubbed(item) for item in value]
    return value


def masked(text: str) -> str:
    """Enough to tell two values apart, and no more.

    `kari@nordlys.example` gives `k…@nordlys.example`, a web address its host, a telephone number its last two digits, any
    other text its first letter.
    """
    if "://" in text:
        return "/".join(text.split("/")[:3]).rpartition("@")[2]
    _name, at, domain = text.rpartition("@")
    digits = "" if at else "".join(char for char in text if char.isdigit())
    if len(digits) >= 5:
        return f"…{digits[-2:]}"
    return f"{text[:1]}…{at}{domain if at else ''}" if text else ""


def length_only(text: str) -> str:
    """For free text: the number of characters."""
    return f"({len(text)})" if text else ""
