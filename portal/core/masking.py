"""Hides identity numbers, contact data and invisible characters before a text enters a name, an event or a page."""

from __future__ import annotations

import re
from typing import Any

_BETWEEN = r"(?:[\s._/+\u200b\u2013-]|%(?:20|2[DEF]|2[def]|C2%A0|c2%a0)|\\+u(?:00a0|200b|2013))"
_ELEVEN_DIGITS = (
    rf"(?:(?<![0-9])|(?<=%[0-9A-Fa-f][0-9A-Fa-f]))[0-9]{{2}}{_BETWEEN}?[0-9]{{2}}{_BETWEEN}?[0-9]{{2}}{_BETWEEN}{{0,3}}"
    r"[0-9]{5}(?![0-9])"
)
"""Day, month, year and the last five, also when they are written apart, in an address, or escaped in JSON."""
_ID = r"(?<![0-9A-Fa-f])(?:[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}|(?=[0-9]*[a-fA-F])[0-9a-fA-F]{32,})(?![0-9A-Fa-f])"
"""A UUID or a hash: eleven digits in it are no number."""
_NUMBER_OR_ID = re.compile(rf"({_ID})|{_ELEVEN_DIGITS}")
HIDDEN = "***********"
UNSEEN = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff]"
)
"""Control characters, and those that change the direction in which the text around them is shown."""


def without_identity_numbers(text: str, *, hidden: str = HIDDEN) -> str:
    """`text` with every number of eleven digits hidden, whatever stands around it. UUIDs and hashes stay."""
    return _NUMBER_OR_ID.sub(lambda match: match[1] or hidden, text)


def names_person(text: str) -> bool:
    """Whether a number in `text` has the check digits of a national identity number, a D-number or a synthetic one."""
    found = (re.sub("[^0-9]", "", match[0])[-11:] for match in _NUMBER_OR_ID.finditer(text) if not match[1])
    return any(_fits(number, _FIRST) and _fits(number, _SECOND) for number in found)


_FIRST, _SECOND = (3, 7, 6, 1, 8, 9, 4, 5, 2, 1), (5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1)
"""Weights of the digits; the last weight is that of the check digit."""


def _fits(number: str, weights: tuple[int, ...]) -> bool:
    return sum(int(digit) * weight for digit, weight in zip(number, weights, strict=False)) % 11 == 0


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
