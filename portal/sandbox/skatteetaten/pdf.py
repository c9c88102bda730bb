"""A minimal PDF writer: lines of text on as many pages as needed."""

from __future__ import annotations

import textwrap

LINES_ON_A_PAGE = 48
WIDTH = 92


def document(*, title: str, lines: list[str]) -> bytes:
    """A PDF 1.4 of A4 pages with `title` on top of the first and `lines` below."""
    wrapped = [part for line in lines for part in (textwrap.wrap(line, WIDTH) or [""])]
    first, rest = wrapped[: LINES_ON_A_PAGE - 3], wrapped[LINES_ON_A_PAGE - 3 :]
    pages = [_content(title, first)]
    pages += [_content("", rest[n : n + LINES_ON_A_PAGE]) for n in range(0, len(rest), LINES_ON_A_PAGE)]
    return _assemble(_objects(title, pages))


def _objects(title: str, pages: list[bytes]) -> list[bytes]:
    """Object 1 catalogue, 2 page tree, 3 and 4 fonts, 5 information, then page and content in pairs."""
    kids = " ".join(f"{6 + 2 * n} 0 R" for n in range(len(pages)))
    font = "<< /Type /Font /Subtype /Type1 /BaseFont /{} /Encoding /WinAnsiEncoding >>"
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>".encode(),
        font.format("Helvetica").encode(),
        font.format("Helvetica-Bold").encode(),
        b"<< /Producer (Sandbox) /Title (" + _escaped(title) + b") >>",
    ]
    for number, content in enumerate(pages):
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents {7 + 2 * number} 0 R "
            "/Resources << /Font << /F1 3 0 R /F2 4 0 R >> >> >>".encode()
        )
        objects.append(f"<< /Length {len(content)} >>\nstream\n".encode() + content + b"\nendstream")
    return objects


def _content(title: str, lines: list[str]) -> bytes:
    parts = [b"BT 56 780 Td 15 TL"]
    if title:
        parts.append(b"/F2 15 Tf (" + _escaped(title) + b") Tj T* T*")
    parts.append(b"/F1 10.5 Tf")
    parts += [b"(" + _escaped(line) + b") Tj T*" for line in lines]
    return b"\n".join([*parts, b"ET"])


def _escaped(text: str) -> bytes:
    raw = text.encode("cp1252", errors="replace")
    return raw.replace(b"\\", b"\\\\").replace(b"(", b"\\(").replace(b")", b"\\)")


def _assemble(objects: list[bytes]) -> bytes:
    out = bytearray(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
    offsets = []
    for number, content in enumerate(objects, 1):
        offsets.append(len(out))
        out += f"{number} 0 obj\n".encode() + content + b"\nendobj\n"
    start = len(out)
    out += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n".encode()
    out += b"".join(f"{offset:010d} 00000 n \n".encode() for offset in offsets)
    out += f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R /Info 5 0 R >>\nstartxref\n{start}\n%%EOF\n".encode()
    return bytes(out)
