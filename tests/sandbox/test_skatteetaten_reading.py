"""Krav og betalinger, and frister: what the contract has of them, and the refusals."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.sandbox.tax_rig import CUSTOMER, OTHER, Rig

CLAIMS, CLAIMS_SCOPE = "/skatteetaten/kravogbetalinger/v1/regnskapssystem", "skatteetaten:kravogbetalinger"
FRISTER, FRISTER_SCOPE = "/skatteetaten/frister/v1/regnskapssystem", "skatteetaten:frister"
YEAR = {"fraOgMed": "2025-01-01", "tilOgMed": "2025-12-31"}


@pytest.fixture
def rig() -> Rig:
    made = Rig()
    user = next(iter(made.app.state.system_users.values()))
    user.rights = ["ske-krav-og-betalinger", "sandbox-frister"]
    return made


def get(rig: Rig, path: str, scope: str, params: Any = None, **headers: str) -> httpx.Response:
    return rig.http.get(path, params=params, headers={**rig.headers(scope), **headers})


def test_open_claims_have_the_documented_fields(rig: Rig) -> None:
    payload = get(rig, f"{CLAIMS}/{CUSTOMER}/aapnekrav", CLAIMS_SCOPE).json()

    assert set(payload) == {
        "partIdentifikator", "skjermet", "aapentKravMedGjenstaaendeBeloep", "innbetalingMedUplassertBeloep",
        "totalOversikt", "oversiktPerKravgruppe",
    }  # fmt: skip


def test_claims_and_payments_are_those_of_the_period(rig: Rig) -> None:
    whole = get(rig, f"{CLAIMS}/{CUSTOMER}/krav", CLAIMS_SCOPE, YEAR).json()
    spring = get(rig, f"{CLAIMS}/{CUSTOMER}/krav", CLAIMS_SCOPE, {**YEAR, "tilOgMed": "2025-03-31"}).json()
    paid = get(rig, f"{CLAIMS}/{CUSTOMER}/innbetalinger", CLAIMS_SCOPE, YEAR).json()

    assert whole["periode"] == YEAR
    assert (len(whole["krav"]), len(spring["krav"]), len(paid["innbetalinger"])) == (3, 1, 2)


REFUSED: list[tuple[str, str, Any, dict[str, str], tuple[int, str]]] = [
    (f"{CLAIMS}/{CUSTOMER}/krav", CLAIMS_SCOPE, {**YEAR, "tilOgMed": "2026-01-01"}, {}, (400, "KB-006")),
    (f"{CLAIMS}/{CUSTOMER}/krav", CLAIMS_SCOPE, {"fraOgMed": "2025-01-01"}, {}, (400, "KB-006")),
    (f"{CLAIMS}/12/aapnekrav", CLAIMS_SCOPE, None, {}, (400, "KB-006")),
    (f"{CLAIMS}/{CUSTOMER}/utbetalinger", CLAIMS_SCOPE, YEAR, {}, (404, "KB-007")),
    (f"{CLAIMS}/{CUSTOMER}/aapnekrav", CLAIMS_SCOPE, None, {"Accept": "text/csv"}, (406, "KB-008")),
    (f"{CLAIMS}/999999999/aapnekrav", CLAIMS_SCOPE, None, {}, (404, "KB-009")),
    (f"{CLAIMS}/{OTHER}/aapnekrav", CLAIMS_SCOPE, None, {}, (403, "KB-005")),
    (f"{CLAIMS}/{CUSTOMER}/aapnekrav", "skatteetaten:frister", None, {}, (403, "KB-005")),
    (f"{CLAIMS}/{CUSTOMER}/aapnekrav", CLAIMS_SCOPE, None, {"Authorization": "Bearer x"}, (401, "KB-004")),
    (f"{CLAIMS.replace('regnskapssystem', 'finans')}/{CUSTOMER}/aapnekrav", CLAIMS_SCOPE, None, {}, (403, "KB-005")),
    (f"{CLAIMS}/{CUSTOMER}/krav/x", CLAIMS_SCOPE, None, {}, (404, "KB-003")),
    (f"{FRISTER}/{OTHER}", FRISTER_SCOPE, None, {}, (403, "FRI-005")),
    (f"{FRISTER}/{CUSTOMER}", FRISTER_SCOPE, None, {"Accept": "application/xml"}, (406, "FRI-008")),
    (f"{FRISTER}/{CUSTOMER}", FRISTER_SCOPE, None, {"Authorization": ""}, (401, "FRI-004")),
    (f"{FRISTER}/x", FRISTER_SCOPE, None, {}, (400, "FRI-006")),
]


@pytest.mark.parametrize("call", REFUSED, ids=lambda call: f"{call[0]} {call[4][1]}")
def test_refusals_have_the_published_codes(
    rig: Rig, call: tuple[str, str, Any, dict[str, str], tuple[int, str]]
) -> None:
    path, scope, params, headers, answer = call

    reply = get(rig, path, scope, params, **headers)

    assert (reply.status_code, reply.json()["kode"]) == answer


def test_deadlines_are_listed_by_source(rig: Rig) -> None:
    payload = get(rig, f"{FRISTER}/{CUSTOMER}", FRISTER_SCOPE).json()

    assert payload["virksomhet"] == CUSTOMER
    assert [source["kilde"] for source in payload["kilder"]] == ["mva", "skattemelding"]
    assert set(payload["kilder"][0]["frister"][0]) == {"tittel", "aktivitetsbeskrivelse", "aktivitetstype", "frist"}


def test_an_organisation_without_deadlines_is_404_and_one_source_may_fail(rig: Rig) -> None:
    user = next(iter(rig.app.state.system_users.values()))
    answers = []
    for orgnr in ("310000010", "310000011"):
        rig.add_organisation(orgnr, "En")
        user.orgnr = orgnr
        answers.append(get(rig, f"{FRISTER}/{orgnr}", FRISTER_SCOPE).json())

    assert answers[0]["kode"] == "FRI-007"
    assert [source.get("frister") is None for source in answers[1]["kilder"]] == [False, True]
