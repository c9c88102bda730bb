"""Whether the summary of a leveranse agrees with its items. A message that disagrees is received and then rejected."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from decimal import Decimal
from typing import Any, TypedDict

from submissions.adapters import source_system
from submissions.adapters.gld_json.shape import Shape
from submissions.adapters.json_files import kinds
from submissions.adapters.json_files.rules import MISSING, Fault, Kind, Names, Path, Rule, find_list, find_values
from submissions.adapters.numbers import masked

COUNT = "antallOppgaver"
LARGEST = 10**15
COUNT_RULE = Rule(Kind.INT)
Delivery = Mapping[str, Any]


class Facts(TypedDict):
    """What a person should see of all leveranser together. `sums` are the stated ones, by name."""

    source: str
    deliveries: int
    items: int
    deletions: int
    sums: dict[str, str]


def facts(shape: Shape, deliveries: Collection[tuple[Path, Delivery]]) -> Facts:
    """Of one size, however many leveranser a file has."""
    items = deletions = 0
    sums: dict[str, Decimal] = {}
    for _path, delivery in deliveries:
        items += len(items_of(shape, delivery))
        deletions += len(deletions_of(delivery))
        block = find_list(delivery, shape.summary)
        for name in shape.sums if isinstance(block, dict) else ():
            if (number := as_number(block.get(name))) is not None:
                sums[name] = sums.get(name, Decimal(0)) + number
    shown = {name: f"{sums[name]:f}" for name in shape.sums if name in sums}
    source = source_system.source_of(delivery.get(source_system.NAME) for _path, delivery in deliveries)
    return {"source": source, "deliveries": len(deliveries), "items": items, "deletions": deletions, "sums": shown}


def compare(shape: Shape, path: Path, delivery: Delivery) -> Iterator[Fault]:
    """The faults of the summary, the number of items, and the sums."""
    items, block = items_of(shape, delivery), find_list(delivery, shape.summary)
    yield from _type(shape, path, delivery, items)
    where = (*path, *shape.summary)
    if not isinstance(block, dict):
        yield Fault("MISSING", where, {"name": shape.summary[-1]}, shape.is_published)
        return
    yield from _form(shape, where, block)
    yield from _count(where, block, items, deletions=len(deletions_of(delivery)))
    for name, names in shape.sums.items():
        yield from _sum(where, block, name, sums_of(items, names))


def items_of(shape: Shape, delivery: Delivery) -> list[Any]:
    """The items of a leveranse; [] when there are none or they are no list."""
    entries = find_list(delivery, shape.items)
    return entries if isinstance(entries, list) else []


def deletions_of(delivery: Delivery) -> list[Any]:
    entries = delivery.get("sletteoppgave")
    return entries if isinstance(entries, list) else []


def sums_of(items: list[Any], names: Names) -> Decimal | None:
    """The sum of the field over all items; None when one of them is no number. An absent one counts as nothing."""
    values = [value for item in items for _path, value in find_values(item, names)]
    numbers = [as_number(value) for value in values if value is not MISSING and value is not None]
    present = [number for number in numbers if number is not None]
    return sum(present, Decimal(0)) if len(present) == len(numbers) else None


def as_number(value: Any) -> Decimal | None:
    """A whole number, or a number as text with a point; None for anything else and for more than fifteen digits."""
    if isinstance(value, bool) or not isinstance(value, int | str | Decimal):
        return None
    text = str(value)
    return Decimal(text) if kinds.DECIMAL.fullmatch(text) else None


def _form(shape: Shape, where: Path, block: Delivery) -> Iterator[Fault]:
    rules = {COUNT: COUNT_RULE} | {name: shape.item[names] for name, names in shape.sums.items()}
    for name, rule in rules.items():
        value = block.get(name)
        if value is None:
            if shape.is_published:
                yield Fault("MISSING", (*where, name), {"name": name})
        elif not kinds.fits(value, Rule(rule.kind, low=-LARGEST, high=LARGEST)):
            params = {"name": name, "kind": rule.kind.value, "given": kinds.given(value)}
            bounds = {"low": str(-LARGEST), "high": str(LARGEST)}
            yield Fault("WRONG_VALUE", (*where, name), params | bounds, shape.is_published)


def _type(shape: Shape, path: Path, delivery: Delivery, items: list[Any]) -> Iterator[Fault]:
    kind, where = delivery.get("leveransetype"), (*path, "leveransetype")
    if kind == "ingenoppgaver" and items:
        yield Fault("NO_ITEMS_WANTED", where, {"n": str(len(items))}, is_certain=False)
    if kind == "ordinaer" and not items and not deletions_of(delivery):
        yield Fault("NO_ITEMS", where, {"name": shape.items[-1]}, is_certain=False)


def _count(where: Path, block: Delivery, items: list[Any], *, deletions: int) -> Iterator[Fault]:
    """A message of deletions only is not compared: the published examples count them in two ways."""
    stated = block.get(COUNT)
    if type(stated) is not int or (deletions and not items):
        return
    if stated != len(items):
        params = {"stated": masked(str(stated)), "counted": str(len(items))}
        yield Fault("COUNT", (*where, COUNT), params, is_certain=False)


def _sum(where: Path, block: Delivery, name: str, total: Decimal | None) -> Iterator[Fault]:
    stated = as_number(block.get(name))
    if stated is not None and total is not None and stated != total:
        params = {"name": name, "stated": _shown(stated), "total": _shown(total)}
        yield Fault("SUM", (*where, name), params, is_certain=False)


def _shown(number: Decimal) -> str:
    """Without trailing zeros and never in exponent notation."""
    return masked(f"{number.normalize():f}" if number else "0")
