"""Lists as files that a spreadsheet opens. Text from outside never becomes a formula there."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
"""What a spreadsheet takes for the beginning of a formula."""
BOM = "\ufeff"
"""Without it Excel takes the file for another encoding."""


def as_csv(header: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    """Semicolons, as a Norwegian Excel wants; UTF-8."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
    writer.writerow(header)
    writer.writerows([plain(cell) for cell in cells] for cells in rows)
    return (BOM + text.getvalue()).encode()


def plain(cell: str) -> str:
    """The text with an apostrophe before what a spreadsheet would calculate."""
    return f"'{cell}" if cell.startswith(FORMULA) else cell
