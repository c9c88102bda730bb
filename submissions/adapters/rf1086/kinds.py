"""The value types of RF-1086 elements, and the rule that a text of the wrong type breaks.

Numbers, times and codes may have blanks around them; texts and identifiers may not.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from submissions.adapters.numbers import is_orgnr, is_person_number
from submissions.adapters.rf1086.controls.codes import CODES, listed

_DIGITS = 15
"""Significant digits of a number, the decimals among them."""
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})?")
_NUMBERS = {
    "amount": (r"[0-9]+(\.[0-9]{1,2})?", "amount"),
    "signed": (r"-?[0-9]+(\.[0-9]{1,2})?", "amount"),
    "cents": (r"[0-9]{1,10}\.[0-9]{2}", "cents"),
    "unit": (r"[0-9]{1,11}(\.[0-9]{1,6})?", "unit"),
    "fine": (r"[0-9]+(\.[0-9]{1,6})?", "unit"),
    "count": (r"[0-9]+", "count"),
    "whole": (r"[+-]?[0-9]+", "count"),
    "positive": (r"\+?0*[1-9][0-9]*", "positive"),
    "percent": (r"0*(100|[0-9]{1,2})", "percent"),
    "year": (r"[0-9]{4}", "year"),
}
"""Pattern and rule of each kind of number."""
_TEXTS = {
    "isin": r"NO[0-9]{10}",
    "foreign": r"UTL[0-9]{9}",
    "country": r"[A-Z]{2}",
    "postcode": r"[0-9]{4}",
    "phone": r"(?=.{1,15}$)\+?[0-9]+",
}


@dataclass(frozen=True)
class Fault:
    """`rule` is a key of `texts.RULES`, `params` those of its text."""

    rule: str
    params: dict[str, str] = field(default_factory=dict)


def fault(text: str, kind: str) -> Fault | None:
    """The rule that the value breaks; None when it is valid."""
    if kind.startswith("text"):
        return _text_fault(text, int(kind.removeprefix("text")))
    if kind.startswith("code:"):
        return _code_fault(text.strip(), kind.removeprefix("code:"))
    if kind in _NUMBERS:
        return _number_fault(text.strip(), *_NUMBERS[kind])
    return _SPECIAL[kind](text) if kind in _SPECIAL else _pattern_fault(text, _TEXTS[kind], kind)


def _text_fault(text: str, most: int) -> Fault | None:
    if not text:
        return Fault("empty")
    return Fault("too long", {"most": str(most), "count": str(len(text))}) if len(text) > most else None


def _code_fault(text: str, post: str) -> Fault | None:
    """Blanks around a code are let through: the authority's own example has line ends there."""
    if text in CODES[post]:
        return None
    return Fault("empty" if not text else "class" if post == "class" else "code", {"codes": listed(post)})


def _pattern_fault(text: str, pattern: str, rule: str) -> Fault | None:
    return None if re.fullmatch(pattern, text) else Fault(rule)


def _number_fault(text: str, pattern: str, rule: str) -> Fault | None:
    whole, _point, decimals = text.lstrip("+-").partition(".")
    if len(whole.lstrip("0") + decimals.rstrip("0")) > _DIGITS and re.fullmatch(pattern, text):
        return Fault("digits", {"most": str(_DIGITS)})
    return _pattern_fault(text, pattern, rule)


def _orgnr_fault(text: str) -> Fault | None:
    if is_orgnr(text):
        return None
    return Fault("orgnr digits" if re.fullmatch("[0-9]{9}", text) else "orgnr")


def _person_fault(text: str) -> Fault | None:
    if is_person_number(text):
        return None
    return Fault("fnr digits" if re.fullmatch("[0-9]{11}", text) else "fnr")


def _moment_fault(text: str) -> Fault | None:
    try:
        if _MOMENT.fullmatch(text.strip()):
            datetime.fromisoformat(text.strip())
            return None
    except ValueError:
        return Fault("no such moment")
    return Fault("moment")


_SPECIAL: dict[str, Callable[[str], Fault | None]] = {
    "orgnr": _orgnr_fault,
    "fnr": _person_fault,
    "moment": _moment_fault,
}
