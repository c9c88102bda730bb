"""National identity numbers and organisation numbers: validation, synthetic numbers for tests, and masking.

Synthetic persons (Tenor) have 80 added to the month, some older ones 40 or 65; a D-number has 40 added to the day.
"""

from __future__ import annotations

import re
from datetime import date

from portal.gateways.refusals import IDENTITY_NUMBER

_FIRST, _SECOND, _ORGNR = (3, 7, 6, 1, 8, 9, 4, 5, 2), (5, 4, 3, 2, 7, 6, 5, 4, 3, 2), (3, 2, 7, 6, 5, 4, 3, 2)


def is_orgnr(text: str) -> bool:
    return bool(re.fullmatch("[0-9]{9}", text)) and _check_digit(text[:8], _ORGNR) == text[8]


def is_person_number(text: str) -> bool:
    """Eleven digits, a day that exists, and right check digits."""
    if not re.fullmatch("[0-9]{11}", text) or not _is_day(text):
        return False
    return _check_digit(text[:9], _FIRST) == text[9] and _check_digit(text[:10], _SECOND) == text[10]


def _is_day(text: str) -> bool:
    day, month, year = int(text[:2]), int(text[2:4]), int(text[4:6])
    day -= 40 if day > 40 else 0
    month -= next((added for added in (80, 65, 40) if month > added), 0)
    # The century is hidden in the next three digits; 2000 and 1900 differ only in 29 February of year 00.
    try:
        date(2000 + year, month, day)
    except ValueError:
        return False
    return True


def _check_digit(digits: str, weights: tuple[int, ...]) -> str:
    """One digit, or 10 as text where no digit will do."""
    return str(-sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=True)) % 11)


def synthetic_person(serial: int) -> str:
    """A synthetic number with a birth year from 1970 to 1998. Serials below 400 000 give different numbers."""
    day, year, individual = serial // 14_500 % 28 + 1, serial // 500 % 29 + 70, serial % 500
    for month in range(81, 93):
        stem = f"{day:02}{month}{year}{individual:03}"
        first = _check_digit(stem, _FIRST)
        second = _check_digit(stem + first, _SECOND) if len(first) == 1 else "10"
        if len(second) == 1:
            return stem + first + second
    raise AssertionError("a right number exists for one of twelve months")


def masked(text: str) -> str:
    """The text with every national identity number hidden but for its last two digits."""
    return IDENTITY_NUMBER.sub(lambda match: "*" * 9 + match[0][-2:], text)


def hidden(text: str) -> str:
    """Mask the value of a national identity number element: it may be a number that lacks a digit."""
    return "*" * max(0, len(text) - 2) + text[-2:] if len(text) > 5 else "*" * len(text)
