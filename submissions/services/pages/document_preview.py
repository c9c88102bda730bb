"""Preview of a stored document: XML and JSON indented, text unchanged, None for other types.

The page escapes the text; it is never rendered as markup. Time and memory are bounded: a large file is shown as it is.
"""

from __future__ import annotations

import codecs
import json

from lxml import etree

SHOWN = 300_000
"""Characters shown on a page. The download has all."""
MOST_BYTES, MOST_TAGS = 2_000_000, 50_000
"""Of a file that is laid out. Each element may get as many spaces as it is deep."""
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
    if kind in TEXT or len(content) > MOST_BYTES:
        return _text(content)
    return (_xml(content) if kind in XML else _json(content))[:SHOWN]


def _xml(content: bytes) -> str:
    if content.count(b"<") > MOST_TAGS:
        return _text(content)
    try:
        root = etree.fromstring(content, _PARSER)
    except (etree.XMLSyntaxError, ValueError):
        return _text(content)
    pretty: str = etree.tostring(root, pretty_print=True, encoding="unicode")
    return pretty


def _json(content: bytes) -> str:
    """Laid out until there is enough for the page."""
    parts, length = [], 0
    try:
        for part in json.JSONEncoder(indent=2, ensure_ascii=False).iterencode(json.loads(content)):
            parts.append(part)
            length += len(part)
            if length >= SHOWN:
                break
    except (ValueError, RecursionError):
        return _text(content)
    return "".join(parts).encode("utf-8", "replace").decode()  # halves of characters are no text that can be sent


def _text(content: bytes) -> str:
    """The beginning: no character has more than four bytes."""
    codec = "utf-16" if content[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) else "utf-8"
    return content[: 4 * SHOWN].decode(codec, errors="replace")[:SHOWN]
