"""Organisation numbers: nine digits, the last one a check digit of modulus 11."""

from __future__ import annotations

WEIGHTS = (3, 2, 7, 6, 5, 4, 3, 2)


def check_digit(first_eight: str) -> int | None:
    """The ninth digit, None when these eight can not begin a number."""
    remainder = sum(int(digit) * weight for digit, weight in zip(first_eight, WEIGHTS, strict=True)) % 11
    return None if remainder == 1 else (11 - remainder) % 11


def is_orgnr(text: str) -> bool:
    return len(text) == 9 and text.isascii() and text.isdecimal() and check_digit(text[:8]) == int(text[8])
