"""The entry of the catalogue as a shape: rules, paths, and what is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

from submissions.adapters.base import About, Period
from submissions.adapters.gld_json.adapter import GldJsonAdapter
from submissions.adapters.gld_json.shape import shape_of
from submissions.adapters.json_files.rules import MISSING, Kind, Rule, WrongOptions, find_values, shown
from submissions.services import catalogue

MINIMUM: dict[str, Any] = {"items": "oppgave", "summary": "oppgaveoppsummering"}


@pytest.mark.parametrize("service", [s for s in catalogue.services() if s.adapter == "gld_json"], ids=str)
def test_every_entry_of_the_catalogue_describes_a_service(service: catalogue.Service) -> None:
    shape = shape_of(service.options)

    assert shape.item
    assert shape.sums


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("text 1..200", Rule(Kind.TEXT, low=1, high=200)),
        ("? digits 4 = 0301", Rule(Kind.DIGITS, required=False, low=4, high=4, example="0301")),
        ("| person", Rule(Kind.PERSON, required=False, is_choice=True)),
        ("code a b", Rule(Kind.CODE, codes=("a", "b"))),
        ("int -5..5", Rule(Kind.INT, low=-5, high=5)),
    ],
)
def test_a_rule_is_a_mark_a_kind_a_range_and_an_example(text: str, rule: Rule) -> None:
    shape = shape_of({**MINIMUM, "item": {"a": text}})

    assert shape.item[("a",)] == rule


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"items": "oppgave"},
        {**MINIMUM, "itms": "x"},
        {**MINIMUM, "items": ""},
        {**MINIMUM, "item": {"a": "number"}},
        {**MINIMUM, "item": {"a": ""}},
        {**MINIMUM, "item": {"a": "int x..y"}},
        {**MINIMUM, "item": {"a": "code"}},
        {**MINIMUM, "item": {"a..b": "bool"}},
        {**MINIMUM, "item": {"a": "text 1..2"}, "sums": {"sumA": "a"}},
        {**MINIMUM, "sums": {"sumA": "a"}},
    ],
)
def test_options_that_describe_nothing_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(WrongOptions):
        shape_of(options)


def test_a_path_goes_through_lists_and_names_what_is_absent() -> None:
    item = {"produkt": [{"antall": "1"}, {}, {"antall": "3"}]}

    values = list(find_values(item, ("produkt[]", "antall"), ("oppgave", 0)))

    assert [(shown(path), value) for path, value in values] == [
        ("oppgave[0].produkt[0].antall", "1"),
        ("oppgave[0].produkt[1].antall", MISSING),
        ("oppgave[0].produkt[2].antall", "3"),
    ]
    assert list(find_values({}, ("produkt[]", "antall"))) == []


def test_a_wrong_example_of_a_service_without_sums_has_a_wrong_count() -> None:
    options = {**MINIMUM, "item": {"a": "text 1..9"}}
    about = About("310200379", Period.year(2025), "innrapportering-x", options)

    (file,) = GldJsonAdapter().examples(about, name="", wrong=True)

    assert [f.code for f in GldJsonAdapter().inspect(file, about).findings] == ["COUNT"]


def test_an_example_fills_in_lists_and_every_kind_of_value() -> None:
    kinds = {
        "produkt[].antall": "decimal", "produkt[].isin": "text 12..12 = NO0010000001", "dato": "date", "aar": "year 1..9999",
        "eier.orgnr": "orgnr", "konto": "digits 11", "avsluttet": "bool", "type": "code a b", "antall": "int 1..5",
    }  # fmt: skip
    options = {**MINIMUM, "published": True, "item": kinds, "sums": {"sumAntall": "produkt[].antall"}}
    about = About("310200379", Period.year(2025), "innrapportering-x", options)

    (file,) = GldJsonAdapter().examples(about, name="", wrong=False)

    assert GldJsonAdapter().inspect(file, about).findings == ()
    assert json.loads(file.content)["leveranse"]["oppgave"][0]["produkt"][0]["isin"] == "NO0010000001"
