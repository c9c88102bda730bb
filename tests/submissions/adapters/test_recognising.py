"""What each way of working recognises: every service of the catalogue by its own files, and never one of two."""

from __future__ import annotations

import json
from typing import Any

import pytest

from submissions.adapters import ADAPTERS, ANSWERING, adapter
from submissions.adapters.base import About, Entry, Match, NamedFile, Recognition
from submissions.period import Period, PeriodKind
from submissions.services import catalogue
from submissions.services.catalogue import Service

ORGNR, YEAR = "310987654", 2025
SHARES, HOUSING = "innrapportering-aksjonaerregisteroppgave", "innrapportering-boligsameie"
SERVICES = [service for service in catalogue.services() if service.adapter in ADAPTERS.keys() - ANSWERING]
GLD = [service for service in SERVICES if service.adapter == "gld_json"]


def period_of(service: Service, year: int) -> Period:
    return Period.read(f"{year}-03") if service.period == PeriodKind.MONTH else Period.year(year)


def files_of(service: Service, *, year: int = YEAR) -> list[NamedFile]:
    about = About(ORGNR, period_of(service, year), service.id, service.options)
    return adapter(service.adapter).examples(about, name="Nordlys AS", wrong=False)


def asked(file: NamedFile, way: str) -> Recognition:
    entries = [Entry(service.id, service.options) for service in SERVICES if service.adapter == way]
    return adapter(way).recognise(file, entries)


def services_of(recognition: Recognition) -> set[str]:
    return {match.service for match in recognition.matches}


def message(**changes: Any) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(files_of(catalogue.service(HOUSING))[0].content)
    value["leveranse"] |= changes
    return value


def as_file(value: Any) -> NamedFile:
    return NamedFile("fil.json", json.dumps(value).encode())


@pytest.mark.parametrize("service", SERVICES, ids=str)
def test_the_files_of_a_service_are_recognised_as_its_own(service: Service) -> None:
    for file in files_of(service):
        answer = asked(NamedFile("uten-navn", file.content), service.adapter)

        assert answer.finding is None
        assert service.id in services_of(answer)
        assert {match.orgnr for match in answer.matches} == {ORGNR}
        assert {str(match.period) for match in answer.matches} == {str(period_of(service, YEAR))}


def fields_of(value: Any, path: str = "") -> set[str]:
    if isinstance(value, dict):
        return {name for key, below in value.items() for name in fields_of(below, f"{path}.{key}".lstrip("."))}
    return {name for entry in value for name in fields_of(entry, path)} if isinstance(value, list) else {path}


@pytest.mark.parametrize("service", GLD, ids=str)
def test_another_service_is_only_possible_when_it_has_every_field_of_the_file(service: Service) -> None:
    (file,) = files_of(service)
    delivery = json.loads(file.content)["leveranse"]
    first = delivery[0] if isinstance(delivery, list) else delivery
    for name in service.options["items"].split("."):
        first = first[name]

    others = services_of(asked(file, "gld_json")) - {service.id}

    for other in map(catalogue.service, others):
        known = {name.replace("[]", "") for name in other.options["item"]}
        assert (other.options["items"], fields_of(first) - known) == (service.options["items"], set())


@pytest.mark.parametrize("way", sorted(ADAPTERS))
@pytest.mark.parametrize("content", [b"", b"%PDF-1.7", b"{", b"<Skjema", b"\x00" * 40, b'"\\ud800"'])
def test_what_cannot_be_read_gives_a_finding_with_a_text_or_nothing(way: str, content: bytes) -> None:
    answer = asked(NamedFile("fil", content), way)

    assert answer.matches == ()
    assert answer.finding is None or adapter(way).render(answer.finding) not in ("", answer.finding.code)


def test_the_form_of_another_report_is_readable_and_no_match() -> None:
    for content in (b"<melding xmlns='urn:x'/>", b"<Skjema skjemanummer='1'/>", b"<Skjema/>"):
        assert asked(NamedFile("a.xml", content), "rf1086") == Recognition()


def test_main_form_and_sub_forms_say_the_same_company_and_year() -> None:
    files = files_of(catalogue.service(SHARES), year=2024)

    matches = [asked(file, "rf1086").matches for file in files]

    assert {match[0].role for match in matches} == {"MAIN", "PART"}
    assert {(match[0].orgnr, str(match[0].period)) for match in matches} == {(ORGNR, "2024")}


def test_a_message_with_a_misspelt_field_is_still_its_services() -> None:
    value = message()
    for item in value["leveranse"]["oppgave"]:
        item["matrikkelnumer"] = item.pop("matrikkelnummer")

    found = services_of(asked(as_file(value), "gld_json"))

    assert HOUSING in found


def test_a_message_without_items_fits_every_service_that_has_single_messages() -> None:
    value = message(leveransetype="ingenoppgaver")
    del value["leveranse"]["oppgave"], value["leveranse"]["oppgaveoppsummering"]

    found = services_of(asked(as_file(value), "gld_json"))

    assert {HOUSING} < found
    assert "innrapportering-boligselskap" not in found


def test_of_two_organisations_or_years_in_one_file_none_is_chosen() -> None:
    one, two = (message(oppgavegiver={"organisasjonsnummer": number})["leveranse"] for number in (ORGNR, "310123455"))
    two["inntektsaar"] = YEAR - 1

    matches = asked(as_file({"leveranse": [one, two]}), "gld_json").matches

    assert {(match.orgnr, match.period) for match in matches} == {("", None)}


def test_a_number_with_wrong_check_digits_is_no_organisation() -> None:
    matches = asked(as_file(message(oppgavegiver={"organisasjonsnummer": "310987655"})), "gld_json").matches

    assert [match.orgnr for match in matches] == ["" for _match in matches]
    assert Match(HOUSING, "", Period.year(YEAR), "MESSAGE") in matches


def test_other_json_is_readable_and_no_match() -> None:
    deliveries: list[Any] = [[], 3, {"oppgave": [{"helt": {"annet": 1}}]}]
    for value in ([], {}, *({"leveranse": one} for one in deliveries)):
        assert asked(as_file(value), "gld_json").matches == ()
