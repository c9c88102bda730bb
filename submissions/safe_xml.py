"""Parses untrusted XML: no document type, entities or network access, a size limit, and a checked encoding.

Used for uploaded forms and for feedback. A refusal is a code with parameters; the texts are in `submissions.adapters.texts`.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from io import BytesIO
from typing import Any

from lxml import etree

Path = tuple[str, ...]

MAX_BYTES = 20 * 10**6
"""The largest possible main form is below 10 MB and Skatteetaten states no limit; twice that leaves room for white space."""
MAX_TAGS = 600_000
"""`<` in one file. A form of MAX_BYTES has fewer; a file of many tiny elements would use too much memory."""
BYTES_FOR_A_TAG = 15
"""Of a large file, for each `<`. Real ones have more; one of many tiny elements would take a worker too long."""
_BINARY = {
    b"%PDF": "PDF",
    b"PK\x03\x04": "ZIP",
    b"\x1f\x8b": "GZIP",
    b"\xd0\xcf\x11\xe0": "Office",
    b"\x89PNG": "PNG",
    b"\xff\xd8\xff": "JPEG",
}
_BOMS = {
    codecs.BOM_UTF32_LE: "utf-32",  # before UTF-16, which begins alike
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_ONE_BYTE = {"iso8859-1", "cp1252"}
_CODECS = {"utf-8", "ascii", "utf-16", *_ONE_BYTE}
_DECLARED = re.compile(r"""<\?xml\s[^>]*?encoding\s*=\s*["']([\w.:-]{1,40})["']""", re.ASCII)
_PROLOG = re.compile(r"\s+|<!--.*?-->|<\?.*?\?>", re.DOTALL)


class UnreadableXml(Exception):
    """Not XML we read. `code` is stable; `params` are those of its text, without content of the file."""

    def __init__(self, code: str, params: dict[str, str] | None = None, line: int | None = None) -> None:
        super().__init__(code)
        self.code, self.params, self.line = code, params or {}, line


def parse(content: bytes, *, tolerant: bool = False) -> etree._Element:
    """The root, without comments and processing instructions. Raises UnreadableXml.

    `tolerant` is for what a remote sends: an encoding in the first line that is not the file's, blank lines before it, and a
    document type without entities are no hindrance. The limits of size and depth are the same.
    """
    _refuse_size(content, MAX_BYTES)
    _refuse_other_kinds(content)
    text = decode_as_it_is(content).lstrip() if tolerant else decode(content)
    _refuse_bombs(text, document_type=tolerant)
    return _parse(text)


def walk(content: bytes, *, most_bytes: int) -> Iterator[tuple[Path, etree._Element]]:
    """Each element with the local names from the root down, when it ends; the root also first, when it begins.

    For files too large for a tree: an element keeps nothing of its children once they were given. Raises UnreadableXml.
    """
    _refuse_size(content, most_bytes)
    _refuse_other_kinds(content)
    text = decode(content)
    _refuse_bombs(text, document_type=False, most_tags=most_bytes // BYTES_FOR_A_TAG)
    given = {"resolve_entities": False, "no_network": True, "load_dtd": False, "huge_tree": False}
    events = etree.iterparse(
        BytesIO(text.encode()),
        events=("start", "end"),
        encoding="utf-8",
        remove_comments=True,
        remove_pis=True,
        **given,
    )
    del text
    try:
        yield from _walk(events)
    except etree.XMLSyntaxError as error:
        raise _malformed(error) from None


def _walk(events: Any) -> Iterator[tuple[Path, etree._Element]]:
    names: list[str] = []
    for event, element in events:
        if event == "start":
            names.append(etree.QName(element).localname)
            if len(names) == 1:
                yield tuple(names), element
            continue
        yield tuple(names), element
        names.pop()
        element.clear(keep_tail=False)
        while (before := element.getprevious()) is not None and (parent := before.getparent()) is not None:
            parent.remove(before)


def _refuse_size(content: bytes, most_bytes: int) -> None:
    if len(content) > most_bytes:
        sizes = {"size": f"{len(content) / 10**6:.0f}", "most": f"{most_bytes / 10**6:.0f}"}
        raise UnreadableXml("TOO_LARGE", sizes)


def _refuse_other_kinds(content: bytes) -> None:
    kind = next((kind for signature, kind in _BINARY.items() if content.startswith(signature)), "")
    start = _without_bom(content[:4096]).replace(b"\x00", b"").lstrip().lower()
    if not start and len(content) <= 4096:
        raise UnreadableXml("EMPTY_FILE")
    if start[:1] in (b"{", b"["):
        kind = "JSON"
    elif start.startswith((b"<!doctype html", b"<html")):
        kind = "HTML"
    if kind:
        raise UnreadableXml("NOT_XML", {"case": "known", "kind": kind})
    if start[:1] != b"<":
        raise UnreadableXml("NOT_XML")


def _without_bom(content: bytes) -> bytes:
    bom = next((bom for bom in _BOMS if content.startswith(bom)), b"")
    return content.removeprefix(bom)


def decode(content: bytes) -> str:
    """The text, by byte order mark and declaration, which must agree with each other and with the bytes."""
    marked = next((codec for bom, codec in _BOMS.items() if content.startswith(bom)), "")
    head = content[:400].decode(marked or "latin-1", errors="ignore").lstrip("\ufeff")
    match = _DECLARED.match(head)
    declared = match[1] if match else ""
    codec = _codec(declared or marked or "utf-8")
    if content[:2] in (b"<\x00", b"\x00<"):
        raise _encoding(case="no mark")
    if (marked and marked != codec) or (codec == "utf-16" and not marked) or _is_really_utf8(content, codec):
        raise _encoding(case="other", actual=(marked or "UTF-8").upper(), declared=declared)
    return _decoded(content, codec)


def other_encoding(content: bytes) -> str:
    """The name of the encoding of a readable file with letters outside ASCII, when that is not UTF-8; else ""."""
    if content.isascii():
        return ""
    marked = next((codec for bom, codec in _BOMS.items() if content.startswith(bom)), "")
    match = _DECLARED.match(content[:400].decode(marked or "latin-1", errors="ignore").lstrip("\ufeff"))
    codec = _codec((match[1] if match else "") or marked or "utf-8")
    return "" if codec == "utf-8" else codec.upper()


def decode_as_it_is(content: bytes) -> str:
    """The text by its bytes: the byte order mark, the zeros of UTF-16, UTF-8, and last what the first line says."""
    marked = next((codec for bom, codec in _BOMS.items() if content.startswith(bom)), "")
    start = content[:400].lstrip()[:2]
    codec = marked or {b"<\x00": "utf-16-le", b"\x00<": "utf-16-be"}.get(start, "utf-8")
    try:
        return content.decode(codec).lstrip("\ufeff")
    except UnicodeDecodeError:
        match = _DECLARED.match(content[:400].decode("latin-1").lstrip())
        declared = match[1].lower() if match else ""
        return content.decode("latin-1" if declared == "iso-8859-1" else "cp1252", errors="replace")


def _codec(name: str) -> str:
    """Python's name of an encoding we read; UTF-16LE and BE count as UTF-16."""
    try:
        codec = codecs.lookup(name).name.removesuffix("-le").removesuffix("-be")
    except LookupError:
        codec = ""
    if codec not in _CODECS:
        raise _encoding(case="unknown", name=name.upper())
    return codec


def _is_really_utf8(content: bytes, codec: str) -> bool:
    """Letters outside ASCII that make whole UTF-8 sequences are hardly ever anything else."""
    if codec not in _ONE_BYTE or content.isascii():
        return False
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _decoded(content: bytes, codec: str) -> str:
    try:
        return content.decode(codec).lstrip("\ufeff")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise _encoding(line, codec=codec.upper(), line=str(line)) from None


def _encoding(at_line: int | None = None, /, **params: str) -> UnreadableXml:
    return UnreadableXml("ENCODING", params, at_line)


def _refuse_bombs(text: str, *, document_type: bool, most_tags: int = MAX_TAGS) -> None:
    """Refuse document types, which declare entities; no form has one. With `document_type` only those that declare any."""
    position = 0
    while match := _PROLOG.match(text, position):
        position = match.end()
    if text.startswith("<!", position) and not (document_type and "<!ENTITY" not in text):
        raise UnreadableXml("DOCTYPE", line=text.count("\n", 0, position) + 1)
    if text.count("<") > most_tags:
        raise UnreadableXml("TOO_MANY_ELEMENTS")


def _parse(text: str) -> etree._Element:
    parser = etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        return etree.fromstring(text.encode(), parser)
    except etree.XMLSyntaxError as error:
        raise _malformed(error) from None


def _malformed(error: etree.XMLSyntaxError) -> UnreadableXml:
    line, column = error.position
    values = {"line": str(line), "column": str(column), "why": _WHY.get(getattr(error, "code", 0), "")}
    return UnreadableXml("MALFORMED", values, line)


_NUMBERS = etree.ErrorTypes
_WHY = {
    _NUMBERS.ERR_TAG_NAME_MISMATCH: "end tag",
    _NUMBERS.ERR_TAG_NOT_FINISHED: "cut short",
    _NUMBERS.ERR_DOCUMENT_END: "after the end",
    _NUMBERS.ERR_RESERVED_XML_NAME: "before the start",
    _NUMBERS.ERR_INVALID_CHAR: "character",
    _NUMBERS.ERR_UNDECLARED_ENTITY: "ampersand",
    _NUMBERS.ERR_ENTITYREF_SEMICOL_MISSING: "ampersand",
    _NUMBERS.ERR_NAME_REQUIRED: "name",
    _NUMBERS.NS_ERR_UNDEFINED_NAMESPACE: "prefix",
    _NUMBERS.ERR_RESOURCE_LIMIT: "too deep",
    _NUMBERS.ERR_NAME_TOO_LONG: "long name",
    _NUMBERS.ERR_ATTRIBUTE_REDEFINED: "attribute twice",
}
"""libxml2's error numbers in our words. libxml2's own text may quote the file, so it is not shown."""
