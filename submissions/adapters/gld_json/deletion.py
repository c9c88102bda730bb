"""A message that deletes the items of an earlier one, for services whose entry has `deletion` fields.

Which values name an item is printed for six services only. A message of deletions alone states no items and no sums; of the two
published ones, one counts 0 items and the other 1 (unverified): 0 is written here.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import PurePath
from typing import Any

from submissions.adapters.base import About, NamedFile
from submissions.adapters.gld_json import summary
from submissions.adapters.gld_json.checking import DELETIONS, ROOT, read_message
from submissions.adapters.gld_json.shape import Shape, shape_of
from submissions.adapters.json_files.parsing import Unreadable, parse, read_text
from submissions.adapters.json_files.rules import MISSING, Kind, Names, find_list

OWNER = "oppgaveeier"


def deletion_of(file: NamedFile, about: About) -> NamedFile | None:
    """None when the service has no deletion, or the file has no items that can be named."""
    shape = shape_of(about.options)
    try:
        message = read_message(parse(read_text(file.content, file.name), file.name))
    except Unreadable:
        return None
    if message is None or not shape.deletion:
        return None
    made = [_delivery(shape, delivery) for _path, delivery in message.deliveries]
    if not any(delivery[DELETIONS[0]] for delivery in made):
        return None
    content = {ROOT: made if shape.is_list else made[0]}
    name = f"{PurePath(file.name).stem}-sletting.json"
    return NamedFile(name, json.dumps(content, ensure_ascii=False, indent=2, default=str).encode())


def _delivery(shape: Shape, delivery: Mapping[str, Any]) -> dict[str, Any]:
    left_out = {shape.items[0], shape.summary[0], DELETIONS[0]}
    kept = {name: value for name, value in delivery.items() if name not in left_out}
    items = [item for item in summary.items_of(shape, delivery) if isinstance(item, dict)]
    deletions = [entry for item in items if (entry := _entry(shape, item))]
    block: dict[str, Any] = {summary.COUNT: 0}
    for name, names in shape.sums.items():
        block[name] = 0 if shape.item[names].kind == Kind.INT else "0"
    return {**kept, DELETIONS[0]: deletions, shape.summary[0]: _nested(shape.summary[1:], block)}


def _nested(names: Names, value: dict[str, Any]) -> dict[str, Any]:
    for name in reversed(names):
        value = {name: value}
    return value


def _entry(shape: Shape, item: Mapping[str, Any]) -> dict[str, Any]:
    """The values that name an item: at the same path, else by the last name anywhere in the item."""
    entry: dict[str, Any] = {}
    for names, rule in shape.deletion.items():
        value = next((found for found in _values(item, names) if found not in (MISSING, None)), MISSING)
        if value is not MISSING and rule.kind != Kind.OBJECT:
            here = entry
            for name in names[:-1]:
                here = here.setdefault(name, {})
            here[names[-1]] = value
    return entry


def _values(item: Mapping[str, Any], names: Names) -> Iterator[Any]:
    yield find_list(item, names)
    last = names[-1]
    if last.startswith(OWNER):  # oppgaveeierFoedselsnummer is the foedselsnummer of the oppgaveeier
        plain = last.removeprefix(OWNER)
        yield from _named(item.get(OWNER), plain[:1].lower() + plain[1:])
    elif len(names) == 1:
        yield from _named({name: value for name, value in item.items() if name != OWNER}, last)


def _named(value: Any, name: str) -> Iterator[Any]:
    """Every plain value with this name, outer before inner."""
    if isinstance(value, dict):
        if not isinstance(value.get(name, {}), dict | list):
            yield value[name]
        for child in value.values():
            yield from _named(child, name)
    elif isinstance(value, list):
        for child in value:
            yield from _named(child, name)
