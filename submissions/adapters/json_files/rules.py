"""Rules for the values of a JSON message, and the way to its values by path.

A rule is a mark, a kind and a range or the allowed values, and then a value for example files: `"? int 0..999 = 7"`. The
mark `?` is for a field that may be absent, `|` for one of several in the same object of which exactly one must be present.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

Path = tuple[str | int, ...]
Names = tuple[str, ...]
MISSING: Any = object()
HIGHEST = 999_999_999_999


class Kind(StrEnum):
    """The kinds of values. All but INT, AMOUNT, YEAR, BOOL, OBJECT and LIST are texts in JSON."""

    TEXT = "text"
    DIGITS = "digits"
    CODE = "code"
    INT = "int"
    AMOUNT = "amount"  # a number, with or without decimals, of either sign
    DECIMAL = "decimal"
    YEAR = "year"
    BOOL = "bool"
    DATE = "date"
    TIME = "time"  # a moment, as in ISO 8601
    MONTH = "month"  # YYYY-MM
    UUID = "uuid"
    DAY = "day"  # day and month, DDMM
    PERSON = "person"
    ORGNR = "orgnr"
    OBJECT = "object"
    LIST = "list"


@dataclass(frozen=True)
class Rule:
    """`low` and `high` bound the value of INT, and the length of TEXT and DIGITS. `example` is "" when none is given."""

    kind: Kind
    required: bool = True
    is_choice: bool = False
    low: int = 0
    high: int = HIGHEST
    codes: Names = ()
    example: str = ""


Fields = Mapping[Names, Rule]


class WrongOptions(ValueError):
    """The options of a catalogue entry do not describe a service. The message says where."""


def names_of(path: str) -> Names:
    names = tuple(path.split("."))
    if not all(name.removesuffix("[]") for name in names):
        raise WrongOptions(f"{path!r} is not a path")
    return names


def rule_of(path: str, text: str) -> Rule:
    body, _, example = text.partition(" = ")
    words = body.split()
    mark = words.pop(0) if words[:1] and words[0] in ("?", "|") else ""
    try:
        kind, values = Kind(words[0]), words[1:]
        low, high = _range(kind, values)
    except (ValueError, IndexError):
        raise WrongOptions(f"{path}: {text!r} is not a rule") from None
    codes = tuple(values) if kind == Kind.CODE else ()
    if kind == Kind.CODE and not codes:
        raise WrongOptions(f"{path}: {text!r} names no values")
    return Rule(kind, not mark, mark == "|", low, high, codes, example.strip())


def _range(kind: Kind, values: list[str]) -> tuple[int, int]:
    """`3..7`, or `4` for exactly four."""
    if kind == Kind.CODE or not values:
        return (-HIGHEST if kind == Kind.INT else 0), HIGHEST
    low, dots, high = values[0].partition("..")
    return (int(low), int(high)) if dots else (int(low), int(low))


def find_values(container: Any, names: Names, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """(path, value) of each field at `names`; MISSING where it is absent.

    A list on the way gives one for each entry, and none when it is absent.
    """
    value, where = container, path
    for position, name in enumerate(names):
        if name.endswith("[]"):
            entries = value.get(name[:-2], MISSING) if isinstance(value, dict) else MISSING
            if entries is MISSING:
                return
            for number, entry in enumerate(entries if isinstance(entries, list) else [entries]):
                yield from find_values(entry, names[position + 1 :], (*where, name[:-2], number))
            return
        value = value.get(name, MISSING) if isinstance(value, dict) else MISSING
        if value is MISSING:
            break
        where = (*where, name)
    else:
        yield where, value
        return
    yield _below(path, names), MISSING


def _below(path: Path, names: Names) -> Path:
    return (*path, *(name.removesuffix("[]") for name in names))


def find_list(container: Any, names: Names) -> Any:
    """The value at `names`, whatever it is; MISSING when absent. For paths without `[]`."""
    return next(value for _path, value in find_values(container, names))


def shown(path: Path) -> str:
    """`leveranse[0].oppgave[3].navn`."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.removeprefix(".")


@dataclass(frozen=True)
class Fault:
    """A finding before it has its file, line and level: `is_certain` when the service is known to refuse it."""

    code: str
    path: Path
    params: Mapping[str, str] = field(default_factory=dict)
    is_certain: bool = True
