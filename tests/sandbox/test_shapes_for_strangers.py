"""The shapes that published clients of others read, field by field: a client that is strict must be able to read them."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import pytest

from portal.sandbox.state import Person

from .tax_rig import CUSTOMER, OTHER, SUB_UNIT, Rig

BASE = "/brreg/enhetsregisteret/api"
BOOLEANS = {
    "registrertIMvaregisteret", "registrertIForetaksregisteret", "registrertIStiftelsesregisteret",
    "registrertIFrivillighetsregisteret", "harRegistrertAntallAnsatte", "konkurs", "underAvvikling",
    "underTvangsavviklingEllerTvangsopplosning",
}  # fmt: skip


@pytest.fixture
def rig() -> Rig:
    return Rig()


def get(rig: Rig, path: str) -> dict[str, Any]:
    answer = rig.http.get(f"{BASE}{path}")
    body: dict[str, Any] = answer.json()
    return body


def test_a_unit_has_every_field_that_the_documentation_says_is_always_there(rig: Rig) -> None:
    unit = get(rig, f"/enheter/{CUSTOMER}")

    assert {name for name in BOOLEANS if isinstance(unit[name], bool)} == BOOLEANS
    assert date.fromisoformat(unit["registreringsdatoEnhetsregisteret"])
    assert date.fromisoformat(unit["stiftelsesdato"])
    assert re.fullmatch(r"[0-9]{2}\.[0-9]{3}", unit["naeringskode1"]["kode"])
    assert set(unit["institusjonellSektorkode"]) == {"kode", "beskrivelse"}
    assert unit["respons_klasse"] == "Enhet"


def test_a_sub_unit_has_the_fields_of_a_sub_unit_alone(rig: Rig) -> None:
    unit = get(rig, f"/underenheter/{SUB_UNIT}")

    assert unit["overordnetEnhet"] == CUSTOMER
    assert date.fromisoformat(unit["oppstartsdato"])
    assert unit["beliggenhetsadresse"]["kommunenummer"] == "0301"
    assert not {"konkurs", "forretningsadresse", "registrertIForetaksregisteret"} & set(unit)
    assert unit["respons_klasse"] == "Underenhet"


def test_a_deleted_unit_is_short(rig: Rig) -> None:
    rig.app.state.organisations[OTHER].registry = {"slettedato": "2025-01-31"}

    unit = get(rig, f"/enheter/{OTHER}")

    assert set(unit) == {"organisasjonsnummer", "navn", "organisasjonsform", "slettedato", "respons_klasse", "_links"}
    assert (unit["respons_klasse"], unit["slettedato"]) == ("SlettetEnhet", "2025-01-31")


def test_the_board_is_one_group_and_every_role_says_whether_it_is_deregistered(rig: Rig) -> None:
    organisation = rig.app.state.organisations[CUSTOMER]
    organisation.persons = [
        Person(name="Kari Berg", roles=["DAGL", "MEDL"]), Person(name="Ola Vik", roles=["LEDE", "ansatt"]),
    ]  # fmt: skip
    organisation.accountant = OTHER

    groups = get(rig, f"/enheter/{CUSTOMER}/roller")["rollegrupper"]

    by_code = {g["type"]["kode"]: [r["type"]["kode"] for r in g["roller"]] for g in groups}
    assert by_code == {"DAGL": ["DAGL"], "STYR": ["MEDL", "LEDE"], "REGN": ["REGN"]}
    assert {g["type"]["kode"]: g["type"]["beskrivelse"] for g in groups}["STYR"] == "Styre"
    assert all(r["avregistrert"] is False and r["fratraadt"] is False for g in groups for r in g["roller"])
    assert all(date.fromisoformat(g["sistEndret"]) for g in groups)
    leader = next(r for g in groups for r in g["roller"] if r["type"]["kode"] == "LEDE")
    assert leader["person"]["navn"] == {"fornavn": "Ola", "etternavn": "Vik"}
    assert date.fromisoformat(leader["person"]["fodselsdato"])
    assert leader["person"]["erDoed"] is False


def test_reason_phrases_are_written_as_in_the_standard(rig: Rig) -> None:
    assert rig.http.get(f"{BASE}/enheter/abc").reason_phrase == "Bad Request"
    assert rig.http.get("/platform/dialogporten/api/v1/enduser/dialogs").reason_phrase == "Unauthorized"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "https://elsewhere.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Host": "elsewhere.example"}, 403),
        ({"Host": "["}, 403),
        ({"Origin": "http://localhost:8901", "Host": "localhost:8901"}, 200),
        ({"Host": "127.0.0.1:8901"}, 200),
        ({"Host": "127.0.0.1.elsewhere.example"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "same-origin"}, 200),
        ({"Content-Type": "text/plain"}, 415),
        ({"Content-Type": "application/x-www-form-urlencoded"}, 415),
        ({"Content-Type": "multipart/form-data; boundary=x"}, 415),
        ({"Content-Type": ""}, 415),
        ({"Content-Type": "application/json; charset=utf-8"}, 200),
        ({}, 200),
    ],
)
def test_control_obeys_no_page_of_another_site(rig: Rig, headers: dict[str, str], status: int) -> None:
    given = {"Content-Type": "application/json", **headers}
    before = rig.app.clock.dump()

    answer = rig.http.post("/control/clock/advance", content='{"seconds": 1}', headers=given)

    assert answer.status_code == status
    assert (rig.app.clock.dump() != before) is (status == 200)


@pytest.mark.parametrize("path", ["/control/play", "/am-ui/accessmanagement/ui/systemuser/request"])
@pytest.mark.parametrize(
    "headers",
    [{"Origin": "https://elsewhere.example"}, {"Host": "elsewhere.example"}, {"Sec-Fetch-Site": "cross-site"}],
)
def test_a_page_obeys_no_form_of_another_site(rig: Rig, path: str, headers: dict[str, str]) -> None:
    answer = rig.http.post(path, data={"call": "POST /control/reset"}, headers=headers)

    assert answer.status_code == 403


@pytest.mark.parametrize("path", ["/control", "/control/clients", "/"])
def test_no_other_site_shows_or_loads_what_control_says(rig: Rig, path: str) -> None:
    headers = rig.http.get(path).headers

    assert headers["X-Frame-Options"] == "DENY"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
