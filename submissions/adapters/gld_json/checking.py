"""Checks one message: for the right customer and year, with the fields of its service, and with a summary that agrees.

What the service refuses is an error. What it takes and then rejects, and what is known from an example only, is a warning.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from submissions.adapters.base import About, FileReport, NamedFile, Period
from submissions.adapters.gld_json import summary
from submissions.adapters.gld_json.shape import Shape, shape_of
from submissions.adapters.json_files import kinds
from submissions.adapters.json_files.parsing import Unreadable, parse, read_text
from submissions.adapters.json_files.rules import MISSING, Fault, Fields, Kind, Names, Path, Rule, find_list
from submissions.adapters.json_files.walking import MOST_FINDINGS, check_fields, findings_of, unknown_fields
from submissions.adapters.numbers import masked
from submissions.adapters.one_file import MESSAGE

ROOT = "leveranse"
"""The role of the one file."""
DELETIONS = ("sletteoppgave",)


@dataclass(frozen=True)
class Message:
    """A file that is a message: `deliveries` has each readable leveranse with its path."""

    deliveries: tuple[tuple[Path, Mapping[str, Any]], ...] = ()

    @property
    def orgnr(self) -> str:
        """The organisation of the first leveranse; "" when it has none."""
        return next((text for text in map(orgnr_of, self.deliveries) if text), "")

    @property
    def year(self) -> int | None:
        years = (year_of(delivery) for _path, delivery in self.deliveries)
        return next((year for year in years if year), None)


def inspect(file: NamedFile, about: About) -> FileReport:
    """What the file is, and its findings: at most MOST_FINDINGS and one that counts the others."""
    try:
        text = read_text(file.content, file.name)
        value = parse(text, file.name)
    except Unreadable as error:
        return FileReport("", (error.finding,), file=file.name)
    shape, message = shape_of(about.options), read_message(value)
    faults = list(islice(_faults(value, message, about, shape), MOST_FINDINGS * 10))
    findings = tuple(findings_of(faults, text, file.name))
    if message is None:
        return FileReport("", findings, file=file.name)
    period = Period.found(str(message.year)) if message.year else None
    return FileReport(MESSAGE, findings, message.orgnr, period, file.name, summary.facts(shape, message.deliveries))


def read_message(value: Any) -> Message | None:
    content = value.get(ROOT) if isinstance(value, dict) else None
    if isinstance(content, dict):
        return Message((((ROOT,), content),))
    if isinstance(content, list):
        return Message(tuple(((ROOT, n), entry) for n, entry in enumerate(content) if isinstance(entry, dict)))
    return None


def _faults(value: Any, message: Message | None, about: About, shape: Shape) -> Iterator[Fault]:
    if message is None:
        yield Fault("NOT_A_MESSAGE", ())
        return
    content = value[ROOT]
    if isinstance(content, list) != shape.is_list:
        yield Fault("ONE_WANTED" if isinstance(content, list) else "LIST_WANTED", (ROOT,))
        return
    if isinstance(content, list) and (not content or len(message.deliveries) < len(content)):
        yield Fault("OBJECTS_WANTED", (ROOT,), {"name": ROOT})
    if shape.is_published:
        yield from unknown_fields(value, {(ROOT,): Rule(Kind.TEXT)}, ())
    for path, delivery in message.deliveries:
        yield from _belongs(path, delivery, about)
        yield from _Walk(shape).delivery(path, delivery)
        yield from summary.compare(shape, path, delivery)


def _belongs(path: Path, delivery: Mapping[str, Any], about: About) -> Iterator[Fault]:
    given = orgnr_of((path, delivery))
    if given and given != about.orgnr:
        params = {"given": masked(given)[: kinds.MOST_SHOWN], "orgnr": about.orgnr}
        yield Fault("OTHER_CUSTOMER", (*path, "oppgavegiver", "organisasjonsnummer"), params)
    year = year_of(delivery)
    if year and year != about.period.start.year:
        yield Fault("OTHER_YEAR", (*path, "inntektsaar"), {"given": str(year), "year": str(about.period.start.year)})


def orgnr_of(entry: tuple[Path, Mapping[str, Any]]) -> str:
    value = find_list(entry[1], ("oppgavegiver", "organisasjonsnummer"))
    return str(value).strip() if isinstance(value, str | int) and value is not MISSING else ""


def year_of(delivery: Mapping[str, Any]) -> int | None:
    """The income year, also when it is written as a text."""
    text = str(delivery.get("inntektsaar", ""))
    return int(text) if text.isascii() and text.isdigit() and len(text) == 4 and text[0] != "0" else None


class _Walk:
    """The fields of one leveranse, its items and its deletions against the tables of the service."""

    def __init__(self, shape: Shape) -> None:
        self.shape = shape
        self.is_certain = shape.is_published

    def delivery(self, path: Path, delivery: Mapping[str, Any]) -> Iterator[Fault]:
        shape = self.shape
        yield from self._fields(delivery, shape.delivery, path)
        if self.is_certain:
            others = [shape.items, shape.summary, *([DELETIONS] if shape.deletion else [])]
            known: dict[Names, Rule] = {**shape.delivery, **{names[:1]: Rule(Kind.TEXT) for names in others}}
            yield from unknown_fields(delivery, known, path)
        yield from self._entries(delivery, shape.items, shape.item, path)
        if shape.deletion:
            yield from self._entries(delivery, DELETIONS, shape.deletion, path)

    def _entries(self, delivery: Mapping[str, Any], names: Names, fields: Fields, path: Path) -> Iterator[Fault]:
        entries = find_list(delivery, names)
        if entries is MISSING:
            return
        if not isinstance(entries, list):
            yield Fault("LIST_EXPECTED", (*path, *names), {"name": names[-1]})
            return
        for number, entry in enumerate(entries):
            below = (*path, *names, number)
            if not isinstance(entry, dict):
                yield Fault("OBJECTS_WANTED", below, {"name": names[-1]})
                continue
            yield from self._fields(entry, fields, below)
            if self.is_certain:
                yield from unknown_fields(entry, fields, below)

    def _fields(self, container: Mapping[str, Any], fields: Fields, path: Path) -> Iterator[Fault]:
        return check_fields(container, fields, path, is_certain=self.is_certain, needed=_NEEDED)


_NEEDED = {("oppgavegiver", "organisasjonsnummer"), ("inntektsaar",)}
"""Needed to know that the message is the customer's and the year's, whatever is known of the service."""
