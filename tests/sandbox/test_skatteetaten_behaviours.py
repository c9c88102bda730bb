"""The ten numbered behaviours of the imitated Skatteetaten: order of checks, receipts, feedback, documents, settings."""

from __future__ import annotations

import threading
import uuid
from datetime import UTC, datetime, timedelta

import pytest

from .tax_rig import (
    CUSTOMER,
    FEES,
    FEES_SCOPE,
    OTHER,
    RF1086,
    SHARES,
    SUB_UNIT,
    SYSTEM_USER,
    Rig,
    codes,
    fees,
    main_form,
)


@pytest.fixture
def rig() -> Rig:
    return Rig()


# 1. unknown path and method


def test_behaviour_01_an_unknown_path_is_404_gld_021_with_1023_and_names_the_nearest_known_path(rig: Rig) -> None:
    response = rig.http.post(f"{RF1086}/2025/1086X", headers=rig.headers())

    assert codes(response) == (404, "GLD_021", "GLD_1023")
    assert response.json()["nearest"] == f"{RF1086}/<year>/1086H"


def test_behaviour_01_an_unknown_method_is_405_gld_022(rig: Rig) -> None:
    response = rig.http.put(f"{RF1086}/2025/1086H", headers=rig.headers())

    assert codes(response) == (405, "GLD_022", "")
    assert response.headers["Allow"] == "POST"


def test_behaviour_01_an_unknown_path_is_reported_before_a_token_error(rig: Rig) -> None:
    response = rig.http.get("/skatteetaten/innrapporteringbsu/v1/2025/dokument")

    assert response.status_code == 404


# 2. headers


@pytest.mark.parametrize("accept", ["", "*/*", "application/xml"])
def test_behaviour_02_an_accept_that_does_not_name_json_is_1030(rig: Rig, accept: str) -> None:
    assert codes(rig.report_fees(Accept=accept or "text/plain")) == (400, "GLD_006", "GLD_1030")


def test_behaviour_02_a_json_service_refuses_another_content_type_with_1047(rig: Rig) -> None:
    response = rig.http.post(f"{FEES}/2025", content="{}", headers=rig.headers(FEES_SCOPE, kind="xml"))

    assert codes(response) == (400, "GLD_006", "GLD_1047")


def test_behaviour_02_an_xml_service_refuses_another_content_type_with_1031(rig: Rig) -> None:
    response = rig.http.post(f"{RF1086}/2025/1086H", content="{}", headers=rig.headers(kind="json"))

    assert codes(response) == (400, "GLD_006", "GLD_1031")


def test_behaviour_02_a_missing_idempotency_key_is_1028(rig: Rig) -> None:
    assert codes(rig.main_form(idempotencyKey="")) == (400, "GLD_006", "GLD_1028")


def test_behaviour_02_an_idempotency_key_that_is_no_uuid_is_1022(rig: Rig) -> None:
    assert codes(rig.main_form(idempotencyKey="abc")) == (400, "GLD_006", "GLD_1022")


def test_behaviour_02_wrong_headers_are_reported_before_a_missing_token(rig: Rig) -> None:
    assert codes(rig.report_fees(Accept="text/plain", Authorization=""))[2] == "GLD_1030"


# 3. token, system user, rights


def test_behaviour_03_a_missing_token_is_401_1007(rig: Rig) -> None:
    assert codes(rig.report_fees(Authorization="")) == (401, "GLD_004", "GLD_1007")


def test_behaviour_03_a_token_with_another_signature_is_401_1008(rig: Rig) -> None:
    other = Rig(own_keys=True)

    response = rig.report_fees(Authorization=f"Bearer {other.token(FEES_SCOPE)}")

    assert codes(response) == (401, "GLD_004", "GLD_1008")


def test_behaviour_03_an_expired_token_is_401_1008(rig: Rig) -> None:
    token = rig.token(FEES_SCOPE)

    rig.let_pass(123)

    assert codes(rig.report_fees(Authorization=f"Bearer {token}")) == (401, "GLD_004", "GLD_1008")


def test_behaviour_03_an_exchanged_altinn_token_is_no_token_here(rig: Rig) -> None:
    token = rig.token(FEES_SCOPE, issuer="altinn")

    assert codes(rig.report_fees(Authorization=f"Bearer {token}")) == (401, "GLD_004", "GLD_1008")


def test_behaviour_03_a_token_with_another_services_scope_is_403_005(rig: Rig) -> None:
    assert codes(rig.report_fees(Authorization=f"Bearer {rig.token(SHARES)}")) == (403, "GLD_005", "")


def test_behaviour_03_a_plain_maskinporten_token_without_system_user_is_403_1063(rig: Rig) -> None:
    token = rig.token(FEES_SCOPE, authorization_details=[])

    assert codes(rig.report_fees(Authorization=f"Bearer {token}")) == (403, "GLD_005", "GLD_1063")


def test_behaviour_03_a_system_user_without_the_right_is_403_1015(rig: Rig) -> None:
    rig.app.state.system_users[SYSTEM_USER].rights = ["ske-innrapportering-boligselskap"]

    assert codes(rig.report_fees()) == (403, "GLD_005", "GLD_1015")


def test_behaviour_03_a_system_user_that_the_customer_removed_is_403_1015(rig: Rig) -> None:
    rig.app.state.system_users[SYSTEM_USER].deleted = True

    assert codes(rig.report_fees()) == (403, "GLD_005", "GLD_1015")


def test_behaviour_03_reporting_for_another_organisation_is_403_1015(rig: Rig) -> None:
    response = rig.report_fees(fees(oppgavegiver={"organisasjonsnummer": OTHER}))

    assert codes(response) == (403, "GLD_005", "GLD_1015")


# 4. year, party


@pytest.mark.parametrize("year", ["2014", "2031", "0001"])
def test_behaviour_04_a_year_that_is_not_supported_is_1027(rig: Rig, year: str) -> None:
    assert codes(rig.report_fees(year=year)) == (400, "GLD_006", "GLD_1027")


def test_behaviour_04_a_year_that_is_no_year_is_1022(rig: Rig) -> None:
    assert codes(rig.report_fees(year="i-fjor")) == (400, "GLD_006", "GLD_1022")


def test_behaviour_04_another_year_in_the_body_than_in_the_path_is_1052(rig: Rig) -> None:
    assert codes(rig.report_fees(year="2024"))[2] == "GLD_1052"
    assert codes(rig.main_form(year="2024"))[2] == "GLD_1052"


def test_behaviour_04_an_unknown_organisation_is_1055(rig: Rig) -> None:
    assert codes(rig.report_fees(fees(oppgavegiver={"organisasjonsnummer": "312345676"})))[2] == "GLD_1055"


def test_behaviour_04_an_organisation_number_of_the_wrong_length_is_1201(rig: Rig) -> None:
    assert codes(rig.report_fees(fees(oppgavegiver={"organisasjonsnummer": "31062949"})))[2] == "GLD_1201"


def test_behaviour_04_a_sub_unit_is_1062(rig: Rig) -> None:
    assert codes(rig.report_fees(fees(oppgavegiver={"organisasjonsnummer": SUB_UNIT})))[2] == "GLD_1062"


# 5. content


def test_behaviour_05_broken_json_is_008_with_1032(rig: Rig) -> None:
    response = rig.http.post(f"{FEES}/2025", content='{"leveranse": ', headers=rig.headers(FEES_SCOPE, kind="json"))

    assert codes(response) == (400, "GLD_008", "GLD_1032")


def test_behaviour_05_broken_xml_is_008_with_1001(rig: Rig) -> None:
    assert codes(rig.main_form("<Skjema")) == (400, "GLD_008", "GLD_1001")


def test_behaviour_05_broken_content_with_a_bad_token_reports_the_token(rig: Rig) -> None:
    assert rig.main_form("<Skjema", Authorization="Bearer x").status_code == 401


def test_behaviour_05_xml_with_a_document_type_is_not_opened(rig: Rig) -> None:
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>' + main_form().replace("01", "&b;")

    assert codes(rig.main_form(bomb)) == (400, "GLD_008", "GLD_1001")


def test_behaviour_05_wrong_content_is_010_with_the_path_of_each_error(rig: Rig) -> None:
    response = rig.report_fees(fees(leveransetype="annen", oppgaveoppsummering={}))

    assert codes(response)[:2] == (400, "GLD_010")
    places = [entry["sti"] for entry in response.json()["spesifisering"]]
    assert places == ["leveranse.leveransetype", "leveranse.oppgaveoppsummering.antallOppgaver"]


def test_behaviour_05_a_body_over_ten_megabytes_is_refused(rig: Rig) -> None:
    response = rig.report_fees(fees(oppgave=[{"notat": "x" * 10_500_000}]))

    assert codes(response) == (400, "GLD_006", "GLD_1022")


# errors


def test_every_error_has_a_correlation_id_of_its_own(rig: Rig) -> None:
    first, second = rig.report_fees(Accept="text/plain").json(), rig.report_fees(Accept="text/plain").json()

    assert set(first) == {"kode", "melding", "korrelasjonsid", "spesifisering"}
    assert set(first["spesifisering"][0]) == {"kode", "melding", "sti", "angittVerdi"}
    assert uuid.UUID(first["korrelasjonsid"]) != uuid.UUID(second["korrelasjonsid"])


# 6. idempotency


def test_behaviour_06_the_same_key_and_body_replays_the_stored_answer_and_is_handled_once(rig: Rig) -> None:
    key = str(uuid.uuid4())

    first, again = rig.report_fees(idempotencyKey=key), rig.report_fees(idempotencyKey=key)

    assert again.json() == first.json()
    assert len(rig.http.get("/control/submissions").json()) == 1


def test_behaviour_06_a_key_used_with_another_body_is_409_gld_019(rig: Rig) -> None:
    key = str(uuid.uuid4())
    rig.report_fees(idempotencyKey=key)

    response = rig.report_fees(fees(kildesystem="Et annet"), idempotencyKey=key)

    assert codes(response) == (409, "GLD_019", "")


def test_behaviour_06_another_vendor_may_use_the_same_key(rig: Rig) -> None:
    key = str(uuid.uuid4())
    rig.report_fees(idempotencyKey=key)
    token = rig.token(FEES_SCOPE, consumer={"authority": "iso6523-actorid-upis", "ID": f"0192:{OTHER}"})

    response = rig.report_fees(idempotencyKey=key, Authorization=f"Bearer {token}")

    assert response.status_code == 200
    assert len(rig.http.get("/control/submissions").json()) == 2


# 7. receipt


def test_behaviour_07_the_receipt_has_ids_of_version_seven_and_the_senders_own_reference(rig: Rig) -> None:
    receipt = rig.report_fees().json()

    assert uuid.UUID(receipt["dialogId"]).version == uuid.UUID(receipt["forsendelseId"]).version == 7
    assert receipt["oppgavegiversLeveranseReferanse"] == "REF-1"
    assert receipt["antallOppgaver"] == 2


def test_behaviour_07_the_dialog_of_party_resource_and_year_is_reused(rig: Rig) -> None:
    first, second = rig.report_fees().json(), rig.report_fees().json()
    other_year = rig.report_fees(fees(inntektsaar=2024), year="2024").json()

    assert first["dialogId"] == second["dialogId"] != other_year["dialogId"]
    assert first["forsendelseId"] != second["forsendelseId"]


# 8. feedback


def test_behaviour_08_feedback_comes_after_the_set_delay_and_not_before(rig: Rig) -> None:
    submission = rig.report_shares()["forsendelseId"]

    rig.let_pass(149)
    before = rig.received(submission)["feedback"]
    rig.let_pass(1)
    after = rig.received(submission)["feedback"]

    assert before is None
    assert datetime.fromisoformat(after["at"]) == datetime(2026, 11, 23, 12, 0, tzinfo=UTC) + timedelta(seconds=150)


def test_behaviour_08_the_pdf_has_the_transmissions_id_and_the_xml_one_of_its_own(rig: Rig) -> None:
    feedback = rig.feedback(rig.report_shares()["forsendelseId"])

    pdf = rig.document(feedback["id"], feedback["id"])
    xml = rig.document(feedback["id"], feedback["xml_id"])

    assert pdf.headers["Content-Type"] == "application/pdf"
    assert pdf.content.startswith(b"%PDF-1.4")
    assert xml.headers["Content-Type"] == "application/xml"
    assert b"<leveransestatus>godkjent</leveransestatus>" in xml.content


# 9. documents


def test_behaviour_09_a_feedback_document_asked_for_under_the_submission_is_404_1050(rig: Rig) -> None:
    submission = rig.report_shares()["forsendelseId"]
    feedback = rig.feedback(submission)

    assert codes(rig.document(submission, feedback["id"])) == (404, "GLD_021", "GLD_1050")


def test_behaviour_09_an_unknown_transmission_is_404_1017(rig: Rig) -> None:
    assert codes(rig.document(str(uuid.uuid4()), str(uuid.uuid4()))) == (404, "GLD_021", "GLD_1017")


def test_behaviour_09_a_transmission_of_another_service_is_404_1017(rig: Rig) -> None:
    submission = rig.report_fees().json()["forsendelseId"]

    assert codes(rig.document(submission, submission)) == (404, "GLD_021", "GLD_1017")


def test_behaviour_09_a_document_needs_a_system_user_with_the_right(rig: Rig) -> None:
    feedback = rig.feedback(rig.report_shares()["forsendelseId"])

    rig.app.state.system_users[SYSTEM_USER].rights = ["ske-innrapportering-boligselskap"]

    assert codes(rig.document(feedback["id"], feedback["id"])) == (403, "GLD_005", "GLD_1015")


# 10. settings


@pytest.mark.parametrize(
    ("verdict", "status"), [("rejected", "avvist"), ("warning", "godkjent"), ("accepted", "godkjent")]
)
def test_behaviour_10_a_verdict_can_be_ordered_for_the_next_submission(rig: Rig, verdict: str, status: str) -> None:
    order = {"verdict": verdict, "orgnr": CUSTOMER, "reasons": ["Fordi"], "delay_seconds": 1}
    assert rig.http.post("/control/verdicts", json=order).status_code == 201

    submission = rig.report_shares()["forsendelseId"]
    rig.let_pass(1)

    feedback = rig.received(submission)["feedback"]
    assert feedback["verdict"] == verdict
    assert f"<leveransestatus>{status}<" in rig.document(feedback["id"], feedback["xml_id"]).text


def test_behaviour_10_a_backend_error_comes_once_as_500_1053_and_the_same_key_then_goes_through(rig: Rig) -> None:
    rig.http.post("/control/faults", json={"service": "skatteetaten", "path": FEES, "status": 500})
    key = str(uuid.uuid4())

    first, second = rig.report_fees(idempotencyKey=key), rig.report_fees(idempotencyKey=key)

    assert codes(first) == (500, "GLD_023", "GLD_1053")
    assert second.status_code == 200


def test_behaviour_10_a_409_can_be_ordered(rig: Rig) -> None:
    rig.http.post("/control/faults", json={"service": "skatteetaten", "status": 409})

    assert codes(rig.report_fees()) == (409, "GLD_019", "")


def test_behaviour_10_the_feedback_can_be_made_slow(rig: Rig) -> None:
    rig.http.patch("/control/settings", json={"feedback_delay_seconds": 3600})
    submission = rig.report_fees().json()["forsendelseId"]

    rig.let_pass(3599)
    before = rig.received(submission)["feedback"]
    rig.let_pass(1)

    assert before is None
    assert rig.received(submission)["feedback"]


def test_behaviour_10_the_sixth_call_at_a_time_is_429(rig: Rig) -> None:
    fault = {"service": "skatteetaten", "kind": "slow", "seconds": 1, "times": 6}
    rig.http.post("/control/faults", json=fault)
    answers: list[int] = []

    calls = [threading.Thread(target=lambda: answers.append(rig.report_fees().status_code)) for _ in range(6)]
    for call in calls:
        call.start()
    for call in calls:
        call.join()

    assert sorted(answers) == [200] * 5 + [429]
