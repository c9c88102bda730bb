"""Reads a list of organisations out of a file or a pasted text: CSV with any separator and encoding, or xlsx.

Nothing is stored and nothing is asked here. Which column means what is decided in `columns`.
"""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass, field
from typing import Literal

from accounts.services.imports.workbook import OLD_SIGNATURE, SIGNATURE, BadWorkbook, read_workbook
from portal.core.masking import UNSEEN
from portal.gateways.text import one_line

MOST_ROWS = 20_000
MOST_COLUMNS = 100
LONGEST_CELL = 200
Cells = list[str]


class TooManyRows(Exception):
    """The list has more rows than MOST_ROWS."""


class Unreadable(Exception):
    """The file is no list: a cell of it is longer than any text of ours, or it is a damaged or protected workbook."""


@dataclass(frozen=True)
class Table:
    """Rows that are not empty, each with its number in the file, counted from 1. `sheet`: its name in a workbook."""

    rows: list[tuple[int, Cells]]
    sheet: str = ""
    width: int = field(default=0)


def read_table(content: bytes) -> Table:
    """Raises TooManyRows, Unreadable."""
    if content.startswith(OLD_SIGNATURE):
        raise Unreadable
    if content.startswith(SIGNATURE):
        try:
            sheet, first, cells = read_workbook(content)
        except BadWorkbook as error:
            raise Unreadable from error
        return _table([(first + index, row) for index, row in enumerate(cells)], sheet)
    return _table(_csv_rows(decoded(content)))


def _table(rows: list[tuple[int, Cells]], sheet: str = "") -> Table:
    cleaned = [(number, [_clean(cell) for cell in cells[:MOST_COLUMNS]]) for number, cells in rows]
    filled = [(number, cells) for number, cells in cleaned if any(cells)]
    if len(filled) > MOST_ROWS + 1:  # with the headings
        raise TooManyRows
    return Table(filled, sheet, max((len(cells) for _number, cells in filled), default=0))


def decoded(content: bytes) -> str:
    """Text of a file in UTF-8 or UTF-16 with or without a mark, else in the Latin alphabet of Windows."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", errors="replace")
    if b"\0" in content[:200]:
        order = "utf-16-be" if content[:1] == b"\0" else "utf-16-le"
        return content.decode(order, errors="replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")


def _csv_rows(text: str) -> list[tuple[int, Cells]]:
    text = text.replace("\0", "").removeprefix("\ufeff")
    first = next((line for line in text.splitlines() if line.strip()), "")
    told = re.fullmatch(r"sep=(.)", first.strip(), re.IGNORECASE)
    separator = told[1] if told else _separator(first)
    is_open = text.count('"') % 2 == 1  # a quote that never ends would take rows away
    quoting: Literal[0, 3] = csv.QUOTE_NONE if is_open else csv.QUOTE_MINIMAL
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, quoting=quoting)
    try:
        rows = list(enumerate(reader, start=1))
    except csv.Error as error:
        raise Unreadable from error
    return rows[1:] if told else rows


def _separator(line: str) -> str:
    """A name may have a comma, so the comma is the last guess."""
    return next((sign for sign in (";", "\t") if sign in line), ",")


def _clean(cell: str) -> str:
    if cell.isascii() and cell.isprintable():
        return cell[:LONGEST_CELL].strip()
    return one_line(UNSEEN.sub("", cell))[:LONGEST_CELL].strip()
