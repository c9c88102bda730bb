"""The controls that Skatteetaten publishes for the content of RF-1086 beyond the schema, and the schema's code lists.

`controls1086.json` has them as data: a control fires for an occurrence of its group when all its terms hold. Severity and answer
are not published. Here a control whose text is clear is a refusal, and one that had to be interpreted (`sure` false) is a warning
in the feedback.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

import msgspec

from .errors import Spec, spec

_DATA = json.loads(Path(__file__).with_name("controls1086.json").read_text(encoding="utf-8"))
Texts = list[str | None]
"""The texts of the elements a term names; None for one that is not there."""


class Control(msgspec.Struct, frozen=True):
    """`fires` has (term, numbers of elements, codes); numbers are the last part of an element's name."""

    id: str
    group: str
    sure: bool
    text: str
    fires: list[tuple[str, list[str], list[str]]]


@cache
def controls() -> dict[str, list[Control]]:
    """By the number of their group."""
    by_group: dict[str, list[Control]] = {}
    for control in msgspec.convert(_DATA["controls"], list[Control]):
        by_group.setdefault(control.group, []).append(control)
    return by_group


def refusals(root: Element) -> Iterator[Spec]:
    """What the service refuses at once."""
    yield from _unlisted(root)
    for control, row in _fired(root):
        if control.sure:
            yield spec("1001", control.text, sti=row.tag)


def warnings(root: Element) -> list[Control]:
    """The controls that fire and had to be interpreted, each once."""
    fired = {control.id: control for control, _row in _fired(root) if not control.sure}
    return list(fired.values())


def _fired(root: Element) -> Iterator[tuple[Control, Element]]:
    everywhere = {_number(element.tag): _text(element) for element in reversed(list(root.iter()))}
    for row in root.iter():
        if "-grp-" not in row.tag or _number(row.tag) not in controls():
            continue
        texts = {_number(child.tag): _text(child) for child in row}
        for control in controls()[_number(row.tag)]:
            if all(_holds(term, texts, everywhere, control.group) for term in control.fires):
                yield control, row


def _holds(term: tuple[str, list[str], list[str]], row: dict[str, str], everywhere: dict[str, str], group: str) -> bool:
    name, numbers, codes = term
    texts = [
        row.get(number, everywhere.get(number) if number in _OUTSIDE.get(group, ()) else None) for number in numbers
    ]
    return _TERMS[name](texts, codes)


_OUTSIDE = {
    "3457": ("87", "17664", "23945", "29167", "5867", "17661"),  # the closing figures of the company
    "3991": ("17744", "2280"),  # country and rate of the withholding tax
}
"""Elements of a control that stand elsewhere in the form than its group."""


def _unlisted(root: Element) -> Iterator[Spec]:
    classes = dict.fromkeys(_DATA["share_classes"]["elements"], _DATA["share_classes"]["codes"])
    lists: dict[str, Any] = {**_DATA["codes"], **classes}
    for element in root.iter():
        codes = lists.get(_number(element.tag)) if "-datadef-" in element.tag else None
        if codes and _text(element) not in codes:
            yield spec("1001", "Koden finnes ikke i listen for denne posten", sti=element.tag)


def _number(tag: str) -> str:
    return tag.rpartition("-")[2]


def _text(element: Element) -> str:
    return (element.text or "").strip()


def _amount(text: str | None) -> Decimal:
    """0 for a text that is no number."""
    return Decimal(text) if text and re.fullmatch(r"-?\d{1,15}(\.\d{1,6})?", text) else Decimal(0)


_TERMS: dict[str, Callable[[Texts, list[str]], bool]] = {
    "has": lambda texts, _codes: None not in texts,
    "no": lambda texts, _codes: texts == [None] * len(texts),
    "anyof": lambda texts, _codes: texts != [None] * len(texts),
    "missing": lambda texts, _codes: None in texts,
    "part": lambda texts, _codes: 0 < texts.count(None) < len(texts),
    "code": lambda texts, codes: texts[0] in codes,
    "not_code": lambda texts, codes: texts[0] not in codes,
    "gt0": lambda texts, _codes: _amount(texts[0]) > 0,
    "nonzero": lambda texts, _codes: any(_amount(text) for text in texts),
}
