"""Enhetsregisteret's open API as the sandbox imitates it."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from portal.sandbox.state import Person

from .tax_rig import CUSTOMER, OTHER, SUB_UNIT, Rig

BASE = "/brreg/enhetsregisteret/api"


@pytest.fixture
def rig() -> Rig:
    return Rig()


def get(rig: Rig, path: str, **query: Any) -> httpx.Response:
    return rig.http.get(f"{BASE}{path}", params=query)


def numbers(response: httpx.Response, kind: str = "enheter") -> list[str]:
    return [unit["organisasjonsnummer"] for unit in response.json().get("_embedded", {}).get(kind, [])]


def test_a_known_number_gives_the_fields_that_vendors_store(rig: Rig) -> None:
    unit = get(rig, f"/enheter/{CUSTOMER}").json()

    assert unit["navn"] == "RASK TIGER AS"
    assert unit["organisasjonsform"]["kode"] == "AS"
    assert {"forretningsadresse", "naeringskode1", "antallAnsatte", "konkurs", "stiftelsesdato", "maalform"} <= set(
        unit
    )


def test_an_unknown_number_is_404(rig: Rig) -> None:
    assert get(rig, "/enheter/312345676").status_code == 404


def test_a_removed_organisation_is_410(rig: Rig) -> None:
    rig.app.state.organisations[OTHER].registry = {"fjernet": True, "slettedato": "2024-05-06"}

    response = get(rig, f"/enheter/{OTHER}")

    assert response.status_code == 410
    assert response.json()["slettedato"] == "2024-05-06"


def test_what_is_no_number_is_400_with_a_sentence(rig: Rig) -> None:
    response = get(rig, "/enheter/abc")

    assert response.status_code == 400
    assert "9 sifre" in response.json()["feilmelding"]


def test_a_tester_can_make_an_organisation_bankrupt(rig: Rig) -> None:
    rig.app.state.organisations[OTHER].registry = {"konkurs": True, "konkursdato": "2026-02-03"}

    unit = get(rig, f"/enheter/{OTHER}").json()

    assert (unit["konkurs"], unit["konkursdato"]) == (True, "2026-02-03")


def test_a_sub_unit_is_found_among_sub_units_alone_and_names_its_main_unit(rig: Rig) -> None:
    result = get(rig, f"/underenheter/{SUB_UNIT}").json()

    assert result["overordnetEnhet"] == CUSTOMER
    assert get(rig, f"/enheter/{SUB_UNIT}").status_code == 404
    assert get(rig, f"/underenheter/{CUSTOMER}").status_code == 404


def test_search_by_the_beginnings_of_words_in_a_name(rig: Rig) -> None:
    assert numbers(get(rig, "/enheter", navn="ti rask")) == [CUSTOMER]
    assert numbers(get(rig, "/enheter", navn="iger")) == []


def test_search_by_several_numbers_in_one_call(rig: Rig) -> None:
    response = get(rig, "/enheter", organisasjonsnummer=f"{CUSTOMER},{OTHER},312345676")

    assert numbers(response) == [CUSTOMER, OTHER]
    assert response.json()["page"]["totalElements"] == 2


def test_search_goes_page_by_page(rig: Rig) -> None:
    first, second = get(rig, "/enheter", size=1), get(rig, "/enheter", size=1, page=1)

    assert numbers(first) + numbers(second) == [CUSTOMER, OTHER]
    assert first.json()["page"] == {"size": 1, "totalElements": 2, "totalPages": 2, "number": 0}


@pytest.mark.parametrize("query", [{"size": "0"}, {"page": "x"}, {"size": "10001"}, {"organisasjonsnummer": "12"}])
def test_a_wrong_question_is_400_with_a_sentence(rig: Rig, query: dict[str, str]) -> None:
    response = get(rig, "/enheter", **query)

    assert response.status_code == 400
    assert response.json()["feilmelding"]


def test_search_among_sub_units(rig: Rig) -> None:
    assert numbers(get(rig, "/underenheter", navn="rask"), "underenheter") == [SUB_UNIT]


def test_roles_name_persons_with_birth_dates_and_units(rig: Rig) -> None:
    organisation = rig.app.state.organisations[CUSTOMER]
    organisation.persons = [Person(name="Kari Nordmann", roles=["DAGL", "ansatt"])]
    organisation.accountant = OTHER

    groups = {
        group["type"]["kode"]: group["roller"]
        for group in get(rig, f"/enheter/{CUSTOMER}/roller").json()["rollegrupper"]
    }

    assert groups["DAGL"][0]["person"]["navn"] == {"fornavn": "Kari", "etternavn": "Nordmann"}
    assert groups["REGN"][0]["enhet"]["organisasjonsnummer"] == OTHER
    assert set(groups) == {"DAGL", "REGN"}
