"""The form of one service's messages, read from its entry in the catalogue: a new service is a new entry and no code.

The table `[service.options]` has these keys:

* `list`: whether `leveranse` is a list of leveranser instead of one.
* `items`, `summary`: where in a leveranse the items and the summary are. A point goes one level down.
* `published`: whether the schema is published. When it is not, what is known comes from an example only; then a deviation
  is a warning, and a field that is not listed is no deviation.
* `delivery`, `item`, `deletion`: tables of the fields of a leveranse (beside the common ones), of an item and of an entry of
  `sletteoppgave`: path = rule. `[]` after a name in a path goes through a list. The rule of an object says whether it may be
  absent or is one of several; what it has inside is then looked at only where it is. `party` and `address` stand for a whole
  object: a person or organisation with its numbers and address, and an address.
* `sums`: table of fields of the summary, each with the path of the item's field that it adds up.

A rule is a mark, a kind and a range or the allowed values, and then a value for example files: `"? int 0..999 = 7"`. The
mark `?` is for a field that may be absent, `|` for one of several in the same object of which exactly one must be present.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import msgspec

Path = tuple[str | int, ...]
Names = tuple[str, ...]
MISSING: Any = object()
HIGHEST = 999_999_999_999


class Kind(StrEnum):
    """The kinds of values. All but INT, YEAR, BOOL and OBJECT are texts in JSON."""

    TEXT = "text"
    DIGITS = "digits"
    CODE = "code"
    INT = "int"
    DECIMAL = "decimal"
    YEAR = "year"
    BOOL = "bool"
    DATE = "date"
    TIME = "time"  # a moment, as in ISO 8601
    DAY = "day"  # day and month, DDMM
    PERSON = "person"
    ORGNR = "orgnr"
    OBJECT = "object"


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


@dataclass(frozen=True)
class Shape:
    """One service. Names of a path are from the leveranse or the item down."""

    is_list: bool
    items: Names
    summary: Names
    is_published: bool
    delivery: Fields
    item: Fields
    deletion: Fields
    sums: Mapping[str, Names]


class Options(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The table as it stands in the catalogue."""

    items: str
    summary: str
    list: bool = False
    published: bool = False
    delivery: dict[str, str] = msgspec.field(default_factory=dict)
    item: dict[str, str] = msgspec.field(default_factory=dict)
    deletion: dict[str, str] = msgspec.field(default_factory=dict)
    sums: dict[str, str] = msgspec.field(default_factory=dict)


COMMON = {
    "kildesystem": "? text 0..100",
    "oppgavegiver.organisasjonsnummer": "orgnr",
    "oppgavegiver.kontaktinformasjon.navn": "? text 0..100",
    "oppgavegiver.kontaktinformasjon.telefonnummer": "? text 0..20",
    "oppgavegiver.kontaktinformasjon.varselEpostadresse": "? text 0..254",
    "oppgavegiver.kontaktinformasjon.varselSmsMobilnummer": "? text 0..20",
    "inntektsaar": "year 1000..9999",
    "oppgavegiversLeveranseReferanse": "? text 0..100",
    "leveransetype": "code ordinaer ingenoppgaver",
}
"""Fields of a leveranse that all services have."""


def shape_of(options: Mapping[str, Any]) -> Shape:
    """Raises WrongOptions."""
    try:
        given = msgspec.convert(dict(options), Options)
        item = _fields(given.item)
        sums = {name: _names(path) for name, path in given.sums.items()}
    except (msgspec.ValidationError, ValueError) as error:
        raise WrongOptions(str(error)) from None
    for name, path in sums.items():
        if path not in item or item[path].kind not in (Kind.INT, Kind.DECIMAL):
            raise WrongOptions(f"sums.{name}: {'.'.join(path)} is not a number of an item")
    return Shape(
        is_list=given.list,
        items=_names(given.items),
        summary=_names(given.summary),
        is_published=given.published,
        delivery=_fields(COMMON | given.delivery),
        item=item,
        deletion=_fields(given.deletion),
        sums=sums,
    )


ADDRESS = {
    "landkode": "? text 2 = NO",
    "adresseBrukstype": "? text = bosted",
    "adresseTekst": "| text = Eksempelveien 1",
    "adresseStrukturert": "| object",
    **{
        f"adresseStrukturert.{name}": "? text"
        for name in (
            "adressenavn",
            "adressenummer",
            "bygning",
            "boenhet",
            "etasje",
            "distriktsnavn",
            "postboks",
            "postkode",
            "byEllerStedsnavn",
            "administrativEnhet",
            "adresseTekstForUtskrift",
        )
    },
}
PARTY = {
    "person": "| object",
    "person.foedselsnummer": "? person",
    "person.fornavn": "? text",
    "person.mellomnavn": "? text",
    "person.etternavn": "? text",
    "person.foedselsdato": "? date",
    "organisasjon": "| object",
    "organisasjon.organisasjonsnummer": "? orgnr",
    "organisasjon.organisasjonsnavn": "? text",
    "alternativIdentifikator": "? text",
    "internasjonalIdentifikator": "? object",
    "internasjonalIdentifikator.identifikator": "? text",
    "internasjonalIdentifikator.identifikatortype": "? text = TIN",
    "internasjonalIdentifikator.utstedtAvLand": "? text 2 = NO",
    "adresse": "? address",
}
WHOLE = {"party": PARTY, "address": ADDRESS}
"""Objects that several services have, by the word that stands for them in a rule. From printed examples: no lengths are known."""


def _fields(table: Mapping[str, str]) -> dict[Names, Rule]:
    return {_names(path): _rule(path, text) for path, text in _spread(table)}


def _spread(table: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """The table with the fields of whole objects in place of their word."""
    for path, text in table.items():
        *marks, word = text.split()[:2] if text.strip() else [""]
        if word not in WHOLE:
            yield path, text
            continue
        if not path.endswith("[]"):
            yield path, " ".join([*marks, Kind.OBJECT])
        yield from _spread({f"{path}.{name}": rule for name, rule in WHOLE[word].items()})


def _names(path: str) -> Names:
    names = tuple(path.split("."))
    if not all(name.removesuffix("[]") for name in names):
        raise WrongOptions(f"{path!r} is not a path")
    return names


def _rule(path: str, text: str) -> Rule:
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
