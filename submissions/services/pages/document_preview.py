"""Preview of a stored document: XML and JSON indented, text unchanged, None for other types.

The page escapes the text; it is never rendered as markup.
"""

from __future__ import annotations

import json

from lxml import etree

SHOWN = 300_000
"""Characters shown on a page. The download has all."""
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
    if kind in XML:
        return _xml(content)[:SHOWN]
    if kind in JSON:
        return _json(content)[:SHOWN]
    return _text(content)[:SHOWN] if kind in TEXT else None


def _xml(content: bytes) -> str:
    try:
        root = etree.fromstring(content, _PARSER)
    except (etree.XMLSyntaxError, ValueError):
        return _text(content)
    pretty: str = etree.tostring(root, pretty_print=True, encoding="unicode")
    return pretty


def _json(content: bytes) -> str:
    try:
        return json.dumps(json.loads(content), indent=2, ensure_ascii=False)
    except ValueError:
        return _text(content)


def _text(content: bytes) -> str:
    return content.decode("utf-8", errors="replace")
