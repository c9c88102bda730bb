"""Old and new values of what was edited, in the form in which the audit trail stores them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django.db import models

Changes = dict[str, list[Any]]
"""By field: [old, new]. Values are strings, numbers, booleans, None, or lists of strings."""
Masks = Mapping[str, Callable[[str], str]]
"""By field: how its values are shown. Fields that are not here are shown as they are."""
LONGEST = 200


def changes(*, old: Mapping[str, Any], new: Mapping[str, Any], masks: Masks | None = None) -> Changes:
    """The fields that differ. A field that one side lacks counts as empty there. Values of `masks` are masked."""
    names = sorted(name for name in old.keys() | new.keys() if old.get(name, "") != new.get(name, ""))
    return {name: [_stored(side.get(name, ""), (masks or {}).get(name)) for side in (old, new)] for name in names}


def values_of(row: models.Model, fields: Iterable[str]) -> dict[str, Any]:
    """The values of these columns, for `changes`."""
    return {name: getattr(row, name) for name in fields}


def stored_values(row: models.Model, fields: Iterable[str]) -> dict[str, Any]:
    """The values in the database, with the row locked; empty when it is not there yet. Call it in a transaction."""
    if row.pk is None:
        return {}
    manager: Any = type(row)._base_manager
    before = manager.select_for_update(of=("self",)).filter(pk=row.pk).first()
    return values_of(before, fields) if before else {}


def _stored(value: Any, mask: Callable[[str], str] | None) -> Any:
    if mask is not None:
        return mask(str(value)) if value else ""
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, list | tuple | set):
        return sorted(str(item)[:LONGEST] for item in value)
    return str(value)[:LONGEST]
