"""Checks one message: for the right customer and year, with the fields of its service, and with a summary that agrees.

What the service refuses is an error. What it takes and then rejects, and what is known from an example only, is a warning.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from submissions.adapters.base import About, FileReport, Finding, Level, NamedFile, Period, beyond
from submissions.adapters.gld_json import kinds, summary
from submissions.adapters.gld_json.parsing import Unreadable, find_lines, parse, read_text
from submissions.adapters.gld_json.shape import (
    MISSING,
    Fault,
    Fields,
    Kind,
    Names,
    Path,
    Rule,
    Shape,
    find_list,
    find_values,
    shape_of,
    shown,
)
from submissions.adapters.numbers import masked

ROOT = "leveranse"
MESSAGE = "MESSAGE"
"""The role of the one file."""
DELETIONS = ("sletteoppgave",)
MOST_FINDINGS = 300
"""Limit of one file: a fault of the producing program is repeated in every item."""


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
    findings = tuple(_findings(faults, text, file.name))
    if message is None:
        return FileReport("", findings, file=file.name)
    period = Period.year(message.year) if message.year else None
    return FileReport(MESSAGE, findings, message.orgnr, period, file.name, summary.facts(shape, message.deliveries))


def read_message(value: Any) -> Message | None:
    content = value.get(ROOT) if isinstance(value, dict) else None
    if isinstance(content, dict):
        return Message((((ROOT,), content),))
    if isinstance(content, list):
        return Message(tuple(((ROOT, n), entry) for n, entry in enumerate(content) if isinstance(entry, dict)))
    return None


def _findings(faults: list[Fault], text: str, filename: str) -> Iterator[Finding]:
    ordered = sorted(faults, key=lambda fault: not fault.is_certain) if len(faults) > MOST_FINDINGS else faults
    first = ordered[:MOST_FINDINGS]
    lines = find_lines(text, {fault.path for fault in first}) if first else {}
    for fault in first:
        yield Finding(_level(fault), fault.code, fault.params, filename, lines[fault.path], masked(shown(fault.path)))
    if rest := ordered[MOST_FINDINGS:]:
        yield beyond([_level(fault) for fault in rest], file=filename)


def _level(fault: Fault) -> Level:
    return Level.ERROR if fault.is_certain else Level.WARNING


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
        yield from _unknown(value, {(ROOT,): Rule(Kind.TEXT)}, ())
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
            yield from _unknown(delivery, known, path)
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
                yield from _unknown(entry, fields, below)

    def _fields(self, container: Mapping[str, Any], fields: Fields, path: Path) -> Iterator[Fault]:
        choices: dict[Path, list[tuple[str, bool]]] = {}
        absent: set[Path] = set()
        for names, rule in fields.items():
            for where, value in find_values(container, names, path):
                if any(where[:end] in absent for end in range(len(path) + 1, len(where))):
                    continue  # what an object that is not there should have inside
                if rule.kind == Kind.OBJECT and not isinstance(value, dict):
                    absent.add(where)
                is_there = value is not MISSING and value is not None
                if rule.is_choice:
                    choices.setdefault(where[:-1], []).append((names[-1], is_there))
                if is_there:
                    yield from self._value(where, value, rule)
                elif rule.required and (self.is_certain or names in _NEEDED):
                    yield Fault("MISSING", where, {"name": names[-1].removesuffix("[]")})
        for where, members in choices.items():
            if sum(is_there for _name, is_there in members) != 1:
                params = {"names": " / ".join(name for name, _is_there in members)}
                yield Fault("ONE_OF", where, params, self.is_certain)

    def _value(self, path: Path, value: Any, rule: Rule) -> Iterator[Fault]:
        is_right = kinds.fits(value, rule)
        if is_right and kinds.is_probable(value, rule):
            return
        params = {"name": str(path[-1]), "kind": rule.kind.value, "given": kinds.given(value, rule)}
        if is_right:
            yield Fault("IMPROBABLE", path, params, is_certain=False)
            return
        bounds = {"low": str(rule.low), "high": str(rule.high), "codes": ", ".join(rule.codes)}
        yield Fault("WRONG_VALUE", path, params | bounds, self.is_certain)


_NEEDED = {("oppgavegiver", "organisasjonsnummer"), ("inntektsaar",)}
"""Needed to know that the message is the customer's and the year's, whatever is known of the service."""


def _unknown(container: Mapping[str, Any], fields: Fields, path: Path) -> Iterator[Fault]:
    """Members that no field has, one level after the other."""
    below: dict[str, dict[Names, Rule]] = {}
    for names, rule in fields.items():
        below.setdefault(names[0].removesuffix("[]"), {})[names[1:]] = rule
    for name, value in container.items():
        if name not in below:
            params = {"name": masked(name)[: kinds.MOST_SHOWN]}
            yield Fault("UNKNOWN_FIELD", (*path, name), params, is_certain=False)
        elif () not in below[name]:
            entries = enumerate(value) if isinstance(value, list) else [(None, value)]
            for number, entry in entries:
                where = (*path, name) if number is None else (*path, name, number)
                if isinstance(entry, dict):
                    yield from _unknown(entry, below[name], where)
