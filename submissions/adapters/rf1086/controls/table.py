"""Evaluates the published controls of one form: `table.txt` is the data, this module knows what its terms mean.

Every finding is a warning. Skatteetaten publishes the controls, and says of none whether it stops a report; the text of a
finding says so, and says where the published text had to be interpreted.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from pathlib import Path

from lxml import etree

from submissions.adapters.base import Finding, Level
from submissions.adapters.rf1086.parsing import Form, Kind, as_number, line_of, text_of
from submissions.adapters.rf1086.schema import Element, path_of, root_of

MOST_FINDINGS = 50
"""Of one file: a fault of the producing program is repeated in every row."""
_TERM = re.compile(r"(\w+)\(([\d,]+)(?:=([\w,]+))?\)")
Values = Sequence[str | None]
"""The texts of the elements that a term names; None for one that is not there."""


@dataclass(frozen=True)
class Term:
    name: str
    numbers: tuple[str, ...]
    codes: frozenset[str]


@dataclass(frozen=True)
class Control:
    """`reading` is a key of `texts.READINGS`: how sure the condition and its gravity are."""

    code: str
    group: str
    reading: str
    terms: tuple[Term, ...]


@lru_cache(maxsize=1)
def controls() -> tuple[Control, ...]:
    """The rows of the table in its order."""
    lines = Path(__file__).with_name("table.txt").read_text(encoding="utf-8").splitlines()
    return tuple(_control(*line.split(maxsplit=3)) for line in lines if line and not line.startswith("#"))


def of_form(form: Form) -> list[Finding]:
    """The controls that a form does not pass, row by row."""
    return list(islice(_findings(form), MOST_FINDINGS))


def _control(code: str, group: str, reading: str, condition: str) -> Control:
    terms = (Term(name, tuple(numbers.split(",")), _codes(codes)) for name, numbers, codes in _TERM.findall(condition))
    return Control(code, group, reading, tuple(terms))


def _codes(text: str) -> frozenset[str]:
    return frozenset(text.split(",")) if text else frozenset()


@dataclass(frozen=True)
class _Group:
    """A group of the form, the numbers of its own elements by name, and the controls that are evaluated for it."""

    numbers: Mapping[str, str]
    controls: tuple[Control, ...]


@lru_cache(maxsize=2)
def _groups(kind: Kind) -> dict[str, _Group]:
    """By the group's name; only groups with controls."""
    groups = {}
    for element in _elements(root_of(kind)):
        chosen = tuple(control for control in controls() if control.group == number_of(element.name))
        if not element.kind and chosen:
            own = {child.name: number_of(child.name) for child in element.children}
            groups[element.name] = _Group(own, chosen)
    return groups


@lru_cache(maxsize=2)
def names_by_number(kind: Kind) -> dict[str, str]:
    """The names of the fields of a form by their numbers."""
    return {number_of(element.name): element.name for element in _elements(root_of(kind)) if element.kind}


def number_of(name: str) -> str:
    return name.rpartition("-")[2]


def _elements(parent: Element) -> Iterator[Element]:
    for child in parent.children:
        yield child
        yield from _elements(child)


def _findings(form: Form) -> Iterator[Finding]:
    groups = _groups(form.kind)
    for node in form.root.iter(*groups):
        group = groups[str(node.tag)]
        row = {group.numbers[str(child.tag)]: text_of(child) for child in node if str(child.tag) in group.numbers}
        for control in group.controls:
            if all(_holds(term, row, group, form) for term in control.terms):
                yield _finding(control, node, form)


def _holds(term: Term, row: Mapping[str, str], group: _Group, form: Form) -> bool:
    own = group.numbers.values()
    values = [row.get(number) if number in own else _anywhere(form, number) for number in term.numbers]
    return _TERMS[term.name](values, term.codes)


def _anywhere(form: Form, number: str) -> str | None:
    """The first element of that number in the form: for elements that stand outside the group."""
    node = next(form.all(names_by_number(form.kind)[number]), None)
    return None if node is None else text_of(node)


def _finding(control: Control, node: etree._Element, form: Form) -> Finding:
    params = {"why": control.reading, "given": ""}
    return Finding(Level.WARNING, control.code, params, form.filename, line_of(node), path_of(node))


def _is_part(values: Values) -> bool:
    return None in values and any(value is not None for value in values)


def _is_not_zero(text: str | None) -> bool:
    return bool(as_number(text or ""))


def _is_above_zero(text: str | None) -> bool:
    number = as_number(text or "")
    return number is not None and number > 0


_TERMS: dict[str, Callable[[Values, frozenset[str]], bool]] = {
    "has": lambda values, _codes: None not in values,
    "no": lambda values, _codes: all(value is None for value in values),
    "anyof": lambda values, _codes: any(value is not None for value in values),
    "missing": lambda values, _codes: None in values,
    "part": lambda values, _codes: _is_part(values),
    "code": lambda values, codes: values[0] in codes,
    "other": lambda values, codes: values[0] not in codes,
    "unlisted": lambda values, codes: bool(values[0]) and values[0] not in codes,
    "gt0": lambda values, _codes: any(map(_is_above_zero, values)),
    "nonzero": lambda values, _codes: any(map(_is_not_zero, values)),
}
