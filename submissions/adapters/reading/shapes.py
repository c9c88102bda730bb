"""Answers whose inner fields no page gives: lists of objects become tables with the fields that the answer has."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from portal.gateways.decoding import json_of
from submissions.adapters.numbers import masked
from submissions.adapters.retrieval import Table

MOST_COLUMNS = 8
MOST_ROWS = 2_000
_HUMP = re.compile(r"(?<=[a-zæøå0-9])(?=[A-ZÆØÅ])")


def payload_of(content: bytes) -> dict[str, Any]:
    """Raises ValueError when the content is no JSON object."""
    payload = json_of(content)
    if not isinstance(payload, dict):
        raise ValueError("no object")
    return payload


def objects(value: Any) -> list[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def text(value: Any) -> str:
    """A scalar as text, identity numbers masked; "" for anything else."""
    if isinstance(value, bool):
        return json.dumps(value)
    return masked(str(value)) if isinstance(value, str | int | float) else ""


def label(name: str) -> str:
    """`gjenstaaendeBeloep` as `Gjenstaaende beloep`: the authority's own word, readable."""
    words = _HUMP.sub(" ", name).lower()
    return words[:1].upper() + words[1:]


def lines(values: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The scalars of an object."""
    return [(label(name), shown) for name, value in values.items() if (shown := text(value))]


def table(title: str, rows: Sequence[Mapping[str, Any]], *, note: str = "") -> Table:
    """A table with the scalar fields of the rows, in the order in which they first come."""
    names = list(dict.fromkeys(name for row in rows for name, value in row.items() if text(value)))[:MOST_COLUMNS]
    cells = [tuple(text(row.get(name)) for name in names) for row in rows[:MOST_ROWS]]
    return Table(title, tuple(map(label, names)), cells, note)
