"""Parses untrusted XML: no document type, entities or network access, a size limit, and a checked encoding.

Used for uploaded forms and for feedback. A refusal has a message that tells the user what to do.
"""

from __future__ import annotations

import codecs
import re

from django.utils.translation import gettext as _
from lxml import etree

MAX_BYTES = 20 * 10**6
"""The largest possible main form is below 10 MB and Skatteetaten states no limit; twice that leaves room for white space."""
MAX_TAGS = 600_000
"""`<` in one file. A form of MAX_BYTES has fewer; a file of many tiny elements would use too much memory."""
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
    """Not XML we read. `code` is stable, `message` for the person who chose the file, in their language."""

    def __init__(self, code: str, message: str, line: int | None = None) -> None:
        super().__init__(code)
        self.code, self.message, self.line = code, message, line


def parse(content: bytes) -> etree._Element:
    """The root, without comments and processing instructions. Raises UnreadableXml."""
    if len(content) > MAX_BYTES:
        raise UnreadableXml("TOO_LARGE", too_large(len(content)))
    _refuse_other_kinds(content)
    text = decode(content)
    _refuse_bombs(text)
    return _parse(text)


def too_large(size: int) -> str:
    """The sentence for a file of `size` bytes, which was not opened."""
    sizes = {"size": f"{size / 10**6:.0f}", "most": f"{MAX_BYTES / 10**6:.0f}"}
    return (
        _("Filen er på %(size)s MB. En fil kan være på høyst %(most)s MB. Del den opp, eller lag den på nytt.") % sizes
    )


def _refuse_other_kinds(content: bytes) -> None:
    kind = next((kind for signature, kind in _BINARY.items() if content.startswith(signature)), "")
    start = _without_bom(content[:4096]).replace(b"\x00", b"").lstrip().lower()
    if not start and len(content) <= 4096:
        raise UnreadableXml("EMPTY_FILE", _("Filen er tom. Velg filen på nytt, eller lag den på nytt i fagsystemet."))
    if start[:1] in (b"{", b"["):
        kind = "JSON"
    elif start.startswith((b"<!doctype html", b"<html")):
        kind = "HTML"
    if kind:
        message = _("Dette er en %(kind)s-fil, og her trengs en XML-fil. Velg XML-filen fra fagsystemet.")
        raise UnreadableXml("NOT_XML", message % {"kind": kind})
    if start[:1] != b"<":
        raise UnreadableXml("NOT_XML", _("Dette er ikke en XML-fil. Velg XML-filen fra fagsystemet."))


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
        raise _encoding(_("Filen er lagret som UTF-16 uten BOM. Lagre den som UTF-8."))
    if (marked and marked != codec) or (codec == "utf-16" and not marked) or _is_really_utf8(content, codec):
        actual = {"actual": (marked or "UTF-8").upper(), "declared": declared}
        raise _encoding(
            _(
                "Første linje sier %(declared)s, men filen er lagret som %(actual)s. Lagre den som UTF-8, og la linjen si det."
            )
            % actual
        )
    return _decoded(content, codec)


def _codec(name: str) -> str:
    """Python's name of an encoding we read; UTF-16LE and BE count as UTF-16."""
    try:
        codec = codecs.lookup(name).name.removesuffix("-le").removesuffix("-be")
    except LookupError:
        codec = ""
    if codec not in _CODECS:
        raise _encoding(_("Tegnsettet %(name)s leses ikke her. Lagre filen som UTF-8.") % {"name": name.upper()})
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
        message = _(
            "Filen skal være %(codec)s, men linje %(line)s har et tegn som ikke er det. "
            "Lagre filen som UTF-8, eller rett tegnsettet i første linje."
        )
        raise _encoding(message % {"codec": codec.upper(), "line": line}, line) from None


def _encoding(message: str, line: int | None = None) -> UnreadableXml:
    return UnreadableXml("ENCODING", message, line)


def _refuse_bombs(text: str) -> None:
    """Refuse document types, which declare entities; no form or feedback has one."""
    position = 0
    while match := _PROLOG.match(text, position):
        position = match.end()
    if text.startswith("<!", position):
        message = _("Filen har en DOCTYPE, og slike filer tar vi ikke imot. Lag filen på nytt uten den.")
        raise UnreadableXml("DOCTYPE", message, text.count("\n", 0, position) + 1)
    if text.count("<") > MAX_TAGS:
        raise UnreadableXml(
            "TOO_MANY_ELEMENTS", _("Filen har langt flere elementer enn et skjema kan ha. Lag den på nytt.")
        )


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
        line, column = error.position
        message = _("Filen er ikke gyldig XML. Feilen er på linje %(line)s, tegn %(column)s: %(why)s")
        values = {"line": line, "column": column, "why": _why(getattr(error, "code", 0))}
        raise UnreadableXml("MALFORMED", message % values, line) from None


def _why(code: int) -> str:
    """A message for libxml2's error number. libxml2's own text may quote the file, so it is not shown."""
    number = etree.ErrorTypes
    known = {
        number.ERR_TAG_NAME_MISMATCH: _("en slutt-tagg passer ikke til start-taggen sin."),
        number.ERR_TAG_NOT_FINISHED: _("filen slutter før alle taggene er lukket. Kanskje ble den avbrutt underveis."),
        number.ERR_DOCUMENT_END: _("det står noe etter slutten på skjemaet."),
        number.ERR_RESERVED_XML_NAME: _("det står noe foran «<?xml». Den må være det første i filen."),
        number.ERR_INVALID_CHAR: _("det står et tegn som ikke er lov i XML."),
        number.ERR_UNDECLARED_ENTITY: _("et &-tegn må skrives «&amp;»."),
        number.ERR_ENTITYREF_SEMICOL_MISSING: _("et &-tegn må skrives «&amp;»."),
        number.ERR_NAME_REQUIRED: _("et &-tegn må skrives «&amp;» og et mindre-enn-tegn «&lt;»."),
        number.NS_ERR_UNDEFINED_NAMESPACE: _(
            "et navn har et prefiks foran kolon som ikke er forklart. Ta prefikset ut."
        ),
        number.ERR_RESOURCE_LIMIT: _("her er noe dypere eller lengre enn et skjema kan være."),
        number.ERR_NAME_TOO_LONG: _("her er et navn som er lengre enn noe navn i et skjema."),
        number.ERR_ATTRIBUTE_REDEFINED: _("et attributt står to ganger i samme tagg."),
    }
    return known.get(code) or _("se på linjen, eller lag filen på nytt i fagsystemet.")
