"""Two people edit one row: the second to save is told what the first changed, and nothing is overwritten unnoticed.

A form keeps a version of the row, as it was when the form was opened, in a hidden field. The service compares it with the row
under a lock.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models import Model


class EditedMeanwhile(Exception):
    """Another person saved the row after the form was opened. Nothing was written.

    `values`: what is stored now in each column that differs. `version`: the row's version now.
    """

    def __init__(self, values: dict[str, Any], *, version: str) -> None:
        super().__init__(f"changed meanwhile: {', '.join(sorted(values))}")
        self.values, self.version = values, version


def version_of(row: Model, names: Iterable[str]) -> str:
    """A digest of each column: "name=1a2b3c4d5e6f orgnr=…"."""
    return " ".join(f"{name}={_digest(_value(row, name))}" for name in names)


def check_unchanged(
    stored: Model,
    wanted: Model,
    names: Iterable[str],
    *,
    seen: str | None,
    chosen: Mapping[str, Iterable[Model]] | None = None,
) -> None:
    """Raise EditedMeanwhile for columns that are neither as the form saw them nor as it wants them.

    `stored` is the row as it is now, locked; `wanted` the one to be saved, with the rows in `chosen` for each relation to many. Nothing
    is checked when `seen` is None.
    """
    if seen is None:
        return
    columns, before = list(names), set(seen.split())
    new = {name: _named(rows) for name, rows in (chosen or {}).items()}
    changed = {
        name: _value(stored, name) if name in new else getattr(stored, name)
        for name in columns
        if version_of(stored, [name]) not in before
        and _value(stored, name) != (new[name] if name in new else _value(wanted, name))
    }
    if changed:
        raise EditedMeanwhile(changed, version=version_of(stored, columns))


def _value(row: Model, name: str) -> Any:
    """Of a relation to many the names of its rows."""
    value = row.serializable_value(name)
    return _named(value.all()) if hasattr(value, "all") else value


def _named(rows: Iterable[Model]) -> list[str]:
    return sorted(map(str, rows))


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()[:12]
