"""Preview of a stored document: XML and JSON indented, text unchanged, None for other types.

The page escapes the text; it is never rendered as markup.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from lxml import etree

SHOWN = 300_000
"""Characters shown on a page. The download has all."""
LAID_OUT, MOST_TAGS = 10**6, 20_000
"""Bytes, and `<` in an XML file, that are indented; a larger file is shown as it stands, so that looking at it stays cheap."""
_PARSER = etree.XMLParser(
    resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_blank_text=True
)
XML, JSON = {"application/xml", "text/xml"}, {"application/json"}
TEXT = {"text/plain", "text/csv"}
INLINE = {"application/pdf"}
KNOWN = XML | JSON | TEXT | INLINE
"""Media types kept in downloads; others are sent as application/octet-stream."""


def readable(content: bytes, media_type: str) -> str | None:
    """Text for the page, at most SHOWN characters; None when it is not for reading as text."""
    kind = media_type.partition(";")[0].strip().lower()
    if kind not in XML | JSON | TEXT:
        return None
    if len(content) > LAID_OUT or (kind in XML and content.count(b"<") > MOST_TAGS):
        return _text(content[: 4 * SHOWN])[:SHOWN]
    text = _xml(content) if kind in XML else _json(content) if kind in JSON else _text(content)
    return text[:SHOWN]


def _xml(content: bytes) -> str:
    try:
        root = etree.fromstring(content, _PARSER)
    except (etree.XMLSyntaxError, ValueError):
        return _text(content)
    pretty: str = etree.tostring(root, pretty_print=True, encoding="unicode")
    return pretty


def _json(content: bytes) -> str:
    try:
        parts = json.JSONEncoder(indent=2, ensure_ascii=False).iterencode(json.loads(content))
        return "".join(_until_shown(parts))
    except (ValueError, RecursionError):
        return _text(content)


def _until_shown(parts: Iterator[str]) -> Iterator[str]:
    size = 0
    for part in parts:
        yield part
        size += len(part)
        if size > SHOWN:
            return


def _text(content: bytes) -> str:
    return content.decode("utf-8", errors="replace")
