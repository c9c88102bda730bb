"""Reads an untrusted JSON file, and finds the lines of its values.

A file that cannot be read gives one finding that names the kind of file, or the line and the cause.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import Any, NoReturn

from portal.gateways.decoding import check_depth
from submissions.adapters.base import Finding, Level
from submissions.adapters.json_files.rules import Path

MAX_BYTES = 10_000_000
"""Skatteetaten says 10 MB. The smaller meaning of it is used."""
MOST_VALUES = 1_000_000
"""Commas and brackets in a file. A message of MAX_BYTES has fewer; a file of many tiny values would use too much memory."""
_BINARY = {b"%PDF": "PDF", b"PK\x03\x04": "ZIP", b"\x1f\x8b": "GZIP", b"\xd0\xcf\x11\xe0": "Office", b"\x89PNG": "PNG"}
_OTHER_UNICODE = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[{}\[\],:]|[^\s{}\[\],:"]+', re.DOTALL)
_LONGEST_NUMBER = 40
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
CAUSES = {
    "Expecting property name": "NAME",
    "Illegal trailing comma": "TRAILING",
    "Expecting ':'": "COLON",
    "Expecting ','": "COMMA",
    "Expecting value": "VALUE",
    "Unterminated string": "STRING",
    "Invalid control character": "CONTROL",
    "Invalid \\": "ESCAPE",
    "Extra data": "EXTRA",
}
"""The beginning of the decoder's message, and our code for it."""


class Unreadable(Exception):
    """The file is not JSON that we read; `finding` says why."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.code)
        self.finding = finding


def read_text(content: bytes, filename: str, *, most_bytes: int = MAX_BYTES) -> str:
    """Raises Unreadable for a file that is too large, empty, of another kind or not in UTF-8."""
    if len(content) > most_bytes:
        _refuse("TOO_LARGE", filename, size=f"{len(content) / 10**6:.1f}", most=f"{most_bytes / 10**6:.0f}")
    if not content.strip(b"\x00 \t\r\n"):
        _refuse("EMPTY_FILE", filename)
    kind = next((kind for signature, kind in _BINARY.items() if content.startswith(signature)), "")
    if kind or content.removeprefix(codecs.BOM_UTF8).lstrip()[:1] == b"<":
        _refuse("OTHER_KIND", filename, kind=kind or "XML")
    if content.startswith(codecs.BOM_UTF8):
        _refuse("BYTE_ORDER_MARK", filename, line=1)
    if content.startswith(_OTHER_UNICODE) or b"\x00" in content[:4]:
        _refuse("ENCODING", filename, line=1)
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        _refuse("ENCODING", filename, line=content.count(b"\n", 0, error.start) + 1)


def parse(text: str, filename: str) -> Any:
    """The value of the whole file; numbers with a point are Decimal. Raises Unreadable."""
    if sum(text.count(sign) for sign in ",[{") > MOST_VALUES:
        _refuse("TOO_MANY_VALUES", filename)
    repeated: list[str] = []
    try:
        value = json.loads(
            text, parse_float=_decimal, parse_int=_whole, parse_constant=_constant, object_pairs_hook=_unique(repeated)
        )
        check_depth(value)
    except json.JSONDecodeError as error:
        _refuse_at(text, error, filename)
    except (RecursionError, ValueError) as error:
        _refuse("NUMBER" if isinstance(error, ValueError) else "TOO_DEEP", filename)
    if _SURROGATE.search(text) and (line := _line_of_half_character(text)):
        _refuse("HALF_CHARACTER", filename, line=line)
    if repeated:
        name, line = next(_repeated(text, set(repeated)))
        _refuse("REPEATED_NAME", filename, line=line, name=name)
    return value


def find_lines(text: str, wanted: set[Path]) -> dict[Path, int]:
    """The line of each wanted path; of a path that does not exist, the line of the nearest value above it."""
    prefixes = {path[:length] for path in wanted for length in range(1, len(path) + 1)}
    lines: dict[Path, int] = {(): 1}
    missing = set(wanted)
    for path, line in walk(text):
        if path in prefixes:
            lines[path] = line
            missing.discard(path)
            if not missing:
                break
    nearest = {path: next(path[:n] for n in range(len(path), -1, -1) if path[:n] in lines) for path in wanted}
    return {path: lines[near] for path, near in nearest.items()}


def walk(text: str) -> Iterator[tuple[Path, int]]:
    """(path, line) of every member and list entry of a well-formed JSON text, in order."""
    path: list[str | int] = []
    is_name_next, line, last = False, 1, 0
    for match in _TOKEN.finditer(text):
        part = match[0]
        line += text.count("\n", last, match.start())
        last = match.start()
        if part == ":":
            continue
        if part in "}]":
            path.pop()
            is_name_next = False
        elif part == ",":
            is_name_next = isinstance(path[-1], str)
            path[-1] = path[-1] if isinstance(path[-1], str) else path[-1] + 1
        elif is_name_next:
            path[-1], is_name_next = _name(part), False
            yield tuple(path), line
        else:
            if path and isinstance(path[-1], int):
                yield tuple(path), line
            if part in "{[":
                path.append("" if part == "{" else 0)
                is_name_next = part == "{"


def _name(part: str) -> str:
    return str(json.loads(part)) if "\\" in part else part[1:-1]


def _unique(repeated: list[str]) -> Any:
    """A hook that makes the objects, and collects the names that stand twice in one."""

    def make(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(pairs)
        if len(made) < len(pairs):
            seen: set[str] = set()
            repeated.extend(name for name, _value in pairs if name in seen or seen.add(name))  # type: ignore[func-returns-value]
        return made

    return make


def _repeated(text: str, names: set[str]) -> Iterator[tuple[str, int]]:
    seen: set[Path] = set()
    for path, line in walk(text):
        if path[-1] in names:
            if path in seen:
                yield str(path[-1]), line
            seen.add(path)


def _line_of_half_character(text: str) -> int | None:
    """The line of the first text with one half of a surrogate pair: it is no Unicode, and cannot be stored or shown."""
    for match in _TOKEN.finditer(text):
        if _SURROGATE.search(match[0]):
            try:
                str(json.loads(match[0])).encode()
            except UnicodeEncodeError:
                return text.count("\n", 0, match.start()) + 1
    return None


def _decimal(digits: str) -> Decimal:
    try:
        return Decimal(digits)
    except InvalidOperation:  # an exponent beyond all limits
        raise ValueError from None


def _whole(digits: str) -> int:
    if len(digits) > _LONGEST_NUMBER:
        raise ValueError
    return int(digits)


def _constant(_name: str) -> NoReturn:
    """NaN and Infinity are not JSON."""
    raise ValueError


def _refuse_at(text: str, error: json.JSONDecodeError, filename: str) -> NoReturn:
    """The decoder's own text is not shown: it is English only."""
    cause = next((code for start, code in CAUSES.items() if error.msg.startswith(start)), "OTHER")
    if error.pos >= len(text.rstrip()):
        cause = "CUT"
    elif cause == "NAME" and text[: error.pos].rstrip().endswith(","):
        cause = "TRAILING"
    _refuse("MALFORMED", filename, line=error.lineno, column=str(error.colno), cause=cause)


def _refuse(code: str, filename: str, *, line: int | None = None, **params: str) -> NoReturn:
    raise Unreadable(Finding(Level.ERROR, code, params, filename, line))
