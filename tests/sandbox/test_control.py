"""`/control`: time, faults, calls, settings, snapshots, bulk and the page for people."""

from __future__ import annotations

import json
import threading
from typing import Any

import httpx
import pytest

from portal.sandbox.orgnr import is_orgnr
from portal.sandbox.state import System

from .tax_rig import CUSTOMER, FEES_SCOPE, VENDOR, Rig, codes


@pytest.fixture
def rig() -> Rig:
    return Rig()


# time


def test_the_clock_is_advanced_and_due_work_is_done_at_once(rig: Rig) -> None:
    rig.report_fees()

    now = rig.http.post("/control/clock/advance", json={"seconds": 150}).json()["now"]

    assert now.startswith("2026-11-23T12:02:30")
    assert rig.app.state.jobs == []


def test_the_clock_can_be_set_and_stopped(rig: Rig) -> None:
    rig.http.put("/control/clock", json={"now": "2027-01-31T23:59:00+01:00", "frozen": True})

    clock = rig.http.get("/control/clock").json()

    assert clock["now"] == clock["frozen_at"] == "2027-01-31T22:59:00+00:00"


@pytest.mark.parametrize(
    ("method", "path", "body", "field"),
    [
        ("POST", "/control/clock/advance", {}, "seconds"),
        ("POST", "/control/clock/advance", {"seconds": "x"}, "seconds"),
        ("POST", "/control/clock/advance", {"seconds": -1}, "seconds"),
        ("PUT", "/control/clock", {"now": "i går"}, "now"),
        ("PUT", "/control/clock", {"now": "2026-01-01T00:00:00"}, "now"),
        ("POST", "/control/faults", {"service": "post"}, "service"),
        ("POST", "/control/faults", {"service": "brreg", "kind": "flom"}, "kind"),
        ("POST", "/control/faults", {"service": "brreg", "status": 99}, "status"),
        ("POST", "/control/faults", {"service": "brreg", "times": 0}, "times"),
        ("POST", "/control/faults", {"service": "brreg", "share": 0}, "share"),
        ("PATCH", "/control/settings", {"feedback": 1}, "feedback"),
        ("PATCH", "/control/settings", {"page_size": "x"}, "page_size"),
        ("POST", "/control/verdicts", {"verdict": "kanskje"}, "verdict"),
        ("POST", "/control/verdicts", {"verdict": "rejected", "service": "x"}, "service"),
        ("POST", "/control/verdicts", {"verdict": "rejected", "orgnr": "12"}, "orgnr"),
        ("POST", "/control/bulk", {"organisations": 0}, "organisations"),
        ("POST", "/control/bulk", {"organisations": 1, "system_id": "x"}, "system_id"),
        ("POST", "/control/bulk/changes", {"changes": 0}, "changes"),
        ("POST", "/control/letters", {"orgnr": "1"}, "orgnr"),
        ("POST", "/control/cases", {"orgnr": "1"}, "orgnr"),
        ("POST", "/control/cases", {"orgnr": "310629499", "due_at": "i morgen"}, "due_at"),
        ("POST", "/control/reset", {"seed": "x"}, "seed"),
        ("GET", "/control/calls?limit=0", None, "limit"),
    ],
)
def test_wrong_input_is_400_with_a_sentence_that_names_the_field(
    rig: Rig, method: str, path: str, body: Any, field: str
) -> None:
    response = rig.http.request(method, path, json=body)

    assert response.status_code == 400
    assert response.json()["field"] == field
    assert field in response.json()["error"]
    assert response.json()["error"].endswith(".")


def test_a_body_that_is_no_json_is_400_with_a_sentence(rig: Rig) -> None:
    headers = {"Content-Type": "application/json"}

    response = rig.http.post("/control/clock/advance", content="sekunder=5", headers=headers)

    assert (response.status_code, response.json()["error"]) == (400, "The body is not JSON.")


# faults and calls


def test_a_fault_hits_its_service_after_some_calls_and_for_some(rig: Rig) -> None:
    rig.http.post(
        "/control/faults", json={"service": "brreg", "status": 503, "after": 1, "times": 2, "retry_after": "7"}
    )

    answers = [rig.http.get(f"/brreg/enhetsregisteret/api/enheter/{CUSTOMER}") for _ in range(4)]

    assert [answer.status_code for answer in answers] == [200, 503, 503, 200]
    assert answers[1].headers["Retry-After"] == "7"


def test_ordered_faults_are_listed_and_taken_back(rig: Rig) -> None:
    rig.http.post("/control/faults", json={"service": "brreg"})

    listed = rig.http.get("/control/faults").json()
    rig.http.delete("/control/faults")

    assert [fault["service"] for fault in listed] == ["brreg"]
    assert rig.http.get("/control/faults").json() == []


def test_a_broken_connection_reaches_the_caller_as_one(rig: Rig) -> None:
    rig.http.post("/control/faults", json={"service": "brreg", "kind": "reset"})

    with pytest.raises(Exception, match="reset"):
        rig.http.get(f"/brreg/enhetsregisteret/api/enheter/{CUSTOMER}")


def test_a_truncated_body_is_half_of_what_its_header_promises(rig: Rig) -> None:
    rig.http.post("/control/faults", json={"service": "brreg", "kind": "truncated"})

    response = rig.http.get(f"/brreg/enhetsregisteret/api/enheter/{CUSTOMER}")

    assert len(response.content) * 2 in range(int(response.headers["Content-Length"]) - 1, 10_000)


def test_delivery_faults_are_switches_that_go_with_the_other_faults(rig: Rig) -> None:
    rig.http.post("/control/faults", json={"service": "events", "kind": "duplicate"})
    during = rig.http.get("/control/settings").json()["duplicate_events"]

    rig.http.delete("/control/faults")

    assert (during, rig.http.get("/control/settings").json()["duplicate_events"]) == (True, False)


def test_calls_are_listed_by_service_and_path_with_secrets_shortened(rig: Rig) -> None:
    rig.report_fees()
    rig.http.get(f"/brreg/enhetsregisteret/api/enheter/{CUSTOMER}")

    result = rig.http.get("/control/calls", params={"service": "skatteetaten", "path": "/skatteetaten/inn"}).json()

    assert len(result) == 1
    assert result[0]["body_bytes"] > 100
    assert len(result[0]["headers"]["Authorization"]) < 40
    assert rig.token(FEES_SCOPE)[:40] not in json.dumps(result)


# settings, state


def test_changing_one_setting_keeps_the_others(rig: Rig) -> None:
    before = rig.http.get("/control/settings").json()

    after = rig.http.patch("/control/settings", json={"second_dialog": True}).json()

    assert after == {**before, "second_dialog": True}


def test_a_reset_forgets_everything_and_returns_to_the_real_time(rig: Rig) -> None:
    rig.report_fees()
    rig.http.patch("/control/settings", json={"page_size": 7})

    rig.http.post("/control/reset")

    assert rig.http.get("/control/submissions").json() == []
    assert rig.http.get("/control/settings").json()["page_size"] != 7
    assert rig.http.get("/control/clock").json()["frozen_at"] is None


def test_a_reset_comes_back_to_the_settings_of_the_start(rig: Rig) -> None:
    rig.app.start_with(allow_loopback_http=True)
    rig.http.patch("/control/settings", json={"allow_loopback_http": False})

    rig.http.post("/control/reset", json={"seed": 5})

    assert rig.http.get("/control/settings").json()["allow_loopback_http"] is True
    assert rig.app.state.seed == 5


def test_the_same_seed_and_clock_give_the_same_ids() -> None:
    first, second = Rig(), Rig()

    assert first.report_fees().json() == second.report_fees().json()


def test_a_snapshot_restores_data_time_keys_and_faults(rig: Rig) -> None:
    rig.http.post("/control/faults", json={"service": "brreg", "times": 3})
    submission, token = rig.report_fees().json()["forsendelseId"], rig.token(FEES_SCOPE)
    saved = rig.http.get("/control/snapshot").content
    other = Rig(own_keys=True)

    other.http.put("/control/snapshot", content=saved)

    assert other.http.get("/control/snapshot").content == saved
    assert other.report_fees(Authorization=f"Bearer {token}").status_code == 200
    assert other.feedback(submission)["verdict"] == "accepted"


def test_a_snapshot_undoes_what_came_after_it(rig: Rig) -> None:
    saved = rig.http.get("/control/snapshot").content
    rig.report_fees()
    rig.let_pass(3600)

    rig.http.put("/control/snapshot", content=saved)

    assert rig.http.get("/control/submissions").json() == []
    assert rig.http.get("/control/snapshot").content == saved


@pytest.mark.parametrize("text", ["", "{}", '{"version": 1}', "[]", "nei"])
def test_what_is_no_snapshot_is_400_and_changes_nothing(rig: Rig, text: str) -> None:
    before = rig.http.get("/control/snapshot").content

    response = rig.http.put("/control/snapshot", content=text)

    assert response.status_code == 400
    assert response.json()["error"].startswith("This is not a snapshot of this sandbox")
    assert rig.http.get("/control/snapshot").content == before


def test_a_snapshot_with_a_bad_clock_or_key_changes_nothing(rig: Rig) -> None:
    saved = rig.http.get("/control/snapshot").json()
    bad_clock = {**saved, "clock": {"frozen_at": "x"}}
    bad_key = {**saved, "signing_keys": {"altinn": {"kid": "k", "pem": "x"}}}

    answers = [rig.http.put("/control/snapshot", json=bad) for bad in (bad_clock, bad_key)]

    assert [answer.status_code for answer in answers] == [400, 400]
    assert rig.http.get("/control/snapshot").json() == saved


# submissions


def test_a_submission_can_be_answered_now_and_only_once(rig: Rig) -> None:
    submission = rig.report_fees().json()["forsendelseId"]
    path = f"/control/submissions/{submission}/feedback"

    first = rig.http.post(path, json={"verdict": "rejected", "reasons": ["Feil beløp"]})
    again = rig.http.post(path)

    assert first.json()["feedback"]["findings"][0]["text"] == "Feil beløp"
    assert again.status_code == 409


def test_an_unknown_submission_is_404_with_a_sentence(rig: Rig) -> None:
    response = rig.http.post("/control/submissions/x/feedback")

    assert (response.status_code, response.json()["error"]) == (404, "No submission has the id x.")


def test_submissions_are_listed_without_their_content(rig: Rig) -> None:
    rig.report_shares()

    assert "Skjema" not in rig.http.get("/control/submissions").text


# bulk


def bulk(rig: Rig, **changes: Any) -> httpx.Response:
    rights = [{"resource": [{"id": "urn:altinn:resource", "value": "ske-innrapportering-fagforeningskontingent"}]}]
    rig.app.state.systems["s"] = System(
        id="s", internal_id="1", orgnr=VENDOR, name={"nb": "S"}, description={}, rights=rights
    )
    return rig.http.post("/control/bulk", json={"organisations": 200, "system_id": "s", **changes})


def test_bulk_numbers_are_valid_and_synthetic(rig: Rig) -> None:
    before = set(rig.app.state.organisations)

    bulk(rig)

    made = set(rig.app.state.organisations) - before
    assert len(made) == 200
    assert all(is_orgnr(orgnr) and orgnr[0] in "23" for orgnr in made)


def test_bulk_with_the_same_seed_makes_the_same_and_never_the_same_number_twice(rig: Rig) -> None:
    first = bulk(rig, seed=4).json()
    second, elsewhere = bulk(rig, seed=4).json(), bulk(Rig(), seed=4).json()

    assert first["first"] == elsewhere["first"] != second["first"]
    assert len(rig.app.state.organisations) == 403


def test_bulk_system_users_hold_the_rights_of_the_system(rig: Rig) -> None:
    bulk(rig)

    users = [user for user in rig.app.state.system_users.values() if user.system_id == "s"]

    assert len({user.orgnr for user in users}) == 200
    assert users[0].rights == ["ske-innrapportering-fagforeningskontingent"]


def test_bulk_dialogs_belong_to_the_organisations(rig: Rig) -> None:
    made = bulk(rig, dialogs_per_organisation=2).json()

    parties = [dialog.orgnr for dialog in rig.app.state.dialogs.values()]
    assert made["dialogs"] == len(parties) == 400
    assert set(parties) <= set(rig.app.state.organisations)


def test_many_threads_get_an_answer_each_and_no_id_twice(rig: Rig) -> None:
    rig.http.patch("/control/settings", json={"concurrent_calls": 100})
    ids: list[str] = []

    def report() -> None:
        ids.extend(rig.report_fees().json()["forsendelseId"] for _ in range(10))

    threads = [threading.Thread(target=report) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(set(ids)) == 80


def test_a_fault_of_skatteetaten_without_a_body_has_its_error_format(rig: Rig) -> None:
    rig.http.post("/control/faults", json={"service": "skatteetaten", "status": 401})

    assert codes(rig.report_fees()) == (401, "GLD_004", "")
