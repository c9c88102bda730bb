"""Each check with the change that breaks it, and what is tolerated of a service whose schema is not published."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import translation

from submissions.adapters.base import Period
from submissions.adapters.gld_json.texts import TEXTS as OWN
from submissions.adapters.json_files.texts import CAUSES, VALUES
from submissions.adapters.json_files.texts import TEXTS as SHARED
from submissions.adapters.numbers import synthetic_person
from tests.submissions.adapters.gld_json.messages import ADAPTER, ORGNR, OTHER, found, inspect, message

TEXTS = {**SHARED, **OWN}

FIRST = "leveranse.oppgave[0]"


def at(value: Any, path: str) -> tuple[Any, Any]:
    """The container and the key of a path such as `oppgave.0.eiertid.start`."""
    *way, last = path.split(".")
    for name in way:
        value = value[int(name)] if name.isdigit() else value[name]
    return value, int(last) if last.isdigit() else last


def changed(path: str, new: Any, slug: str = "boligsameie") -> Any:
    """An example message with one value replaced below its (first) leveranse."""
    value = message(slug)
    delivery = value["leveranse"][0] if slug == "boligselskap" else value["leveranse"]
    container, name = at(delivery, path)
    container[name] = new
    return value


def without(path: str, slug: str = "boligsameie") -> Any:
    value = message(slug)
    delivery = value["leveranse"][0] if slug == "boligselskap" else value["leveranse"]
    container, name = at(delivery, path)
    del container[name]
    return value


@pytest.mark.parametrize("slug", ["boligsameie", "boligselskap", "egg"])
def test_an_example_is_the_customers_and_without_findings(slug: str) -> None:
    report = inspect(message(slug), slug)

    assert report.findings == ()
    assert (report.role, report.orgnr, report.period) == ("MESSAGE", ORGNR, Period.year(2025))


@pytest.mark.parametrize(
    ("path", "new"),
    [
        ("kildesystem", "x" * 101),
        ("inntektsaar", "2025"),
        ("leveransetype", "endring"),
        ("oppgavegiver.organisasjonsnummer", 310200379),
        ("oppgave.0.oppgaveeier.navn", ""),
        ("oppgave.0.oppgaveeier.foedselsnummer", "0101801234"),
        ("oppgave.0.matrikkelnummer.kommunenummer", 301),
        ("oppgave.0.matrikkelnummer.kommunenummer", "301"),
        ("oppgave.0.matrikkelnummer.gaardsnummer", 0),
        ("oppgave.0.matrikkelnummer.gaardsnummer", 100_000),
        ("oppgave.0.matrikkelnummer.gaardsnummer", 1.5),
        ("oppgave.0.matrikkelnummer.gaardsnummer", True),
        ("oppgave.0.eiertid.slutt", "31.12"),
        ("oppgave.0.andelFormue", "1000"),
        ("oppgave.0.andelFormue", -1),
        ("oppgaveoppsummering.antallOppgaver", "3"),
        ("oppgaveoppsummering.sumAndelFormue", "1000"),
    ],
)
def test_a_value_of_another_form_is_an_error_at_its_path(path: str, new: Any) -> None:
    expected = "leveranse." + path.replace(".0.", "[0].")

    assert ("ERROR", "WRONG_VALUE", expected) in found(changed(path, new))


@pytest.mark.parametrize(
    "path",
    [
        "oppgavegiver", "oppgavegiver.organisasjonsnummer", "inntektsaar", "leveransetype", "oppgaveoppsummering",
        "oppgaveoppsummering.antallOppgaver", "oppgaveoppsummering.sumAndelGjeld", "oppgave.0.oppgaveeier.navn",
        "oppgave.0.matrikkelnummer.bruksnummer", "oppgave.0.eiertid.start",
    ],
)  # fmt: skip
def test_a_required_field_that_is_absent_is_an_error(path: str) -> None:
    places = [where for level, code, where in found(without(path)) if (level, code) == ("ERROR", "MISSING")]

    assert len(places) == 1
    assert places[0].startswith("leveranse." + path.replace(".0.", "[0]."))


@pytest.mark.parametrize("path", ["kildesystem", "oppgavegiversLeveranseReferanse", "oppgave.0.andelGjeld"])
def test_a_field_that_may_be_absent_is_no_finding(path: str) -> None:
    assert [f for f in found(without(path)) if f[1] != "SUM"] == []


def test_an_owner_has_exactly_one_number() -> None:
    both = changed("oppgave.0.oppgaveeier.organisasjonsnummer", OTHER)
    none = without("oppgave.0.oppgaveeier.foedselsnummer")
    unit = changed("oppgave.0.boenhet", {"andelsnummer": 1, "aksjeboenhetsnummer": 2}, "boligselskap")

    assert found(both) == [("ERROR", "ONE_OF", f"{FIRST}.oppgaveeier")]
    assert found(none) == [("ERROR", "ONE_OF", f"{FIRST}.oppgaveeier")]
    assert found(unit, "boligselskap") == [("ERROR", "ONE_OF", "leveranse[0].oppgave[0].boenhet")]


@pytest.mark.parametrize(
    "path", ["oppgave.0.andelGjelld", "oppgaver", "oppgave.0.eiertid.varighet", "oppgavegiver.navn"]
)
def test_an_unknown_field_is_a_warning(path: str) -> None:
    expected = "leveranse." + path.replace(".0.", "[0].")

    assert found(changed(path, 1)) == [("WARNING", "UNKNOWN_FIELD", expected)]


def test_a_field_beside_leveranse_is_a_warning() -> None:
    assert found({**message(), "melding": 1}) == [("WARNING", "UNKNOWN_FIELD", "melding")]


@pytest.mark.parametrize(
    ("path", "new"),
    [
        ("oppgave.0.oppgaveeier.foedselsnummer", "01018012345"),
        ("oppgave.0.eiertid.start", "3113"),
    ],
)
def test_check_digits_and_days_that_cannot_be_are_warnings(path: str, new: str) -> None:
    expected = "leveranse." + path.replace(".0.", "[0].")

    assert found(changed(path, new)) == [("WARNING", "IMPROBABLE", expected)]


@pytest.mark.parametrize("slug", ["boligsameie", "boligselskap", "egg"])
def test_another_customer_or_year_is_an_error(slug: str) -> None:
    path = "leveranse[0]" if slug == "boligselskap" else "leveranse"

    customer = found(changed("oppgavegiver.organisasjonsnummer", OTHER, slug), slug)
    year = found(changed("inntektsaar", 2024, slug), slug)

    assert customer == [("ERROR", "OTHER_CUSTOMER", f"{path}.oppgavegiver.organisasjonsnummer")]
    assert year == [("ERROR", "OTHER_YEAR", f"{path}.inntektsaar")]


def test_every_leveranse_of_a_list_is_compared_with_the_customer() -> None:
    value = message("boligselskap")
    value["leveranse"][1]["oppgavegiver"]["organisasjonsnummer"] = OTHER

    assert found(value, "boligselskap") == [
        ("ERROR", "OTHER_CUSTOMER", "leveranse[1].oppgavegiver.organisasjonsnummer")
    ]


def test_the_report_says_whose_a_file_is_also_when_it_is_anothers() -> None:
    value = changed("oppgavegiver.organisasjonsnummer", OTHER)
    value["leveranse"]["inntektsaar"] = 2023

    report = inspect(value)

    assert (report.orgnr, report.period) == (OTHER, Period.year(2023))


@pytest.mark.parametrize(
    ("value", "slug", "code"),
    [
        ({}, "boligsameie", "NOT_A_MESSAGE"),
        ([], "boligsameie", "NOT_A_MESSAGE"),
        (7, "boligsameie", "NOT_A_MESSAGE"),
        ({"leveranse": "x"}, "boligsameie", "NOT_A_MESSAGE"),
        ({"leveranse": []}, "boligsameie", "ONE_WANTED"),
        ({"leveranse": {}}, "boligselskap", "LIST_WANTED"),
        ({"leveranse": []}, "boligselskap", "OBJECTS_WANTED"),
        ({"leveranse": [1]}, "boligselskap", "OBJECTS_WANTED"),
    ],
)
def test_another_root_is_one_error(value: Any, slug: str, code: str) -> None:
    assert [(level, given) for level, given, _path in found(value, slug)] == [("ERROR", code)]


@pytest.mark.parametrize("new", [{}, "x", 1])
def test_items_are_a_list(new: Any) -> None:
    assert ("ERROR", "LIST_EXPECTED", "leveranse.oppgave") in found(changed("oppgave", new))


def test_items_are_objects() -> None:
    assert ("ERROR", "OBJECTS_WANTED", "leveranse.oppgave[1]") in found(changed("oppgave.1", 5))


def test_a_wrong_count_or_sum_is_a_warning_with_both_numbers() -> None:
    value = changed("oppgaveoppsummering.antallOppgaver", 4)
    value["leveranse"]["oppgaveoppsummering"]["sumAndelGjeld"] += 1
    total = value["leveranse"]["oppgaveoppsummering"]["sumAndelGjeld"]

    count, gjeld = inspect(value).findings

    assert (count.level, count.code, dict(count.params)) == ("WARNING", "COUNT", {"stated": "4", "counted": "3"})
    assert (gjeld.code, gjeld.params["stated"], gjeld.params["total"]) == ("SUM", str(total), str(total - 1))


def test_decimal_sums_are_exact_and_written_as_texts() -> None:
    value = message("egg")
    for item, amount in zip(value["leveranse"]["oppgaver"]["oppgave"], ["0.1", "0.2", "0.3"], strict=True):
        item["beloep"] = amount

    value["leveranse"]["oppgaveOppsummering"]["sumBeloep"] = "0.60"
    right = found(value, "egg")
    value["leveranse"]["oppgaveOppsummering"]["sumBeloep"] = "0.61"
    wrong = found(value, "egg")
    value["leveranse"]["oppgaveOppsummering"]["sumBeloep"] = 0.6
    number = found(value, "egg")

    path = "leveranse.oppgaveOppsummering.sumBeloep"
    assert right == []
    assert wrong == [("WARNING", "SUM", path)]
    assert number == [("WARNING", "WRONG_VALUE", path)]


def test_what_is_known_from_an_example_only_is_a_warning_at_most() -> None:
    value = message("egg")
    first, second, third = value["leveranse"]["oppgaver"]["oppgave"]
    first["beloep"] = 1000.5
    second["nyttFelt"] = {"a": 1}
    del third["oppgaveeier"]
    del value["leveranse"]["leveransetype"]

    findings = found(value, "egg")

    assert {level for level, _code, _path in findings} == {"WARNING"}
    assert [code for _level, code, _path in findings] == ["WRONG_VALUE", "ONE_OF"]


def test_the_kind_of_delivery_and_its_items_agree() -> None:
    none = changed("leveransetype", "ingenoppgaver")
    empty = changed("oppgave", [])
    empty["leveranse"]["oppgaveoppsummering"] = dict.fromkeys(empty["leveranse"]["oppgaveoppsummering"], 0)

    assert found(none) == [("WARNING", "NO_ITEMS_WANTED", "leveranse.leveransetype")]
    assert found(empty) == [("WARNING", "NO_ITEMS", "leveranse.leveransetype")]
    empty["leveranse"]["leveransetype"] = "ingenoppgaver"
    assert found(empty) == []


@pytest.mark.parametrize("stated", [0, 1])
def test_a_message_of_deletions_only_may_count_them_in_either_way(stated: int) -> None:
    value = message()
    item = value["leveranse"].pop("oppgave")[0]
    value["leveranse"]["sletteoppgave"] = [{name: item[name] for name in ("oppgaveeier", "matrikkelnummer")}]
    summary = dict.fromkeys(value["leveranse"]["oppgaveoppsummering"], 0) | {"antallOppgaver": stated}
    value["leveranse"]["oppgaveoppsummering"] = summary

    assert found(value) == []


def test_a_deletion_has_its_own_fields() -> None:
    value = changed("sletteoppgave", [{"oppgaveeier": {"navn": "X"}, "andelGjeld": 1}])
    codes = {(code, path) for _level, code, path in found(value)}

    assert ("ONE_OF", "leveranse.sletteoppgave[0].oppgaveeier") in codes
    assert ("MISSING", "leveranse.sletteoppgave[0].matrikkelnummer.kommunenummer") in codes
    assert ("UNKNOWN_FIELD", "leveranse.sletteoppgave[0].andelGjeld") in codes


@pytest.mark.parametrize(
    "path",
    [
        "oppgave.0.oppgaveeier.foedselsnummer", "oppgave.0.oppgaveeier.organisasjonsnummer", "oppgave.0.andelFormue",
        "oppgavegiver.organisasjonsnummer", "leveransetype", "inntektsaar", "oppgaveoppsummering.antallOppgaver",
        "oppgaveoppsummering.sumAndelFormue",
    ],
)  # fmt: skip
@pytest.mark.parametrize("as_number", [False, True])
def test_no_finding_quotes_a_national_identity_number(path: str, as_number: bool) -> None:
    number = synthetic_person(7)
    value = changed(path, int(number) if as_number else number + " ")
    value["leveranse"][number] = number

    findings = inspect(value).findings

    assert findings
    assert number not in repr(findings) + "".join(map(ADAPTER.render, findings))


@pytest.mark.parametrize("language", ["nb", "nn", "en"])
def test_every_finding_has_a_text_in_every_language(language: str) -> None:
    params = dict.fromkeys(
        ["size", "most", "kind", "name", "names", "given", "orgnr", "year", "n", "stated", "counted", "total", "low",
         "high", "codes", "column", "cause"], "X",
    )  # fmt: skip
    with translation.override(language):
        texts = [str(text) % params for text in [*TEXTS.values(), *VALUES.values()]]
        causes = [str(text) for text in CAUSES.values()]

    assert len({*texts, *causes}) == len(TEXTS) + len(VALUES) + len(CAUSES)
