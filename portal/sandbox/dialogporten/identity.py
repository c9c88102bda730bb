"""National identity numbers: eleven digits, the last two are check digits of modulus 11.

Only the form is checked; the sandbox has no register of persons.
"""

from __future__ import annotations

WEIGHTS = ((3, 7, 6, 1, 8, 9, 4, 5, 2, 1), (5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1))


def is_identity_number(text: str) -> bool:
    if len(text) != 11 or not (text.isascii() and text.isdecimal()):
        return False
    digits = [int(digit) for digit in text]
    return all(sum(d * w for d, w in zip(digits[: len(row)], row, strict=True)) % 11 == 0 for row in WEIGHTS)
