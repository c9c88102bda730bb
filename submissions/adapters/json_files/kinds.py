"""Whether a value of the JSON is as its rule says."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from submissions.adapters.json_files.rules import Kind, Rule
from submissions.adapters.numbers import is_orgnr, is_person_number, masked

DECIMAL = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,15})?")
MOST_SHOWN = 80


def fits(value: Any, rule: Rule) -> bool:
    """Whether the value has the form of its kind. Check digits and days of the calendar are for `is_probable`."""
    if rule.kind in _TEXTS:
        return isinstance(value, str) and _TEXTS[rule.kind](value, rule)
    if rule.kind == Kind.OBJECT:
        return isinstance(value, dict)
    if rule.kind == Kind.LIST:
        return isinstance(value, list)
    if rule.kind == Kind.BOOL:
        return isinstance(value, bool)
    if rule.kind == Kind.AMOUNT:
        return isinstance(value, int | Decimal) and not isinstance(value, bool)
    return type(value) is int and rule.low <= value <= rule.high


def is_probable(value: Any, rule: Rule) -> bool:
    """Of a value that fits: whether its check digits are right, or its day exists."""
    if rule.kind == Kind.PERSON:
        return is_person_number(value)
    if rule.kind == Kind.ORGNR:
        return is_orgnr(value)
    return rule.kind != Kind.DAY or _is_day(f"2024-{value[2:]}-{value[:2]}")


def given(value: Any, rule: Rule | None = None) -> str:
    """A short form of the value for a finding, without national identity numbers; "" for what is not a plain value."""
    if isinstance(value, dict | list) or (rule and rule.kind == Kind.PERSON):
        return ""
    return masked(json.dumps(value, ensure_ascii=False, default=str).strip('"'))[:MOST_SHOWN]


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _is_moment(text: str) -> bool:
    """A date with a time; whether a zone is needed is not known."""
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return "T" in text


def _is_uuid(text: str) -> bool:
    """With its hyphens: whether other spellings are accepted is not known."""
    try:
        return str(UUID(text)) == text.lower()
    except ValueError:
        return False


_TEXTS: dict[Kind, Callable[[str, Rule], bool]] = {
    Kind.TEXT: lambda text, rule: rule.low <= len(text) <= rule.high,
    Kind.DIGITS: lambda text, rule: re.fullmatch("[0-9]+", text) is not None and rule.low <= len(text) <= rule.high,
    Kind.CODE: lambda text, rule: text in rule.codes,
    Kind.DECIMAL: lambda text, _rule: DECIMAL.fullmatch(text) is not None,
    Kind.DATE: lambda text, _rule: re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text) is not None and _is_day(text),
    Kind.TIME: lambda text, _rule: _is_moment(text),
    Kind.MONTH: lambda text, _rule: re.fullmatch("[0-9]{4}-(0[1-9]|1[0-2])", text) is not None,
    Kind.UUID: lambda text, _rule: _is_uuid(text),
    Kind.DAY: lambda text, _rule: re.fullmatch("[0-9]{4}", text) is not None,
    Kind.PERSON: lambda text, _rule: re.fullmatch("[0-9]{11}", text) is not None,
    Kind.ORGNR: lambda text, _rule: re.fullmatch("[0-9]{9}", text) is not None,
}
