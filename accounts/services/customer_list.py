"""Reads a list of organisations as Tenor and spreadsheets write it: text with columns, of which the order is not known.

Nothing is stored and nothing is asked. A column with national identity numbers is dropped here and goes no further.
"""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from typing import Literal

from accounts.services.orgnr import BadOrgnr, read_orgnr
from portal.core.masking import HIDDEN, UNSEEN, without_identity_numbers
from portal.gateways.text import one_line

MOST_ROWS = 1000
Cells = list[str]
HEADERS = {
    "orgnr": ("organisasjonsnummer", "orgnr", "orgnummer", "orgno", "organizationnumber", "organisationnumber"),
    "name": ("navn", "namn", "name", "organisasjonsnavn", "virksomhet", "virksomhetsnavn", "foretaksnavn"),
    "approver": ("godkjenner", "godkjennar", "approver", "testperson", "person", "personnavn", "rolleinnehaver"),
    "role": ("rolle", "role", "rolletype"),
}
"""The names of columns, in lower case and without spaces and punctuation."""
IDENTITY = re.compile(
    r"f(ø|oe|o)dsels?(s)?n(r|ummer)|fnr|dnr|dnummer|personn(r|ummer)|personident\w*|nationalid\w*|ssn"
)
_SHORT_IDENTITY = re.compile(r"[0-9]{10,11}")
"""A spreadsheet takes away a zero in front."""


class TooManyRows(Exception):
    """The list has more rows than MOST_ROWS."""


class Unreadable(Exception):
    """The text is no list: a cell of it is longer than any text of ours."""


@dataclass(frozen=True)
class Line:
    """One row as it stands in the list. `number` is counted from 1, with the header row."""

    number: int
    orgnr: str
    name: str = ""
    approver: str = ""
    role: str = ""


@dataclass(frozen=True)
class CustomerList:
    """`dropped`: how many columns had national identity numbers and were left out."""

    lines: list[Line]
    dropped: int


def decoded(content: bytes) -> str:
    """Text of a file in UTF-8 or UTF-16 with or without a mark, else in the Latin alphabet of Windows."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", errors="replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")


def read_list(text: str) -> CustomerList:
    """The rows of the list. Raises TooManyRows and Unreadable."""
    rows = _rows(text.removeprefix("\ufeff"))
    header = _header(rows[0][1]) if rows else None
    body = rows[1:] if header is not None else rows
    if len(body) > MOST_ROWS:
        raise TooManyRows
    width = max((len(cells) for _number, cells in rows), default=0)
    columns = [[cells[at] if at < len(cells) else "" for _number, cells in body] for at in range(width)]
    where = header if header is not None and "orgnr" in header else _guessed(columns, header or {})
    names = rows[0][1] if header is not None else []
    private = {at for at, column in enumerate(columns) if at != where.get("orgnr") and _is_private(column)}
    private |= {at for at, name in enumerate(names) if IDENTITY.fullmatch(_plain(name))}
    kept = {field: at for field, at in where.items() if at not in private}
    return CustomerList([_line(number, cells, kept) for number, cells in body], len(private))


def _rows(text: str) -> list[tuple[int, Cells]]:
    """Rows that are not empty, each with its number."""
    stream = io.StringIO(text.replace("\0", ""), newline="")
    first = next((line for line in text.splitlines() if line.strip()), "")
    is_open = text.count('"') % 2 == 1  # a quote that never ends would take rows away
    quoting: Literal[0, 3] = csv.QUOTE_NONE if is_open else csv.QUOTE_MINIMAL
    reader = csv.reader(stream, delimiter=_separator(first), quoting=quoting)
    rows = enumerate(([_clean(cell) for cell in cells] for cells in reader), start=1)
    try:
        return [(number, cells) for number, cells in rows if any(cells)]
    except csv.Error as error:
        raise Unreadable from error


def _separator(line: str) -> str:
    """A name may have a comma, so the comma is the last guess."""
    return next((sign for sign in (";", "\t") if sign in line), ",")


def _clean(cell: str) -> str:
    return one_line(UNSEEN.sub("", cell))[:200].strip()


def _plain(name: str) -> str:
    return re.sub(r"[\W_]", "", name.lower())


def _header(cells: Cells) -> dict[str, int] | None:
    """Where the named columns are, when the row is a header: it has a known name and no number."""
    plain = [_plain(cell) for cell in cells]
    if any(sum(char.isdigit() for char in cell) >= 8 for cell in cells):
        return None
    found = {field: plain.index(name) for field, names in HEADERS.items() for name in reversed(names) if name in plain}
    return found if found or any(IDENTITY.fullmatch(name) for name in plain) else None


def _guessed(columns: list[Cells], named: dict[str, int]) -> dict[str, int]:
    """Numbers are in the column with the most of them; name, approver and role follow in this order where none is named."""
    if not columns:
        return {}
    scores = [sum(_is_number(cell) for cell in column) for column in columns]
    orgnr = max(range(len(columns)), key=lambda at: (scores[at], -at))
    if named:
        return {**named, "orgnr": orgnr}
    rest = [at for at in range(len(columns)) if at != orgnr and not _is_private(columns[at])]
    return {"orgnr": orgnr, **dict(zip(("name", "approver", "role"), rest, strict=False))}


def _is_number(cell: str) -> bool:
    try:
        read_orgnr(cell)
    except BadOrgnr:
        return False
    return True


def _is_private(column: Cells) -> bool:
    return any(hidden(cell) != cell for cell in column)


def hidden(cell: str) -> str:
    """`cell` without national identity numbers, also one that has lost its first zero."""
    return HIDDEN if _SHORT_IDENTITY.fullmatch(cell) else without_identity_numbers(cell)


def _line(number: int, cells: Cells, where: dict[str, int]) -> Line:
    values = {field: cells[at] if at < len(cells) else "" for field, at in where.items()}
    return Line(number, **{"orgnr": "", **values})
