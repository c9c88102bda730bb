"""Reads the first sheet with rows of an xlsx file that a person uploaded, without trusting it.

The parts of the file are measured before the sheet is read: a small file can describe a huge sheet.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from datetime import date, datetime, time, timedelta

from python_calamine import CalamineError, CalamineWorkbook

SIGNATURE = b"PK\x03\x04"
OLD_SIGNATURE = b"\xd0\xcf\x11\xe0"
"""An xls file, and an xlsx file with a password."""
MOST_UNPACKED = 60_000_000  # bytes
MOST_CELLS = 2_000_000
MOST_TEXT = 100_000_000  # characters: the longest shared text times the cells that refer to one
_CELL = re.compile(rb"""\br\s*=\s*["']([A-Z]{0,4})([0-9]{1,10})["']""")
_TEXT = re.compile(rb"<(?:\w+:)?si[ >]")
"""An entry of the texts that cells refer to. Its part may have any name."""
Cell = int | float | str | bool | time | date | datetime | timedelta


class BadWorkbook(Exception):
    """No workbook that can be read, or one that is too large."""


def read_workbook(content: bytes) -> tuple[str, int, list[list[str]]]:
    """The name of the sheet, the number of its first row, and its cells as text. Raises BadWorkbook."""
    _measure(content)
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(content))
        for name in book.sheet_names:
            sheet = book.get_sheet_by_name(name)
            rows = sheet.to_python(skip_empty_area=True)
            if any(cell != "" for row in rows for cell in row):
                first = sheet.start[0] + 1 if sheet.start else 1
                return name, first, [[text_of(cell) for cell in row] for row in rows]
    except (CalamineError, OSError, ValueError, IndexError) as error:
        raise BadWorkbook from error
    except BaseException as error:
        if type(error).__name__ == "PanicException":  # a fault of the library, which no Exception class covers
            raise BadWorkbook from error
        raise
    return "", 1, []


def text_of(cell: Cell) -> str:
    """As a person reads it: whole numbers without decimals, dates as in ISO 8601."""
    if isinstance(cell, bool):
        return ""
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else str(cell)
    return cell.isoformat() if isinstance(cell, date | time) else str(cell)


def _measure(content: bytes) -> None:
    """Raises BadWorkbook."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            infos = archive.infolist()
            if sum(info.file_size for info in infos) > MOST_UNPACKED or archive.testzip() is not None:
                raise BadWorkbook
            parts = [archive.read(info) for info in infos if info.filename.lower().endswith(".xml")]
    except (zipfile.BadZipFile, zlib.error, ValueError, NotImplementedError, RuntimeError, OSError, EOFError) as error:
        raise BadWorkbook from error
    texts = [part for part in parts if _TEXT.search(part)]
    longest = max((len(text) for part in texts for text in part.split(b"si>")), default=0)
    for part in parts:
        if part not in texts and (_area(part) > MOST_CELLS or part.count(b"v>") // 2 * longest > MOST_TEXT):
            raise BadWorkbook


def _area(sheet: bytes) -> int:
    """The cells of the rectangle around those that are named."""
    columns, rows = 1, 1
    for match in _CELL.finditer(sheet):
        rows = max(rows, int(match[2]))
        columns = max(columns, _column(match[1]))
    return columns * rows


def _column(letters: bytes) -> int:
    """A is 1, Z is 26, AA is 27."""
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number
