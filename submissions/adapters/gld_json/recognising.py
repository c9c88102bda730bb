"""Which services a message may be for, by the fields that its leveranser and items have.

A message that agrees wholly with one or more services is for one of them. Else it is for those that know most of its fields: such
a message has faults, which the check will name. Of some services no field is published; they are left for a person to choose.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from submissions.adapters.base import Entry, Match, NamedFile, Period, Recognition
from submissions.adapters.gld_json.checking import DELETIONS, ROOT, Message, orgnr_of, read_message, year_of
from submissions.adapters.gld_json.shape import Shape, shape_of
from submissions.adapters.json_files.parsing import Unreadable, parse, read_text
from submissions.adapters.json_files.rules import MISSING, Fields, Names, find_list
from submissions.adapters.numbers import is_orgnr
from submissions.adapters.one_file import MESSAGE

SAMPLE = 20
"""Items of a leveranse that are looked at, and leveranser of a message."""
NEAR = 2
"""Among messages with faults: so many fields fewer than the best may a service know and still be possible."""
NO_ITEMS = "ingenoppgaver"


def recognise(file: NamedFile, entries: Sequence[Entry]) -> Recognition:
    try:
        value = parse(read_text(file.content, file.name), file.name)
    except Unreadable as error:
        return Recognition(finding=error.finding)
    message = read_message(value)
    if message is None or not message.deliveries:
        return Recognition()
    about = _orgnr(message), _period(message), MESSAGE
    return Recognition(tuple(Match(name, *about) for name in _fitting(value, message, entries)))


@dataclass(frozen=True)
class _Known:
    """The fields of a service, each as the names from the leveranse, the item or the deletion down."""

    shape: Shape
    delivery: frozenset[Names]
    item: frozenset[Names]
    deletion: frozenset[Names]
    needed: frozenset[Names]
    """Of an item; only where the schema is published."""


@dataclass(frozen=True)
class _Fit:
    """How well a service describes a message: how many fields of its items it knows, whether these are half of them, and
    whether nothing disagrees.
    """

    service: str
    known: int
    is_half: bool
    is_whole: bool
    has_fields: bool


def _fitting(value: Mapping[str, Any], message: Message, entries: Sequence[Entry]) -> list[str]:
    deliveries = [delivery for _path, delivery in message.deliveries[:SAMPLE]]
    fields = _Fields(deliveries, is_list=isinstance(value[ROOT], list))
    fits = [fit for entry in entries if (fit := _fit(entry, fields))]
    whole = [fit.service for fit in fits if fit.is_whole and fit.has_fields]
    if whole:
        return whole
    best = max((fit.known for fit in fits), default=0)
    near = [fit.service for fit in fits if fit.is_half and fit.known >= best - NEAR]
    return near or [fit.service for fit in fits if not fit.has_fields]


class _Fields:
    """The fields of a message, read once for all services that have the items at the same place."""

    def __init__(self, deliveries: Sequence[Mapping[str, Any]], *, is_list: bool) -> None:
        self.deliveries, self.is_list = deliveries, is_list
        self.deletions = self.below(DELETIONS)
        self._items: dict[Names, set[Names]] = {}
        self._others: dict[tuple[str, ...], set[Names]] = {}

    def below(self, names: Names) -> set[Names]:
        return _names_of(entry for delivery in self.deliveries for entry in _entries(delivery, names))

    def items(self, shape: Shape) -> set[Names]:
        if shape.items not in self._items:
            self._items[shape.items] = self.below(shape.items)
        return self._items[shape.items]

    def others(self, shape: Shape) -> set[Names]:
        """Those that are neither of items nor of deletions nor of the summary."""
        left_out = (shape.items[0], shape.summary[0], DELETIONS[0])
        if left_out not in self._others:
            rest = ({name: value for name, value in one.items() if name not in left_out} for one in self.deliveries)
            self._others[left_out] = _names_of(rest)
        return self._others[left_out]


def _fit(entry: Entry, fields: _Fields) -> _Fit | None:
    """None when the items are not where the service has them."""
    known = _known(entry)
    shape = known.shape
    if not all(_has_items(delivery, shape) for delivery in fields.deliveries):
        return None
    items, deletions = fields.items(shape), fields.deletions
    agreed = len(items & known.item) + len(deletions & known.deletion)
    is_half = 0 < len(items) + len(deletions) <= 2 * agreed
    has_all = items <= known.item and deletions <= known.deletion and fields.others(shape) <= known.delivery
    is_whole = has_all and shape.is_list == fields.is_list and (not items or known.needed <= items)
    return _Fit(entry.service, agreed, is_half, is_whole, has_fields=bool(known.item))


def _has_items(delivery: Mapping[str, Any], shape: Shape) -> bool:
    items = find_list(delivery, shape.items)
    is_without = delivery.get("leveransetype") == NO_ITEMS or isinstance(delivery.get(DELETIONS[0]), list)
    return isinstance(items, list) or (items is MISSING and is_without)


def _entries(delivery: Mapping[str, Any], names: Names) -> list[Any]:
    entries = find_list(delivery, names)
    return entries[:SAMPLE] if isinstance(entries, list) else []


def _names_of(containers: Iterable[Any]) -> set[Names]:
    return {names for container in containers for names in _leaves(container)}


def _leaves(value: Any, path: Names = ()) -> Iterator[Names]:
    """The path of each plain value. A list counts as its entries; what is null counts as absent."""
    if isinstance(value, dict):
        for name, below in value.items():
            yield from _leaves(below, (*path, name))
    elif isinstance(value, list):
        for entry in value:
            yield from _leaves(entry, path)
    elif value is not None:
        yield path


_kept: dict[str, tuple[Mapping[str, Any], _Known]] = {}


def _known(entry: Entry) -> _Known:
    """Read once for each entry of the catalogue, whose options do not change while the process runs."""
    kept = _kept.get(entry.service)
    if kept is None or kept[0] is not entry.options:
        kept = _kept[entry.service] = (entry.options, _read(shape_of(entry.options)))
    return kept[1]


def _read(shape: Shape) -> _Known:
    needed = {names for names, rule in shape.item.items() if rule.required and shape.is_published}
    return _Known(shape, _plain(shape.delivery), _plain(shape.item), _plain(shape.deletion), _plain(needed))


def _plain(fields: Fields | Iterable[Names]) -> frozenset[Names]:
    return frozenset(tuple(name.removesuffix("[]") for name in names) for names in fields)


def _orgnr(message: Message) -> str:
    """Of all leveranser; "" when they disagree or none says."""
    numbers = {number for entry in message.deliveries if (number := orgnr_of(entry))}
    number = numbers.pop() if len(numbers) == 1 else ""
    return number if is_orgnr(number) else ""


def _period(message: Message) -> Period | None:
    years = {year for _path, delivery in message.deliveries if (year := year_of(delivery))}
    return Period.found(str(years.pop())) if len(years) == 1 else None
