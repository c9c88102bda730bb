"""Synthetic messages made from the shape of a service: for the sandbox, the tour and the tests. No real party is in them."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from submissions.adapters.base import About, NamedFile
from submissions.adapters.gld_json import summary
from submissions.adapters.gld_json.shape import Shape, shape_of
from submissions.adapters.json_files.rules import Kind, Names, Rule
from submissions.adapters.numbers import synthetic_person

ITEMS = 3
EXAMPLE_ORGNR = "310123455"
DAYS_AND_DATES = {Kind.DAY: "3112", Kind.DATE: "2025-12-31", Kind.TIME: "2025-12-31T12:00:00+01:00"}
TEXTS = {"navn": "Eksempel Eksempelsen", "kildesystem": "Eksempelfiler"}


def example(about: About, *, wrong: bool) -> NamedFile:
    """A message that passes the checks; with `wrong` the first sum is one too high, which is rejected later."""
    shape = shape_of(about.options)
    deliveries = [_delivery(shape, about, first=0, wrong=wrong)]
    if shape.is_list:
        deliveries.append(_delivery(shape, about, first=ITEMS, wrong=False))
    message = {"leveranse": deliveries if shape.is_list else deliveries[0]}
    name = f"{about.service.removeprefix('innrapportering-')}-{about.orgnr}-{about.period}.json"
    return NamedFile(name, json.dumps(message, ensure_ascii=False, indent=2).encode())


def _delivery(shape: Shape, about: About, *, first: int, wrong: bool) -> dict[str, Any]:
    """One leveranse. A second one, with `first` above 0, takes other values for its codes and has other items."""
    delivery: dict[str, Any] = {}
    for names, rule in shape.delivery.items():
        if "kontaktinformasjon" not in names:
            _put(delivery, names, _of_delivery(names, rule, about, first))
    seed = int(about.orgnr) % 100_000
    items = [_item(shape, seed, first + number) for number in range(ITEMS)]
    _put(delivery, shape.items, items)
    _put(delivery, shape.summary, _summary(shape, items, wrong=wrong))
    return delivery


def _of_delivery(names: Names, rule: Rule, about: About, first: int) -> Any:
    known = {
        "organisasjonsnummer": about.orgnr,
        "inntektsaar": about.period.start.year,
        "oppgavegiversLeveranseReferanse": f"EKSEMPEL-{about.orgnr}-{about.period}-{first + 1}",
        "leveransetype": "ordinaer",
    }
    return known[names[-1]] if names[-1] in known else _value(names, rule, first // ITEMS)


def _item(shape: Shape, seed: int, number: int) -> dict[str, Any]:
    """Of fields that exclude each other, the first is filled in."""
    item: dict[str, Any] = {}
    chosen: set[Names] = set()
    left_out: set[Names] = set()
    for names, rule in shape.item.items():
        if rule.is_choice and names[:-1] in chosen:
            left_out.add(names)
        if any(names[:end] in left_out for end in range(1, len(names) + 1)):
            continue
        chosen |= {names[:-1]} if rule.is_choice else set()
        if rule.kind != Kind.OBJECT:
            _put(item, names, _value(names, rule, number, seed))
    return item


def _value(names: Names, rule: Rule, number: int, seed: int = 0) -> Any:
    if rule.kind == Kind.YEAR:
        return int(rule.example or "2025")
    if rule.kind == Kind.INT:
        return int(rule.example) if rule.example else min(max(rule.low, 0) + 1000 * (number + 1), rule.high)
    if rule.kind == Kind.BOOL:
        return rule.example != "false"
    if rule.example:
        return rule.example
    if rule.kind == Kind.PERSON:
        return synthetic_person(seed + number * 31)
    return _text(names, rule, number)


def _text(names: Names, rule: Rule, number: int) -> str:
    if rule.kind == Kind.CODE:
        return rule.codes[number % len(rule.codes)]
    if rule.kind == Kind.ORGNR:
        return EXAMPLE_ORGNR
    if rule.kind == Kind.DECIMAL:
        return f"{1000 * (number + 1)}.50"
    if rule.kind == Kind.DIGITS:
        return "1" * rule.low
    return DAYS_AND_DATES.get(rule.kind) or TEXTS.get(names[-1], "Eksempel")[: rule.high]


def _summary(shape: Shape, items: list[Any], *, wrong: bool) -> dict[str, Any]:
    block: dict[str, Any] = {summary.COUNT: len(items) + (wrong and not shape.sums)}
    for name, names in shape.sums.items():
        total = (summary.sums_of(items, names) or Decimal(0)) + (wrong and name == next(iter(shape.sums)))
        block[name] = int(total) if shape.item[names].kind == Kind.INT else f"{total:f}"
    return block


def _put(container: dict[str, Any], names: Names, value: Any) -> None:
    """Set the value at `names`; a name with `[]` becomes a list with one entry."""
    for name in names[:-1]:
        here = container.setdefault(name.removesuffix("[]"), [{}] if name.endswith("[]") else {})
        container = here[0] if isinstance(here, list) else here
    container[names[-1]] = value
