"""The file name in Content-Disposition: `filename*` goes before `filename`, and an encoded word is decoded.

https://www.rfc-editor.org/rfc/rfc6266 and https://www.rfc-editor.org/rfc/rfc8187; encoded words (RFC 2047) do not belong in
HTTP, but servers on the Java and .NET platforms write them.
"""

from __future__ import annotations

import re
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from urllib.parse import unquote_to_bytes

from portal.gateways.text import one_line

_PARAMETER = re.compile(r';\s*([!#$&+\-.^_`|~0-9A-Za-z]+\*?)\s*=\s*("(?:[^"\\]|\\.)*"|[^;]*)')
_EXTENDED = re.compile(r"([A-Za-z0-9-]+)'[^']*'(.*)", re.DOTALL)
_CHARSETS = {"utf-8": "utf-8", "iso-8859-1": "latin-1"}
MOST = 4_000
"""Characters of the header that are read."""


def filename(header: str) -> str:
    """The name that the header gives, without folders and invisible characters; "" when it gives none."""
    given: dict[str, str] = {}
    for name, value in _PARAMETER.findall(";" + header[:MOST].partition(";")[2]):
        given.setdefault(name.lower(), value.strip())
    name = _extended(given.get("filename*", "")) or _plain(given.get("filename", ""))
    return one_line(re.split(r"[/\\]", name)[-1])


def _extended(value: str) -> str:
    """`UTF-8''bl%C3%A5.xml`; "" for another charset or broken bytes, so that the plain name is used."""
    match = _EXTENDED.fullmatch(_unquoted(value))
    charset = _CHARSETS.get(match[1].lower()) if match else None
    if match is None or charset is None:
        return ""
    try:
        return unquote_to_bytes(match[2]).decode(charset)
    except UnicodeDecodeError:
        return ""


def _plain(value: str) -> str:
    name = _as_utf8(_unquoted(value))
    if "=?" not in name:
        return name
    try:
        return str(make_header(decode_header(name)))
    except (HeaderParseError, LookupError, ValueError):
        return name


def _as_utf8(value: str) -> str:
    """Headers are read as latin-1; bytes beyond ASCII are nearly always UTF-8."""
    try:
        return value.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return value


def _unquoted(value: str) -> str:
    if len(value) > 1 and value[0] == value[-1] == '"':
        return re.sub(r"\\(.)", r"\1", value[1:-1])
    return value
