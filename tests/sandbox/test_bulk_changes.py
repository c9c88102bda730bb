"""Many changes of dialogs at once, and what a program that follows them should hold."""

from __future__ import annotations

import hashlib
from collections import Counter
from typing import Any

import httpx
import pytest

from portal.sandbox.control.bulk_changes import ACTS, SOON
from portal.sandbox.faults import REFUSALS

from .tax_rig import CUSTOMER, NOW, OTHER, SYSTEM_USER, Rig

SEARCH = "/dialogporten/api/v1/enduser/dialogs"


@pytest.fixture
def rig() -> Rig:
    return Rig()


def change(rig: Rig, number: int, seed: int = 1) -> dict[str, int]:
    counts: dict[str, int] = rig.http.post("/control/bulk/changes", json={"changes": number, "seed": seed}).json()
    return counts


def contents(rig: Rig) -> dict[str, Any]:
    result: dict[str, Any] = rig.http.get("/control/bulk/contents").json()
    return result


def test_all_kinds_of_changes_happen_and_belong_to_customers_with_a_system_user(rig: Rig) -> None:
    counts = change(rig, 400)

    assert set(counts) == {act.__name__ for act in ACTS}
    assert sum(counts.values()) == 400
    assert {dialog.orgnr for dialog in rig.app.state.dialogs.values()} == {CUSTOMER}


def test_the_same_seed_makes_the_same_changes(rig: Rig) -> None:
    other = Rig()
    for seed in (3, 4):
        change(rig, 100, seed)
        change(other, 100, seed)

    assert contents(rig) == contents(other)


def test_the_contents_are_what_a_search_shows(rig: Rig) -> None:
    change(rig, 300)
    rig.app.clock.advance(SOON)

    rows = search(rig)

    held = contents(rig)["dialogs"]
    assert {row["id"] for row in rows} == set(held)
    assert len(held) < len(rig.app.state.dialogs), "some have vanished"
    assert contents(rig)["seen"] == 0


def search(rig: Rig) -> list[dict[str, Any]]:
    headers = {"Authorization": f"Bearer {rig.token('digdir:dialogporten')}"}
    party = f"urn:altinn:organization:identifier-no:{CUSTOMER}"
    answer = rig.http.get(f"/platform{SEARCH}", params={"party": party, "limit": "1000"}, headers=headers)
    items: list[dict[str, Any]] = answer.raise_for_status().json()["items"]
    return items


def test_the_documents_are_those_behind_their_addresses(rig: Rig) -> None:
    change(rig, 200)
    headers = {"Authorization": f"Bearer {rig.token('skatteetaten:skattdialogdokument')}"}

    hashes = {ident: h for one in contents(rig)["dialogs"].values() for ident, h in one["documents"].items()}

    letters = rig.app.state.skatteetaten.letters
    assert hashes
    for ident, expected in hashes.items():
        address = f"/skatteetaten/api/skatt-dialog-dokumenter/v1/brev/{letters[ident].dialog_id}/{ident}"
        assert hashlib.sha256(rig.http.get(address, headers=headers).content).hexdigest() == expected


def test_a_dialog_about_a_delivery_stays(rig: Rig) -> None:
    receipt = rig.report_shares()

    for seed in range(5):
        change(rig, 100, seed)

    held = contents(rig)
    assert receipt["dialogId"] in held["dialogs"]
    assert held["submissions"] == {receipt["forsendelseId"]: ""}


def test_a_verdict_and_its_documents_are_among_the_contents(rig: Rig) -> None:
    receipt = rig.report_shares()
    rig.http.post("/control/clock/advance", json={"seconds": 150})

    held = contents(rig)

    assert held["submissions"] == {receipt["forsendelseId"]: "accepted"}
    assert len(held["dialogs"][receipt["dialogId"]]["documents"]) == 2


def test_without_a_system_user_there_is_nothing_to_change(rig: Rig) -> None:
    del rig.app.state.system_users[SYSTEM_USER]

    answer = rig.http.post("/control/bulk/changes", json={"changes": 1})

    assert (answer.status_code, answer.json()["field"]) == (400, "changes")


def test_a_share_of_all_calls_fails_in_every_way(rig: Rig) -> None:
    rig.http.post("/control/faults", json={"service": "*", "kind": "any", "share": 0.5, "times": 1000, "seconds": 0})
    outcomes: Counter[int | str] = Counter()

    for _ in range(400):
        try:
            answer = rig.http.get(f"/brreg/enhetsregisteret/api/enheter/{OTHER}")
            half = len(answer.content) < int(answer.headers.get("Content-Length", 0))
            outcomes["truncated" if half else answer.status_code] += 1
        except Exception as dropped:  # as the server does, the application raises it
            outcomes[str(dropped)] += 1

    ways = {"truncated", "lost", "reset", "timeout", 429, *REFUSALS}
    assert set(outcomes) == ways | {200}
    assert 150 < 400 - outcomes[200] < 250


def test_calls_to_control_are_never_hit(rig: Rig) -> None:
    rig.http.post("/control/faults", json={"service": "*", "kind": "any", "share": 1, "times": 1000})

    answers: list[httpx.Response] = [rig.http.get("/control/faults") for _ in range(20)]

    assert {answer.status_code for answer in answers} == {200}
    assert rig.app.clock.now() == NOW
