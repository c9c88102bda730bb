"""Columns and their values in the audit trail, in words: by the names and choices of the model, as short as a line needs."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.utils.text import Truncator
from django.utils.translation import gettext as _

LONGEST = 60
"""Characters of a value that are written out."""
SHOWN_VALUES = 3
"""Values of a list that are written out."""


def field_of(model: Any, name: str) -> Any:
    try:
        return model._meta.get_field(name) if model else None
    except FieldDoesNotExist:
        return None


def label(model: Any, name: str) -> str:
    named = getattr(model, "AUDIT_LABELS", {}).get(name)
    return str(named or getattr(field_of(model, name), "verbose_name", name))


def value_of(model: Any, name: str, value: Any) -> str:
    if value in ("", None, []):
        return "–"
    labels = dict(getattr(field_of(model, name), "choices", None) or getattr(model, "AUDIT_VALUES", {}))
    if isinstance(value, list):
        return plain([str(labels.get(item, item)) for item in value])
    if not isinstance(value, str):
        return plain(value)
    return str(labels.get(value) or plain(value))


def plain(value: Any) -> str:
    if isinstance(value, bool):
        return _("ja") if value else _("nei")
    if isinstance(value, list):
        text = ", ".join(str(item) for item in value[:SHOWN_VALUES])
        return f"{text} …" if len(value) > SHOWN_VALUES else text
    return Truncator(str(value)).chars(LONGEST)
