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


def change(rig: Rig, orgnr: str, **fields: Any) -> None:
    reply = rig.http.post("/control/organisations", json={"orgnr": orgnr, "name": "Rask Tiger AS", **fields})
    assert reply.status_code == 201


def feed(rig: Rig, kind: str = "enheter", **query: Any) -> list[dict[str, Any]]:
    embedded = get(rig, f"/oppdateringer/{kind}", **query).json().get("_embedded", {})
    return embedded.get("oppdaterteEnheter" if kind == "enheter" else "oppdaterteUnderenheter", [])


def test_each_change_is_an_entry_of_the_feed_with_what_happened(rig: Rig) -> None:
    new = "312345676"
    change(rig, new)
    change(rig, new, registry={"konkurs": True})
    change(rig, new, registry={"konkurs": True}, persons=[{"name": "Kari Nordmann", "roles": ["DAGL"]}])  # roles alone
    change(rig, new, registry={"slettedato": "2026-11-22"})
    change(rig, new, registry={"fjernet": True})

    entries = feed(rig)

    assert [entry["endringstype"] for entry in entries] == ["Ny", "Endring", "Sletting", "Fjernet"]
    assert {entry["organisasjonsnummer"] for entry in entries} == {new}
    assert entries[0]["dato"] == "2026-11-23T12:00:00.000Z"
    assert entries[0]["_links"]["enhet"]["href"].endswith(f"{BASE}/enheter/{new}")
    assert feed(rig, "underenheter") == []


def test_sub_units_have_a_feed_of_their_own(rig: Rig) -> None:
    change(rig, SUB_UNIT, main_unit=CUSTOMER, registry={"slettedato": "2026-11-22"})

    (entry,) = feed(rig, "underenheter")

    assert entry["_links"]["underenhet"]["href"].endswith(f"{BASE}/underenheter/{SUB_UNIT}")
    assert feed(rig) == []


def test_the_feed_goes_on_from_an_id_or_a_time_both_included(rig: Rig) -> None:
    for number in range(3):
        change(rig, CUSTOMER, name=f"Navn {number} AS")
    ids = [entry["oppdateringsid"] for entry in feed(rig)]

    assert [entry["oppdateringsid"] for entry in feed(rig, oppdateringsid=ids[1], size=1)] == [ids[1]]
    assert [entry["oppdateringsid"] for entry in feed(rig, size=2, page=1)] == [ids[2]]
    assert len(feed(rig, dato="2026-11-23T12:00:00.000Z")) == 3
    assert feed(rig, dato="2026-11-23T12:00:00.001Z") == []
    assert feed(rig, organisasjonsnummer=OTHER) == []
    assert "_embedded" not in get(rig, "/oppdateringer/enheter", oppdateringsid=ids[2] + 1).json()


@pytest.mark.parametrize(
    "query",
    [
        {"size": "10001"}, {"size": "0"}, {"size": "5000", "page": "2"}, {"oppdateringsid": "0"}, {"oppdateringsid": "x"},
        {"dato": "i går"}, {"dato": "2026-11-23"}, {"dato": ""}, {"organisasjonsnummer": "12"},
    ],
)  # fmt: skip
def test_a_wrong_question_to_the_feed_is_400_and_names_the_parameter(rig: Rig, query: dict[str, str]) -> None:
    response = get(rig, "/oppdateringer/enheter", **query)

    assert response.status_code == 400
    assert response.json()["feilmelding"] == "Feilaktig forespørsel"
    assert response.json()["valideringsfeil"][0]["parametere"][0] in query
