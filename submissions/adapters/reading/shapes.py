"""Answers whose inner fields no page gives: lists of objects become tables with the fields that the answer has."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from portal.gateways.decoding import json_of
from submissions.adapters.numbers import masked
from submissions.adapters.retrieval import Table

MOST_COLUMNS = 8
MOST_ROWS = 2_000
MOST_NAMED = 6
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
    """A table with the scalar fields of the rows, in the order in which they first come. The note says what is left out."""
    names = list(dict.fromkeys(name for row in rows for name, value in row.items() if text(value)))
    nested = {name for row in rows for name, value in row.items() if isinstance(value, dict | list) and value}
    left_out = [label(name) for name in [*names[MOST_COLUMNS:], *sorted(nested - set(names))]]
    names = names[:MOST_COLUMNS]
    cells = [tuple(text(row.get(name)) for name in names) for row in rows[:MOST_ROWS]]
    notes = [note, _rows_left_out(len(rows)), _fields_left_out(left_out)]
    return Table(title, tuple(map(label, names)), cells, " ".join(filter(None, notes)))


def _rows_left_out(number: int) -> str:
    if number <= MOST_ROWS:
        return ""
    return _("Her vises de %(most)s første av %(n)s. Alle står i filen du kan laste ned.") % {
        "most": MOST_ROWS,
        "n": number,
    }


def _fields_left_out(labels: Sequence[str]) -> str:
    """Their names, as far as a sentence goes."""
    if not labels:
        return ""
    names = ", ".join(labels[:MOST_NAMED]) + (" …" if len(labels) > MOST_NAMED else "")
    return _("Ikke alle felt får plass her: %(names)s. De står i filen du kan laste ned.") % {"names": names}
