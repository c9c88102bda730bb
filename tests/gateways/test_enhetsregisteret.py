"""Enhetsregisteret: who an organisation is, or that nobody there knows it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from portal.gateways.enhetsregisteret import MAIN, SUB, Enhetsregisteret, RoleHolder, Update
from portal.gateways.errors import BrokenReply, Refused
from tests.gateways.remote import Remote

BASE = "https://data.brreg.test/api"
GATEWAY = Enhetsregisteret(base_url=BASE)
ORGNR = "310987654"
UNIT: dict[str, Any] = {
    "organisasjonsnummer": ORGNR, "navn": "NORDLYS AS", "organisasjonsform": {"kode": "AS"}, "maalform": "Nynorsk",
    "forretningsadresse": {"adresse": ["Sandgata 1"], "postnummer": "0150", "poststed": "OSLO"}, "konkurs": True,
}  # fmt: skip


def test_a_unit_is_read(remote: Remote) -> None:
    remote.says(UNIT)

    unit = GATEWAY.unit(ORGNR)

    assert unit is not None
    assert (unit.orgnr, unit.name, unit.form, unit.address) == (ORGNR, "NORDLYS AS", "AS", "Sandgata 1, 0150 OSLO")
    assert (unit.language, unit.is_bankrupt, unit.is_deleted, unit.main_unit) == ("nn", True, False, "")


def test_a_sub_unit_is_looked_for_where_main_units_are_not(remote: Remote) -> None:
    remote.says(status=404)
    remote.says({**UNIT, "overordnetEnhet": "310123455"})

    unit = GATEWAY.unit(ORGNR)

    assert unit is not None
    assert unit.main_unit == "310123455"
    assert [str(r.url) for r in remote.requests] == [f"{BASE}/enheter/{ORGNR}", f"{BASE}/underenheter/{ORGNR}"]


def test_an_organisasjonsledd_with_a_parent_is_no_sub_unit(remote: Remote) -> None:
    remote.says({**UNIT, "organisasjonsform": {"kode": "ORGL"}, "overordnetEnhet": "310200009"})

    unit = GATEWAY.unit(ORGNR)

    assert unit is not None
    assert (unit.form, unit.main_unit) == ("ORGL", "")


def test_many_numbers_are_asked_for_in_two_searches(remote: Remote) -> None:
    remote.says({"_embedded": {"enheter": [UNIT]}})
    remote.says({"_embedded": {"underenheter": [{**UNIT, "overordnetEnhet": "310123455"}]}})

    units = GATEWAY.units([ORGNR, "310123455"])

    assert [unit.main_unit for unit in units] == ["", "310123455"]
    assert dict(remote.asked.url.params)["organisasjonsnummer"] == f"{ORGNR},310123455"


ENTRY = {
    "oppdateringsid": 25255241,
    "dato": "2026-09-14T04:05:11.193Z",
    "organisasjonsnummer": ORGNR,
    "endringstype": "Ukjent",
}
SINCE = datetime(2026, 11, 20, 8, 30, tzinfo=UTC)


@pytest.mark.parametrize(("kind", "name"), [(MAIN, "oppdaterteEnheter"), (SUB, "oppdaterteUnderenheter")])
def test_updates_are_read_from_an_id_on(remote: Remote, kind: str, name: str) -> None:
    remote.says({"_embedded": {name: [ENTRY]}, "page": {"totalElements": 1}})

    updates = GATEWAY.updates(kind, first=25255241, since=SINCE, size=50)

    assert updates == [Update(id=25255241, orgnr=ORGNR)]
    assert str(remote.asked.url) == f"{BASE}/oppdateringer/{kind}?oppdateringsid=25255241&size=50"


def test_updates_without_an_id_are_read_from_a_time_on_and_none_have_no_list(remote: Remote) -> None:
    remote.says({"page": {"totalElements": 0}})

    assert GATEWAY.updates(MAIN, first=None, since=SINCE, size=50) == []
    assert dict(remote.asked.url.params) == {"dato": "2026-11-20T08:30:00.000Z", "size": "50"}


@pytest.mark.parametrize("entry", [{}, {**ENTRY, "oppdateringsid": "x"}, 7])
def test_updates_of_another_shape_are_a_broken_reply(remote: Remote, entry: Any) -> None:
    remote.says({"_embedded": {"oppdaterteEnheter": [entry]}})

    with pytest.raises(BrokenReply):
        GATEWAY.updates(MAIN, first=None, since=SINCE, size=50)


@pytest.mark.parametrize("field", ["underRekonstruksjonsforhandlingDato", "underRekonstruksjonsforhandling"])
def test_a_reconstruction_is_read_from_its_date_or_a_flag(remote: Remote, field: str) -> None:
    remote.says({**UNIT, field: "2026-11-01" if field.endswith("Dato") else True})

    unit = GATEWAY.unit(ORGNR)

    assert unit is not None
    assert unit.is_restructuring


def test_an_unknown_number_is_none(remote: Remote) -> None:
    remote.says(status=404)

    assert GATEWAY.unit(ORGNR) is None


def test_a_unit_removed_for_legal_reasons_is_hidden_and_not_deleted(remote: Remote) -> None:
    remote.says(status=410)

    unit = GATEWAY.unit(ORGNR)

    assert unit is not None
    assert (unit.orgnr, unit.is_hidden, unit.is_deleted, unit.name) == (ORGNR, True, False, "")


def test_a_number_that_is_none_is_a_refusal(remote: Remote) -> None:
    remote.says(status=400)

    with pytest.raises(Refused):
        GATEWAY.unit("12")


def test_roles_give_names_of_those_who_hold_them_now(remote: Remote) -> None:
    person = {"navn": {"fornavn": "Kari", "mellomnavn": "Aas", "etternavn": "Nordmann"}, "fodselsdato": "1980-01-01"}
    manager = {"type": {"kode": "DAGL"}, "person": person, "fratraadt": False}
    firm = {"type": {"kode": "REGN"}, "enhet": {"organisasjonsnummer": "311111116", "navn": ["REGNSKAP", "AS"]}}
    left = [{**manager, "fratraadt": True}, {**manager, "avregistrert": True}]
    remote.says({"rollegrupper": [{"roller": [manager, *left]}, {"roller": [firm]}]})

    holders = GATEWAY.roles(ORGNR)

    assert holders == [RoleHolder("DAGL", "Kari Aas Nordmann", ""), RoleHolder("REGN", "REGNSKAP AS", "311111116")]


@pytest.mark.parametrize("status", [404, 410])
def test_an_unknown_unit_has_no_roles(remote: Remote, status: int) -> None:
    remote.says(status=status)

    assert GATEWAY.roles(ORGNR) == []


def test_a_search_by_name_may_find_nothing(remote: Remote) -> None:
    remote.says({"page": {"totalElements": 0}})

    assert GATEWAY.search("ødegård & sønn", size=5) == []
    assert dict(remote.asked.url.params) == {"navn": "ødegård & sønn", "size": "5"}


def test_a_search_by_name_finds_units(remote: Remote) -> None:
    remote.says({"_embedded": {"enheter": [UNIT]}})

    assert [unit.name for unit in GATEWAY.search("nordlys")] == ["NORDLYS AS"]


@pytest.mark.parametrize("payload", [[1], {"navn": "x"}, "x"])
def test_a_unit_of_another_shape_is_a_broken_reply(remote: Remote, payload: Any) -> None:
    remote.says(payload)

    with pytest.raises(BrokenReply):
        GATEWAY.unit(ORGNR)


@pytest.mark.parametrize("payload", [[], {"_embedded": {"enheter": 5}}])
def test_a_search_of_another_shape_is_a_broken_reply(remote: Remote, payload: Any) -> None:
    remote.says(payload)

    with pytest.raises(BrokenReply):
        GATEWAY.search("x")
