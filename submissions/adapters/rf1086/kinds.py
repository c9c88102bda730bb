"""The value types of RF-1086 elements, and the message for a text of the wrong type.

Numbers and times may have blanks around them, as XML schemas allow; texts and identifiers may not.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from submissions.adapters.rf1086.numbers import is_orgnr, is_person_number

_DIGITS = 15
"""Significant digits of a number, the decimals among them."""
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})?")
_AMOUNT = gettext_lazy("må være et tall med punktum som desimalskille og høyst to desimaler, for eksempel 1200.50.")
_UNIT = gettext_lazy("må være et tall med punktum som desimalskille og høyst seks desimaler, for eksempel 1000.25.")
_COUNT = gettext_lazy("må være et helt tall uten mellomrom og desimaler, for eksempel 1000.")
_NUMBERS: dict[str, tuple[str, Any]] = {
    "amount": (r"[0-9]+(\.[0-9]{1,2})?", _AMOUNT),
    "signed": (r"-?[0-9]+(\.[0-9]{1,2})?", _AMOUNT),
    "cents": (r"[0-9]{1,10}\.[0-9]{2}", gettext_lazy("må være et tall med punktum og nøyaktig to desimaler, for eksempel 1200.50.")),
    "unit": (r"[0-9]{1,11}(\.[0-9]{1,6})?", _UNIT),
    "fine": (r"[0-9]+(\.[0-9]{1,6})?", _UNIT),
    "count": (r"[0-9]+", _COUNT),
    "whole": (r"[+-]?[0-9]+", _COUNT),
    "positive": (r"\+?0*[1-9][0-9]*", gettext_lazy("må være et helt antall, minst 1. Ta elementet ut om det ikke er noe å oppgi.")),
    "percent": (r"0*(100|[0-9]{1,2})", gettext_lazy("må være et helt tall fra 0 til 100.")),
    "year": (r"[0-9]{4}", gettext_lazy("må være et årstall med fire sifre.")),
}  # fmt: skip
_TEXTS: dict[str, tuple[str, Any]] = {
    "isin": (r"NO[0-9]{10}", gettext_lazy("må være et ISIN: NO og ti sifre.")),
    "foreign": (r"UTL[0-9]{9}", gettext_lazy("må være UTL og ni sifre.")),
    "country": (r"[A-Z]{2}", gettext_lazy("må være en landkode med to store bokstaver, for eksempel SE.")),
    "postcode": (r"[0-9]{4}", gettext_lazy("må være et postnummer med fire sifre.")),
    "phone": (r"(?=.{1,15}$)\+?[0-9]+", gettext_lazy("må være et telefonnummer med høyst 15 sifre, uten mellomrom.")),
}


def fault(text: str, kind: str) -> str:
    """What the value must be, as the end of a sentence that begins with its name; "" when it is valid."""
    if kind.startswith("text"):
        return _text_fault(text, int(kind.removeprefix("text")))
    if kind in _NUMBERS:
        return _number_fault(text.strip(), *_NUMBERS[kind])
    return _SPECIAL[kind](text) if kind in _SPECIAL else _pattern_fault(text, *_TEXTS[kind])


def _text_fault(text: str, most: int) -> str:
    if not text:
        return _("er tomt. Fyll det ut, eller ta elementet ut.")
    if len(text) > most:
        return _("kan ha høyst %(most)s tegn, og har %(count)s. Kort det ned.") % {"most": most, "count": len(text)}
    return ""


def _pattern_fault(text: str, pattern: str, words: Any) -> str:
    return "" if re.fullmatch(pattern, text) else str(words)


def _number_fault(text: str, pattern: str, words: Any) -> str:
    whole, _point, decimals = text.lstrip("+-").partition(".")
    if len(whole.lstrip("0") + decimals.rstrip("0")) > _DIGITS and re.fullmatch(pattern, text):
        return _("har for mange sifre. Det kan ha høyst %(most)s.") % {"most": _DIGITS}
    return _pattern_fault(text, pattern, words)


def _orgnr_fault(text: str) -> str:
    if is_orgnr(text):
        return ""
    if re.fullmatch("[0-9]{9}", text):
        return _(
            "har et kontrollsiffer som ikke stemmer, så minst ett siffer er feil. Sammenlign med Enhetsregisteret."
        )
    return _("må være et organisasjonsnummer: ni sifre uten mellomrom.")


def _person_fault(text: str) -> str:
    if is_person_number(text):
        return ""
    if re.fullmatch("[0-9]{11}", text):
        return _("er ikke et fødselsnummer eller d-nummer: datoen eller kontrollsifrene stemmer ikke. Se over sifrene.")
    return _("må være et fødselsnummer eller d-nummer: elleve sifre uten mellomrom.")


def _moment_fault(text: str) -> str:
    try:
        if _MOMENT.fullmatch(text.strip()):
            datetime.fromisoformat(text.strip())
            return ""
    except ValueError:
        return _("er et tidspunkt som ikke finnes. Se over datoen og klokkeslettet.")
    return _("må være en dato med klokkeslett, for eksempel 2025-12-31T00:00:00.")


_SPECIAL: dict[str, Callable[[str], str]] = {"orgnr": _orgnr_fault, "fnr": _person_fault, "moment": _moment_fault}
