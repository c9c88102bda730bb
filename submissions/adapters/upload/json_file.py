"""Reads a large a-melding in JSON: the members that say whom and which month it is about, without building the rest.

The members are those of the published example. The whole text is checked to be JSON.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import msgspec

from submissions.adapters.base import Finding, Level, Period
from submissions.adapters.json_files import kinds, parsing
from submissions.adapters.json_files.rules import Kind, Rule
from submissions.adapters.numbers import masked
from submissions.adapters.source_system import source_of
from submissions.adapters.upload.facts import MOST_BYTES, Facts, Read
from submissions.adapters.upload.xml_file import NotAFile

ROOT = "leveranse"
PARTY, MONTH, MESSAGE, REPLACED = "opplysningspliktig", "kalendermaaned", "meldingsId", "erstatterMeldingsId"
_MONTH = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])")
MESSAGE_RULE = Rule(Kind.UUID)
MOST_VALUES = 10 * parsing.MOST_VALUES
"""Commas and brackets: a file of MOST_BYTES has fewer, and one of many tiny values would use too much memory."""
_AT_BYTE = re.compile(r"\(byte (\d+)\)")


class _Unit(msgspec.Struct):
    inntektsmottaker: list[msgspec.Raw] = []


class _Task(msgspec.Struct):
    virksomhet: list[_Unit] = []


class _Message(msgspec.Struct):
    kildesystem: Any = None
    opplysningspliktig: Any = None
    kalendermaaned: Any = None
    meldingsId: Any = None
    erstatterMeldingsId: Any = None
    oppgave: msgspec.Raw = msgspec.Raw(b"null")


def read(content: bytes, name: str) -> Read:
    """Raises NotAFile."""
    message = _message(content, name)
    party, month = _party(message), _text(message.kalendermaaned)
    units = _units(message.oppgave)
    facts = Facts(
        kind=month,
        deliveries=len(units),
        items=sum(len(unit.inntektsmottaker) for unit in units),
        references=[text] if (text := _text(message.meldingsId)) else [],
        replaces=_text(message.erstatterMeldingsId),
        source=source_of([message.kildesystem]),
    )
    return Read(party, _period(month), facts, tuple(_findings(message, party, name)), month if _period(month) else "")


def _message(content: bytes, name: str) -> _Message:
    try:
        parsing.read_text(content, name, most_bytes=MOST_BYTES)
        _refuse_many(content, name)
        root = msgspec.json.decode(content, type=dict[str, msgspec.Raw])
    except parsing.Unreadable as error:
        raise NotAFile(error.finding) from None
    except msgspec.ValidationError:
        raise NotAFile(Finding(Level.ERROR, "NOT_A_MESSAGE", {}, name, 1)) from None
    except (msgspec.DecodeError, RecursionError) as error:
        raise NotAFile(_malformed(content, name, str(error))) from None
    try:
        message = msgspec.json.decode(root[ROOT], type=_Message)
        _check_outline(content, bytes(root[ROOT]), bytes(message.oppgave), name)
        return message
    except KeyError:
        raise NotAFile(Finding(Level.ERROR, "NOT_A_MESSAGE", {}, name, 1)) from None
    except msgspec.ValidationError:
        raise NotAFile(Finding(Level.ERROR, "ONE_WANTED", {}, name, 1, ROOT)) from None


def _refuse_many(content: bytes, name: str) -> None:
    """Raises NotAFile."""
    if sum(content.count(sign) for sign in (b",", b"[", b"{")) > MOST_VALUES:
        raise NotAFile(Finding(Level.ERROR, "TOO_MANY_VALUES", {}, name))


def _check_outline(content: bytes, message: bytes, task: bytes, name: str) -> None:
    """What stands around the message, and around its task: with a name twice, the authority may read the other value.

    Raises NotAFile.
    """
    try:
        for whole, part in ((content, message), (message, task)):
            parsing.parse(whole.replace(part, b"null", 1).decode(), name)
    except parsing.Unreadable as error:
        raise NotAFile(replace(error.finding, line=None)) from None


class _Repeated(Exception):
    """A name stands twice in one object."""


def repeated_names(content: bytes, name: str) -> list[Finding]:
    """The first name that stands twice in one object, at any depth. No object is kept, so a large file needs no more memory."""
    try:
        json.loads(content, object_pairs_hook=_refuse_repeated, parse_int=float, parse_float=float)
    except _Repeated as error:
        return [Finding(Level.ERROR, "REPEATED_NAME", {"name": masked(str(error))[: kinds.MOST_SHOWN]}, name)]
    except RecursionError:
        return [Finding(Level.ERROR, "TOO_DEEP", {}, name)]
    except ValueError:  # stricter than the reader that took it for JSON
        return [Finding(Level.ERROR, "MALFORMED", {"column": "1", "cause": "OTHER"}, name, 1)]
    return []


def _refuse_repeated(pairs: list[tuple[str, Any]]) -> None:
    if len(pairs) > 1 and len({name for name, _value in pairs}) < len(pairs):
        seen: set[str] = set()
        for name, _value in pairs:
            if name in seen:
                raise _Repeated(name)
            seen.add(name)


def _malformed(content: bytes, name: str, text: str) -> Finding:
    """By the byte that msgspec names; without one the file ends too early."""
    match = _AT_BYTE.search(text)
    position = int(match[1]) if match else len(content)
    line = content.count(b"\n", 0, position) + 1
    column = position - (content.rfind(b"\n", 0, position) + 1) + 1
    params = {"column": str(column), "cause": "OTHER" if match else "CUT"}
    return Finding(Level.ERROR, "MALFORMED", params, name, line)


def _findings(message: _Message, party: str, name: str) -> Iterator[Finding]:
    def wrong(code: str, member: str) -> Finding:
        return Finding(Level.ERROR, code, {"name": member}, name, None, f"{ROOT}.{member}")

    if not party:
        yield wrong("MISSING", PARTY)
    if _period(_text(message.kalendermaaned)) is None:
        yield wrong("NOT_A_MONTH", MONTH)
    if not _is_id(message.meldingsId):
        yield wrong("NOT_AN_ID", MESSAGE)
    if message.erstatterMeldingsId is not None and not _is_id(message.erstatterMeldingsId):
        yield wrong("NOT_AN_ID", REPLACED)
    if not bytes(message.oppgave).lstrip().startswith(b"{"):
        yield wrong("MISSING", "oppgave")


def _units(task: msgspec.Raw) -> list[_Unit]:
    """Empty when the content has another shape than the example."""
    try:
        return msgspec.json.decode(task, type=_Task).virksomhet
    except msgspec.ValidationError:
        return []


def _party(message: _Message) -> str:
    """A text, or an object with norskIdentifikator: both have been seen."""
    given = message.opplysningspliktig
    return _text(given.get("norskIdentifikator") if isinstance(given, dict) else given)


def _text(value: Any) -> str:
    return value.strip()[:200] if isinstance(value, str) else ""


def _period(month: str) -> Period | None:
    return Period.found(month) if _MONTH.fullmatch(month) else None


def _is_id(value: Any) -> bool:
    """In the one spelling that the post of an a-melding takes: with another, an id that was used would pass for a new one."""
    return kinds.fits(value, MESSAGE_RULE)
