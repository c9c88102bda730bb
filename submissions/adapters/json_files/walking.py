"""Compares a message with the rules of its fields, and turns the faults into findings with file, line and level."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from submissions.adapters.base import Finding, Level, beyond
from submissions.adapters.json_files import kinds
from submissions.adapters.json_files.parsing import find_lines
from submissions.adapters.json_files.rules import (
    MISSING,
    Fault,
    Fields,
    Kind,
    Names,
    Path,
    Rule,
    find_values,
    shown,
)
from submissions.adapters.numbers import masked

MOST_FINDINGS = 300
"""Limit of one file: a fault of the producing program is repeated in every item."""


def findings_of(faults: list[Fault], text: str, filename: str) -> Iterator[Finding]:
    """At most MOST_FINDINGS, those that are certain first, and one that counts the others. `text` is the whole file."""
    ordered = sorted(faults, key=lambda fault: not fault.is_certain) if len(faults) > MOST_FINDINGS else faults
    first = ordered[:MOST_FINDINGS]
    lines = find_lines(text, {fault.path for fault in first}) if first else {}
    for fault in first:
        yield Finding(_level(fault), fault.code, fault.params, filename, lines[fault.path], masked(shown(fault.path)))
    if rest := ordered[MOST_FINDINGS:]:
        yield beyond([_level(fault) for fault in rest], file=filename)


def _level(fault: Fault) -> Level:
    return Level.ERROR if fault.is_certain else Level.WARNING


def check_fields(
    container: Mapping[str, Any], fields: Fields, path: Path, *, is_certain: bool, needed: Collection[Names] = ()
) -> Iterator[Fault]:
    """Missing and wrong values. `is_certain`: the schema is published. When it is not, only the `needed` fields must be there."""
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
                yield from _value(where, value, rule, is_certain)
            elif rule.required and (is_certain or names in needed):
                yield Fault("MISSING", where, {"name": names[-1].removesuffix("[]")})
    for where, members in choices.items():
        if sum(is_there for _name, is_there in members) != 1:
            params = {"names": " / ".join(name for name, _is_there in members)}
            yield Fault("ONE_OF", where, params, is_certain)


def _value(path: Path, value: Any, rule: Rule, is_certain: bool) -> Iterator[Fault]:
    is_right = kinds.fits(value, rule)
    if is_right and kinds.is_probable(value, rule):
        return
    params = {"name": str(path[-1]), "kind": rule.kind.value, "given": kinds.given(value, rule)}
    if is_right:
        yield Fault("IMPROBABLE", path, params, is_certain=False)
        return
    bounds = {"low": str(rule.low), "high": str(rule.high), "codes": ", ".join(rule.codes)}
    yield Fault("WRONG_VALUE", path, params | bounds, is_certain)


def unknown_fields(container: Mapping[str, Any], fields: Fields, path: Path) -> Iterator[Fault]:
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
                    yield from unknown_fields(entry, below[name], where)
