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

How a rule is written stands in `submissions.adapters.json_files.rules`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from submissions.adapters.json_files.rules import Fields, Kind, Names, Rule, WrongOptions, names_of, rule_of


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
        sums = {name: names_of(path) for name, path in given.sums.items()}
    except (msgspec.ValidationError, ValueError) as error:
        raise WrongOptions(str(error)) from None
    for name, path in sums.items():
        if path not in item or item[path].kind not in (Kind.INT, Kind.DECIMAL):
            raise WrongOptions(f"sums.{name}: {'.'.join(path)} is not a number of an item")
    return Shape(
        is_list=given.list,
        items=names_of(given.items),
        summary=names_of(given.summary),
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
    return {names_of(path): rule_of(path, text) for path, text in _spread(table)}


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
