"""The checks of an a-melding: what the service refuses by a published code is an error, what an example shows is a warning."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from submissions.adapters.base import Delivered, FileReport
from tests.submissions.adapters.amelding.messages import ABOUT, ADAPTER, ORGNR, OTHER, found, inspect, message

FIRST, SECOND, UNKNOWN = (str(uuid.UUID(int=number)) for number in (1, 2, 3))
UNIT, PERSON = "leveranse.oppgave.virksomhet[0]", "leveranse.oppgave.virksomhet[0].inntektsmottaker[1]"


def test_an_example_has_no_findings_and_says_whose_it_is() -> None:
    value = message()

    report = inspect(value)

    assert report.findings == ()
    assert (report.role, report.orgnr, str(report.period)) == ("MESSAGE", ORGNR, "2025-12")
    assert (report.reference, report.replaces) == (value["leveranse"]["meldingsId"], "")


@pytest.mark.parametrize(
    ("name", "value", "code", "path"),
    [
        ("opplysningspliktig", {"norskIdentifikator": OTHER}, "OTHER_CUSTOMER", ".norskIdentifikator"),
        ("opplysningspliktig", {"norskIdentifikator": 310200379}, "WRONG_VALUE", ".norskIdentifikator"),
        ("opplysningspliktig", None, "MISSING", ".norskIdentifikator"),
        ("kalendermaaned", "2025-11", "OTHER_MONTH", ""),
        ("kalendermaaned", "2025", "WRONG_VALUE", ""),
        ("kalendermaaned", "2025-13", "WRONG_VALUE", ""),
        ("kalendermaaned", None, "MISSING", ""),
        ("meldingsId", None, "MISSING", ""),
        ("meldingsId", "1234", "WRONG_VALUE", ""),
        ("erstatterMeldingsId", "1234", "WRONG_VALUE", ""),
        ("oppgave", [], "WRONG_VALUE", ""),
        ("oppgave", None, "MISSING", ""),
    ],
)
def test_what_the_service_refuses_is_an_error_at_its_path(name: str, value: Any, code: str, path: str) -> None:
    changed = message()
    changed["leveranse"][name] = value

    assert ("ERROR", code, f"leveranse.{name}{path}") in found(changed)


def test_a_finding_has_the_line_of_its_value() -> None:
    changed = message()
    changed["leveranse"]["kalendermaaned"] = "2025-11"

    (finding,) = inspect(changed).findings

    assert finding.line == 8
    assert ADAPTER.render(finding) == (
        "Filen gjelder 2025-11, men innsendingen gjelder 2025-12. Velg riktig fil eller riktig måned."
    )


def test_a_sub_unit_is_refused_where_the_register_tells_it() -> None:
    (finding,) = inspect(message(), replace(ABOUT, main_unit=OTHER)).findings

    assert (finding.level, finding.code) == ("ERROR", "SUB_UNIT")
    assert f"hovedenheten, som har nummer {OTHER}" in ADAPTER.render(finding)


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        (("yrke",), "25111", "arbeidsforhold[0].yrke"),
        (("startdato",), "01.08.2021", "arbeidsforhold[0].startdato"),
        (("stillingsprosent",), "100", "arbeidsforhold[0].stillingsprosent"),
    ],
)
def test_what_only_the_example_shows_is_a_warning(path: tuple[str, ...], value: Any, expected: str) -> None:
    changed = message()
    changed["leveranse"]["oppgave"]["virksomhet"][0]["inntektsmottaker"][1]["arbeidsforhold"][0][path[0]] = value

    assert found(changed) == [("WARNING", "WRONG_VALUE", f"{PERSON}.{expected}")]


def test_a_field_that_nobody_has_described_and_a_field_that_is_not_there_are_no_findings() -> None:
    changed = message()
    changed["leveranse"]["nyttFelt"] = {"a": [1]}
    del changed["leveranse"]["kildesystem"]
    del changed["leveranse"]["oppgave"]["betalingsinformasjon"]

    assert found(changed) == []


def test_a_sum_of_withheld_tax_that_is_not_that_of_the_people_is_a_warning() -> None:
    changed = message()
    changed["leveranse"]["oppgave"]["betalingsinformasjon"]["sumForskuddstrekkPerLoennsutbetalingsdato"][0][
        "beloep"
    ] = -1

    (finding,) = inspect(changed).findings

    assert (finding.level, finding.code, finding.params["total"]) == ("WARNING", "SUM", "40805")


@pytest.mark.parametrize(("stated", "warned"), [(18576, False), (18577, False), (18580, True), (-18577, False)])
def test_a_contribution_may_be_rounded_and_have_either_sign(stated: int, warned: bool) -> None:
    changed = message()
    changed["leveranse"]["oppgave"]["betalingsinformasjon"]["sumArbeidsgiveravgift"] = stated

    assert [code for _level, code, _path in found(changed)] == (["SUM"] if warned else [])


def test_a_contribution_with_kinds_that_no_example_shows_is_not_added_up() -> None:
    changed = message()
    unit = changed["leveranse"]["oppgave"]["virksomhet"][0]
    unit["arbeidsgiveravgift"]["tilskuddOgPremieTilPensjon"] = [{"avgiftsgrunnlagBeloep": 100}]
    changed["leveranse"]["oppgave"]["betalingsinformasjon"]["sumArbeidsgiveravgift"] = 1

    assert found(changed) == []


@pytest.mark.parametrize("content", [b"[1]", b'{"leveranse": [{}]}', b'{"leveranse": 1}', b'{"oppgave": {}}'])
def test_json_of_another_shape_has_no_role(content: bytes) -> None:
    report = inspect(content)

    assert (report.role, [finding.code for finding in report.findings]) == ("", ["NOT_A_MESSAGE"])


HOSTILE = [1, "x", None, [], [1], {"a": 1}, {"loennOgGodtgjoerelse": 7}, [[{}]], 1e300, "9" * 400, True]


@pytest.mark.parametrize("where", ["oppgave", "virksomhet", "inntektsmottaker", "arbeidsgiveravgift", "forskuddstrekk"])
@pytest.mark.parametrize("value", HOSTILE, ids=str)
def test_a_value_of_any_form_in_any_place_is_at_most_a_finding(where: str, value: Any) -> None:
    changed = message()
    oppgave = changed["leveranse"]["oppgave"]
    unit = oppgave["virksomhet"][0]
    places = {"oppgave": changed["leveranse"], "virksomhet": oppgave, "forskuddstrekk": unit["inntektsmottaker"][0]}
    places.get(where, unit)[where] = value

    report = inspect(changed)

    assert report.role == "MESSAGE"
    assert all(ADAPTER.render(finding) for finding in report.findings)
    assert ADAPTER.summary([report], {"MESSAGE": 1})


def test_no_national_identity_number_is_in_a_finding_or_in_the_summary() -> None:
    changed = message()
    people = changed["leveranse"]["oppgave"]["virksomhet"][0]["inntektsmottaker"]
    numbers = [person["norskIdentifikator"] for person in people]
    people[0]["norskIdentifikator"] = numbers[1] + "0"
    people[1]["forskuddstrekk"][0]["beloep"] = numbers[2]

    report = inspect(changed)
    said = " ".join(f"{f.params}{f.path}{ADAPTER.render(f)}" for f in report.findings)

    assert report.findings
    assert not any(number in said + str(report.facts) + str(ADAPTER.summary([report], {})) for number in numbers)


# beside the other messages of the month


def beside(value: Any, *others: Delivered, corrects: str = "") -> list[tuple[str, str]]:
    about = replace(ABOUT, delivered=others, corrects=corrects)
    return [(f.level.value, f.code) for f in ADAPTER.check([inspect(value)], about)]


def with_ids(own: str, replaces: str = "") -> Any:
    changed = message()
    changed["leveranse"] |= {"meldingsId": own, **({"erstatterMeldingsId": replaces} if replaces else {})}
    return changed


STANDING, FALLEN = Delivered(FIRST, stands=True), Delivered(FIRST)


@pytest.mark.parametrize(
    ("value", "others", "corrects", "expected"),
    [
        (with_ids(SECOND), [], "", []),
        (with_ids(SECOND, FIRST), [STANDING], "", []),
        (with_ids(SECOND, FIRST), [STANDING], FIRST, []),
        (with_ids(SECOND.upper(), FIRST), [STANDING], FIRST, []),
        (with_ids(FIRST), [FALLEN], "", [("ERROR", "USED_ID")]),
        (with_ids(SECOND), [STANDING], "", [("WARNING", "COMES_BESIDE")]),
        (with_ids(SECOND), [STANDING], FIRST, [("ERROR", "MUST_REPLACE")]),
        (with_ids(SECOND), [FALLEN], FIRST, []),
        (with_ids(SECOND, FIRST), [FALLEN], FIRST, [("WARNING", "REPLACES_FALLEN")]),
        (with_ids(SECOND, UNKNOWN), [STANDING], "", [("WARNING", "REPLACES_UNKNOWN")]),
        (with_ids(SECOND, SECOND), [], "", [("ERROR", "REPLACES_ITSELF"), ("WARNING", "REPLACES_UNKNOWN")]),
    ],
)
def test_a_message_is_compared_with_the_others_of_the_month(
    value: Any, others: list[Delivered], corrects: str, expected: list[tuple[str, str]]
) -> None:
    assert beside(value, *others, corrects=corrects) == expected


def test_each_finding_beside_the_others_names_the_id_that_is_meant() -> None:
    about = replace(ABOUT, delivered=(STANDING,), corrects=FIRST)

    (finding,) = ADAPTER.check([inspect(with_ids(SECOND))], about)

    assert f"erstatterMeldingsId {FIRST}" in ADAPTER.render(finding)


def test_a_submission_is_one_file() -> None:
    reports = [inspect(message()), FileReport("", file="x.json"), inspect(message())]

    assert [finding.code for finding in ADAPTER.check(reports, ABOUT)] == ["MANY_FILES"]


# the schema for those who make the files


def test_the_schema_requires_the_ids_the_month_and_the_content() -> None:
    delivery = ADAPTER.schema({})["properties"]["leveranse"]

    assert delivery["required"] == ["kalendermaaned", "meldingsId", "oppgave", "opplysningspliktig"]
    assert delivery["properties"]["opplysningspliktig"]["required"] == ["norskIdentifikator"]
    assert "erstatterMeldingsId" in delivery["properties"]


def test_the_schema_describes_every_field_of_the_example_with_its_type() -> None:
    assert list(undescribed(message(), ADAPTER.schema({}))) == []


def undescribed(value: Any, node: dict[str, Any], path: str = "") -> Iterator[str]:
    """Paths of values whose type is not the one that the schema says. Fields that the schema does not name may be there."""
    types = {"object": dict, "array": list, "string": str, "number": int | float, "boolean": bool}
    if not isinstance(value, types[node["type"]]):
        yield path
    elif isinstance(value, dict):
        for name, below in node.get("properties", {}).items():
            if name in value:
                yield from undescribed(value[name], below, f"{path}.{name}")
    elif isinstance(value, list):
        for entry in value:
            yield from undescribed(entry, node["items"], path)
