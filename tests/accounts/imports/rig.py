"""Files as people bring them, and a worker that takes imports to their ends."""

from __future__ import annotations

import io
import zipfile
from datetime import datetime
from typing import Any
from xml.sax.saxutils import escape

from accounts.models import CustomerImport, CustomerImportRow, User
from accounts.services.imports import ordering, work
from portal.core.environments import Environment
from portal.local.demo import orgnrs
from tests.fixtures import AT

FIRST, SECOND, THIRD = "310200018", "310200026", "310200034"
REAL = "974760673"
BIRTH = "13857699912"
"""A synthetic national identity number, as Tenor has them."""
SHORT = "1010750160"
"""One whose first zero a spreadsheet took away."""
_TYPES = (
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/>'
    '<Override PartName="/xl/workbook.xml" '
    'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/></Types>'
)
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_RELS = "http://schemas.openxmlformats.org/package/2006/relationships"
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def begin(
    user: User, content: bytes | str, *, environment: Environment = Environment.TEST, **options: Any
) -> CustomerImport:
    content = content if isinstance(content, bytes) else content.encode()
    return ordering.begin(user=user, environment=environment, filename="kunder.csv", content=content, at=AT, **options)


def work_to_the_end(*, at: datetime = AT) -> None:
    while work.run(at=at):
        pass


def judged(user: User, content: bytes | str, **options: Any) -> CustomerImport:
    row = begin(user, content, **options)
    work_to_the_end()
    row.refresh_from_db()
    return row


def imported(user: User, content: bytes | str, **options: Any) -> CustomerImport:
    return confirmed(judged(user, content, **options), user)


def confirmed(row: CustomerImport, user: User) -> CustomerImport:
    ordering.confirm(row=row, user=user, shown=ordering.token_of(row), at=AT)
    work_to_the_end()
    row.refresh_from_db()
    return row


def undone(row: CustomerImport, user: User) -> CustomerImport:
    ordering.undo(row=row, user=user, at=AT)
    work_to_the_end()
    row.refresh_from_db()
    return row


def verdicts(row: CustomerImport) -> list[str]:
    return list(row.rows.order_by("number").values_list("verdict", flat=True))


def states(row: CustomerImport) -> list[str]:
    return list(row.rows.order_by("number").values_list("state", flat=True))


def rows_of(row: CustomerImport) -> list[CustomerImportRow]:
    return list(row.rows.order_by("number"))


def many(number: int) -> str:
    lines = [f"{orgnr};Kunde {orgnr} AS;K{orgnr[-4:]};Kari Ås;kari{orgnr}@kunde.example" for orgnr in orgnrs(number)]
    return "\n".join(["Orgnr;Navn;Kundenr;Kontaktperson;E-post", *lines])


def xlsx(rows: list[list[Any]], *, first_row: int = 1, sheet: str = "Kunder", xml: str = "") -> bytes:
    """A workbook with one sheet: texts are written in the cells, numbers as numbers. `xml`: other rows."""
    parts = [_row(number, cells) for number, cells in enumerate(rows, start=first_row)]
    data = f'<worksheet xmlns="{_MAIN}"><sheetData>{"".join(parts)}{xml}</sheetData></worksheet>'
    book = (
        f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>'
        f'<sheet name="{sheet}" sheetId="1" r:id="rId1"/></sheets></workbook>'
    )
    return packed(
        {
            "[Content_Types].xml": _TYPES,
            "_rels/.rels": _relation("officeDocument", "xl/workbook.xml"),
            "xl/workbook.xml": book,
            "xl/_rels/workbook.xml.rels": _relation("worksheet", "worksheets/sheet1.xml"),
            "xl/worksheets/sheet1.xml": data,
        }
    )


def packed(parts: dict[str, str]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    return buffer.getvalue()


def _relation(kind: str, target: str) -> str:
    return f'<Relationships xmlns="{_RELS}"><Relationship Id="rId1" Type="{_OFFICE}/{kind}" Target="{target}"/></Relationships>'


def _row(number: int, cells: list[Any]) -> str:
    return f'<row r="{number}">{"".join(_cell(f"{chr(65 + at)}{number}", cell) for at, cell in enumerate(cells))}</row>'


def _cell(name: str, value: Any) -> str:
    if isinstance(value, int | float):
        return f'<c r="{name}"><v>{value}</v></c>'
    return f'<c r="{name}" t="inlineStr"><is><t>{escape(value)}</t></is></c>'
