"""A list as a file for a spreadsheet or a program: the same rows as on the page, all of them, read in batches.

The file is made on disk before the answer begins, so that a slow receiver holds no connection to the database.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from tempfile import TemporaryFile
from typing import IO, Any, cast

import xlsxwriter
from django.db import transaction
from django.http import FileResponse, HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as lazy

from portal.core.audit import record
from portal.core.audit_events import AuditType
from portal.core.masking import without_identity_numbers
from portal.core.spreadsheet import BOM, plain

BATCH = 500
MEDIA_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
"""The formats, by their file ending."""
Value = str | int | date | None
Cells = Sequence[Value]


@dataclass(frozen=True)
class Field:
    """A column of the file: its heading, and its value in what the list's template reads as `row`."""

    label: Any
    value: Callable[[Any], Any]


def customer_fields(of: Callable[[Any], Any]) -> tuple[Field, Field]:
    """Number and name of the row's customer."""
    return (
        Field(lazy("Organisasjonsnummer"), lambda row: of(row).orgnr),
        Field(lazy("Kunde"), lambda row: of(row).name),
    )


def step_fields() -> tuple[Field, Field]:
    """The next step, of rows that have one as `step`."""
    return Field(lazy("Neste steg"), lambda row: row.step.text), Field(lazy("Hvem"), lambda row: row.step.who)


def write(format: str, header: Sequence[str], rows: Iterable[Cells]) -> tuple[IO[bytes], int]:
    """A temporary file, to be read from its beginning, and the number of its rows below the header."""
    file = cast("IO[bytes]", TemporaryFile())  # noqa: SIM115 - the answer closes it
    number = {"csv": _write_csv, "json": _write_json, "xlsx": _write_xlsx}[format](file, header, map(_cleaned, rows))
    file.seek(0)
    return file, number


def cells_of(fields: Sequence[Field], rows: Iterable[Any]) -> Iterator[Cells]:
    """What a file has of each row. Lazy texts are translated here."""
    for row in rows:
        values = [field.value(row) for field in fields]
        yield [value if isinstance(value, int | date) or value is None else str(value) for value in values]


def _cleaned(cells: Cells) -> Cells:
    return [without_identity_numbers(cell) if isinstance(cell, str) else cell for cell in cells]


def _write_csv(file: IO[bytes], header: Sequence[str], rows: Iterable[Cells]) -> int:
    """Semicolons and a byte order mark, as a Norwegian Excel wants; UTF-8."""
    text = io.TextIOWrapper(file, encoding="utf-8", newline="", write_through=True)
    text.write(BOM)
    writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
    writer.writerow(header)
    number = 0
    for cells in rows:
        writer.writerow([plain(_text(cell)) for cell in cells])
        number += 1
    text.detach()
    return number


def _text(cell: Value) -> str:
    if isinstance(cell, datetime):
        return f"{timezone.localtime(cell):%d.%m.%Y %H:%M}"
    if isinstance(cell, date):
        return f"{cell:%d.%m.%Y}"
    return "" if cell is None else str(cell)


def _write_json(file: IO[bytes], header: Sequence[str], rows: Iterable[Cells]) -> int:
    """A list of objects, one on each line, with the headings as keys; dates and times as ISO 8601, times in UTC."""
    number = 0
    for number, cells in enumerate(rows, start=1):
        values = [_iso(cell) if isinstance(cell, date) else cell for cell in cells]
        text = json.dumps(dict(zip(header, values, strict=True)), ensure_ascii=False)
        file.write((",\n" if number > 1 else "[\n").encode() + text.encode())
    file.write(b"\n]\n" if number else b"[]\n")
    return number


def _iso(moment: date) -> str:
    return moment.astimezone(UTC).isoformat() if isinstance(moment, datetime) else moment.isoformat()


def _write_xlsx(file: IO[bytes], header: Sequence[str], rows: Iterable[Cells]) -> int:
    """Each text is written as a text: a spreadsheet calculates nothing of it, and follows no address."""
    book = xlsxwriter.Workbook(file, {"constant_memory": True})
    sheet = book.add_worksheet()
    formats: dict[type, Any] = {datetime: book.add_format({"num_format": "dd.mm.yyyy hh:mm"})}
    formats[date] = book.add_format({"num_format": "dd.mm.yyyy"})
    bold = book.add_format({"bold": True})
    for column, label in enumerate(header):
        sheet.write_string(0, column, label, bold)
    sheet.freeze_panes(1, 0)
    number = 0
    for number, cells in enumerate(rows, start=1):
        for column, cell in enumerate(cells):
            _write_cell(sheet, number, column, cell, formats)
    book.close()
    return number


def _write_cell(sheet: Any, row: int, column: int, cell: Value, formats: dict[type, Any]) -> None:
    if isinstance(cell, datetime):
        sheet.write_datetime(row, column, timezone.localtime(cell).replace(tzinfo=None), formats[datetime])
    elif isinstance(cell, date):
        sheet.write_datetime(row, column, cell, formats[date])
    elif isinstance(cell, int):
        sheet.write_number(row, column, cell)
    elif cell:
        sheet.write_string(row, column, cell)


def as_file(
    request: HttpRequest, name: str, format: str, header: list[str], rows: Iterable[Cells], *, at: datetime
) -> IO[bytes]:
    """The rows as an open file, at its beginning; the trail has who took it, and how many rows."""
    user: Any = request.user
    with transaction.atomic():
        file, number = write(format, header, rows)
        detail: dict[str, Any] = {"list": name, "format": format, "number": number}
        environment = getattr(request, "environment", "")
        record(by=user.actor, at=at, target=user, what=AuditType.LIST_EXPORTED, environment=environment, **detail)
    return file


def as_download(
    request: HttpRequest, name: str, format: str, header: list[str], rows: Iterable[Cells], *, at: datetime
) -> FileResponse:
    """`as_file` as an answer."""
    file = as_file(request, name, format, header, rows, at=at)
    named = f"{name}-{timezone.localtime(at):%Y-%m-%d}.{format}"
    return FileResponse(file, as_attachment=True, filename=named, content_type=MEDIA_TYPES[format])
