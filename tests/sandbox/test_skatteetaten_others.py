"""A-melding, file upload, tax cards and letters, as far as their contracts are public."""

from __future__ import annotations

import uuid
from typing import Any

import httpx
import pytest

from .tax_rig import CUSTOMER, OTHER, SYSTEM_USER, Rig, codes

AMELDING = "/skatteetaten/innrapporteringamelding/v1"
AMELDING_SCOPE = "skatteetaten:innrapporteringamelding"
CARDS = "/skatteetaten/api/forskudd"
CARDS_SCOPE = "skatteetaten:skattekorttilarbeidsgiver"
TPO = "/skatteetaten/innrapporteringtpofilmottak/v1"
TPO_SCOPE = "skatteetaten:innrapporteringtpofilopplasting"
NAMESPACE = "urn:ske:fastsetting:innsamling:aksjesparekonto:v3"


@pytest.fixture
def rig() -> Rig:
    made = Rig()
    made.app.state.system_users[SYSTEM_USER].rights += [
        "ske-innrapportering-aksjesparekonto",
        "ske-skattekort-til-arbeidsgiver",
    ]
    return made


# a-melding


def amelding(**changes: Any) -> dict[str, Any]:
    delivery = {
        "kildesystem": "Systemet",
        "opplysningspliktig": {"norskIdentifikator": CUSTOMER},
        "meldingsId": str(uuid.uuid4()),
        "kalendermaaned": "2026-10",
        "oppgave": {"virksomhet": []},
    }
    return {"leveranse": {**delivery, **changes}}


def report(rig: Rig, body: Any, *, month: str = "2026-10", orgnr: str = CUSTOMER, **changes: str) -> httpx.Response:
    headers = rig.headers(AMELDING_SCOPE, kind="json", **changes)
    return rig.http.post(f"{AMELDING}/innsending/{month}/{orgnr}", json=body, headers=headers)


def test_an_amelding_answers_with_the_senders_own_message_id(rig: Rig) -> None:
    body = amelding()

    receipt = report(rig, body).json()

    assert set(receipt) == {"dialogId", "forsendelseId", "meldingsId"}
    assert receipt["meldingsId"] == body["leveranse"]["meldingsId"]


def test_an_amelding_for_another_party_than_in_the_path_is_amld_1051(rig: Rig) -> None:
    response = report(rig, amelding(opplysningspliktig={"norskIdentifikator": OTHER}))

    assert codes(response) == (400, "AMLD_010", "AMLD_1051")


def test_an_amelding_for_another_month_than_in_the_path_is_amld_1052(rig: Rig) -> None:
    assert codes(report(rig, amelding(), month="2026-09")) == (400, "AMLD_010", "AMLD_1052")


def test_an_amelding_for_a_month_that_does_not_exist_is_amld_1022(rig: Rig) -> None:
    assert codes(report(rig, amelding(), month="2026-13")) == (400, "AMLD_006", "AMLD_1022")


def test_an_amelding_from_a_sub_unit_is_amld_1062(rig: Rig) -> None:
    rig.app.state.organisations[CUSTOMER].main_unit = OTHER
    rig.app.state.system_users[SYSTEM_USER].orgnr = OTHER

    assert codes(report(rig, amelding())) == (400, "AMLD_010", "AMLD_1062")


def test_an_amelding_takes_its_key_from_the_query_as_well(rig: Rig) -> None:
    headers = rig.headers(AMELDING_SCOPE, kind="json", idempotencyKey="")
    path = f"{AMELDING}/innsending/2026-10/{CUSTOMER}"

    response = rig.http.post(path, params={"idempotencyKey": str(uuid.uuid4())}, json=amelding(), headers=headers)

    assert response.status_code == 200


def test_an_amelding_that_replaces_an_unknown_one_is_rejected(rig: Rig) -> None:
    receipt = report(rig, amelding(erstatterMeldingsId=str(uuid.uuid4()))).json()

    assert rig.feedback(receipt["forsendelseId"])["verdict"] == "rejected"


def test_an_amelding_that_replaces_a_received_one_is_accepted(rig: Rig) -> None:
    first = report(rig, amelding()).json()

    second = report(rig, amelding(erstatterMeldingsId=first["meldingsId"])).json()

    assert rig.feedback(second["forsendelseId"])["verdict"] == "accepted"


def test_the_feedback_of_an_amelding_lies_on_a_host_of_its_own_with_the_same_scope(rig: Rig) -> None:
    feedback = rig.feedback(report(rig, amelding()).json()["forsendelseId"])
    path = f"/skatteetaten/ameldingtilbakemelding/v1/forsendelser/{feedback['id']}"

    answer = rig.http.get(path, headers=rig.headers(AMELDING_SCOPE))

    assert answer.json()["mottak"] == {"mottakstatus": "MOTTATT", "avvik": []}


def test_an_amelding_without_a_token_is_amld_1008_as_its_list_has_no_1007(rig: Rig) -> None:
    assert codes(report(rig, amelding(), Authorization="")) == (401, "AMLD_004", "AMLD_1008")


@pytest.mark.parametrize("orgnr", ["123", "999999999"])
def test_an_amelding_for_an_organisation_that_does_not_exist_is_amld_1022(rig: Rig, orgnr: str) -> None:
    response = report(rig, amelding(opplysningspliktig={"norskIdentifikator": orgnr}), orgnr=orgnr)

    assert codes(response)[2] == "AMLD_1022"


def test_an_amelding_with_the_id_of_an_earlier_one_is_rejected(rig: Rig) -> None:
    body = amelding()
    report(rig, body)

    receipt = report(rig, body).json()

    feedback = rig.feedback(receipt["forsendelseId"])
    assert (feedback["verdict"], feedback["findings"][0]["code"]) == ("rejected", "MELDINGSID_BRUKT")


def content(*, withheld: int = -300, employed: bool = True) -> dict[str, Any]:
    person = {
        "inntekt": [{"beloep": 1000}],
        "forskuddstrekk": [{"beloep": -300}],
        "arbeidsforhold": [{"arbeidsforholdId": "1"}] if employed else [],
    }
    line = {"avgiftsgrunnlagBeloep": 1000, "prosentsatsForAvgiftsberegning": 14.1}
    unit = {"inntektsmottaker": [person], "arbeidsgiveravgift": {"loennOgGodtgjoerelse": [line]}}
    payment = {
        "sumArbeidsgiveravgift": 141,
        "sumForskuddstrekkPerLoennsutbetalingsdato": [{"loennsutbetalingsdato": "2026-10-20", "beloep": withheld}],
    }
    return amelding(oppgave={"virksomhet": [unit], "betalingsinformasjon": payment})


@pytest.mark.parametrize(
    ("body", "verdict", "found"),
    [
        (content(), "accepted", []),
        (content(withheld=300), "accepted", []),
        (content(withheld=-301), "rejected", ["SUM_FORSKUDDSTREKK"]),
        (content(employed=False), "warning", ["ARBEIDSFORHOLD_MANGLER"]),
    ],
)
def test_the_content_of_an_amelding_is_looked_into(rig: Rig, body: Any, verdict: str, found: list[str]) -> None:
    feedback = rig.feedback(report(rig, body).json()["forsendelseId"])

    assert (feedback["verdict"], [finding["code"] for finding in feedback["findings"]]) == (verdict, found)


def test_the_feedback_of_an_amelding_says_what_is_to_be_paid_by_when(rig: Rig) -> None:
    feedback = rig.feedback(report(rig, content()).json()["forsendelseId"])
    path = f"/skatteetaten/ameldingtilbakemelding/v1/forsendelser/{feedback['id']}"

    reception = rig.http.get(path, headers=rig.headers(AMELDING_SCOPE)).json()["mottak"]

    assert reception["mottattPeriode"]["mottattAvgiftOgTrekkTotalt"] == {
        "sumForskuddstrekk": 300.0,
        "sumArbeidsgiveravgift": 141.0,
    }
    information = reception["innbetalingsinformasjon"]
    assert information["forfallsdato"] == "2026-11-15"
    assert information["kidForForskuddstrekk"] != information["kidForArbeidsgiveravgift"]


# tax cards


def order(rig: Rig, body: Any) -> httpx.Response:
    return rig.http.post(f"{CARDS}/bestillSkattekort", json=body, headers=rig.headers(CARDS_SCOPE, kind="json"))


def question(*people: str) -> dict[str, Any]:
    employer = {"arbeidsgiveridentifikator": {"organisasjonsnummer": CUSTOMER}, "arbeidstakeridentifikator": [*people]}
    return {
        "inntektsaar": "2026",
        "bestillingstype": "HENT_ALLE_OPPGITTE",
        "forespoerselOmSkattekortTilArbeidsgiver": {"arbeidsgiver": [employer]},
    }


def test_cards_are_204_until_ready_and_then_one_for_each_employee(rig: Rig) -> None:
    reference = order(rig, question("01010112341", "01010112349")).json()["bestillingsreferanse"]
    path = f"{CARDS}/skattekortTilArbeidsgiver/svar/{reference}"

    early = rig.http.get(path, headers=rig.headers(CARDS_SCOPE))
    rig.let_pass(2)
    ready = rig.http.get(path, headers=rig.headers(CARDS_SCOPE)).json()

    results = [person["resultatForSkattekort"] for person in ready["arbeidsgiver"][0]["arbeidstaker"]]
    assert early.status_code == 204
    assert results == ["skattekortopplysningerOK", "ikkeSkattekort"]


def test_an_unknown_order_of_cards_is_204(rig: Rig) -> None:
    path = f"{CARDS}/skattekortTilArbeidsgiver/svar/BR1"

    assert rig.http.get(path, headers=rig.headers(CARDS_SCOPE)).status_code == 204


def test_the_former_scope_of_cards_still_works(rig: Rig) -> None:
    headers = rig.headers("skatteetaten:forskudd", kind="json")

    response = rig.http.post(f"{CARDS}/bestillSkattekort", json=question("01010112341"), headers=headers)

    assert response.status_code == 200


@pytest.mark.parametrize(
    ("content", "code"),
    [("{", "FOR_002"), ("[]", "FOR_001"), ('{"inntektsaar": "2026"}', "FOR_001")],
)
def test_a_wrong_order_of_cards_is_400_with_a_code_of_its_own(rig: Rig, content: str, code: str) -> None:
    headers = rig.headers(CARDS_SCOPE, kind="json")

    response = rig.http.post(f"{CARDS}/bestillSkattekort", content=content, headers=headers)

    assert (response.status_code, response.json()["kode"]) == (400, code)


def test_an_order_of_cards_without_a_good_token_is_403(rig: Rig) -> None:
    assert rig.http.post(f"{CARDS}/bestillSkattekort", json={}).status_code == 403


def test_cards_for_another_employer_are_403(rig: Rig) -> None:
    body = question("01010112341")
    employer = body["forespoerselOmSkattekortTilArbeidsgiver"]["arbeidsgiver"][0]
    employer["arbeidsgiveridentifikator"]["organisasjonsnummer"] = OTHER

    assert order(rig, body).status_code == 403


# file upload


def file(*, orgnr: str = CUSTOMER, year: str = "2025", more: str = "") -> str:
    return (
        f'<melding xmlns="{NAMESPACE}"><leveranse><oppgavegiver><organisasjonsnummer>{orgnr}</organisasjonsnummer>'
        f"</oppgavegiver><inntektsaar>{year}</inntektsaar>"
        f"<oppgavegiversLeveranseReferanse>FIL-1</oppgavegiversLeveranseReferanse></leveranse>{more}</melding>"
    )


def lay_up(rig: Rig, text: str) -> dict[str, Any]:
    """Upload a file and run its validation. Returns the status."""
    made = rig.http.post(f"{TPO}/opplastinger", content=text, headers=rig.headers(TPO_SCOPE)).json()
    assert made["status"] == "LASTER_OPP"
    rig.let_pass(2)
    status: list[dict[str, Any]] = rig.http.get(
        f"{TPO}/opplastinger/{made['id']}", headers=rig.headers(TPO_SCOPE)
    ).json()
    return status[0]


def submit(rig: Rig, upload_id: str) -> httpx.Response:
    return rig.http.put(f"{TPO}/innsending", json={"id": upload_id}, headers=rig.headers(TPO_SCOPE, kind="json"))


def test_a_good_file_becomes_ready_and_can_be_submitted_once(rig: Rig) -> None:
    upload = lay_up(rig, file())

    receipt, again = submit(rig, upload["id"]), submit(rig, upload["id"])

    assert upload["status"] == "KLAR_TIL_INNSENDING"
    assert receipt.json()["oppgavegiversLeveranseReferanse"] == "FIL-1"
    assert codes(again) == (400, "GLD_011", "GLD_1067")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("<melding", "GLD_1001"),
        (file(more=file(year="2024")), "GLD_1069"),
        (file(more=file(orgnr=OTHER)), "GLD_1102"),
        (file(orgnr="12345"), "GLD_1201"),
        (file(more="<!-- EICAR-STANDARD-ANTIVIRUS-TEST-FILE -->"), "GLD_1070"),
    ],
)
def test_a_bad_file_fails_its_control_and_can_not_be_submitted(rig: Rig, text: str, code: str) -> None:
    upload = lay_up(rig, text)

    assert upload["status"] == "VALIDERING_FEILET"
    assert code in [entry["kode"] for entry in upload["feilliste"]]
    assert codes(submit(rig, upload["id"]))[2] == "GLD_1067"


def test_a_file_whose_control_goes_on_can_not_be_submitted(rig: Rig) -> None:
    made = rig.http.post(f"{TPO}/opplastinger", content=file(), headers=rig.headers(TPO_SCOPE)).json()

    assert codes(submit(rig, made["id"]))[2] == "GLD_1067"


def test_a_deleted_file_is_gone(rig: Rig) -> None:
    upload = lay_up(rig, file())
    path = f"{TPO}/opplastinger/{upload['id']}"

    deleted = rig.http.delete(path, headers=rig.headers(TPO_SCOPE))

    assert deleted.status_code == 200
    assert codes(rig.http.get(path, headers=rig.headers(TPO_SCOPE))) == (404, "GLD_021", "GLD_1023")


def test_the_right_for_a_file_is_that_of_its_ordning(rig: Rig) -> None:
    upload = lay_up(rig, file())

    rig.app.state.system_users[SYSTEM_USER].rights.remove("ske-innrapportering-aksjesparekonto")

    assert codes(submit(rig, upload["id"])) == (403, "GLD_005", "GLD_1015")


def test_the_answer_to_an_upload_is_an_object_and_its_status_a_list_as_published(rig: Rig) -> None:
    made = rig.http.post(f"{TPO}/opplastinger", content=file(), headers=rig.headers(TPO_SCOPE)).json()

    assert made == {"status": "LASTER_OPP", "id": made["id"], "feilliste": None, "sistOppdatertTidspunkt": None}
    rig.let_pass(2)
    [status] = rig.http.get(f"{TPO}/opplastinger/{made['id']}", headers=rig.headers(TPO_SCOPE)).json()
    assert (status["status"], status["feilliste"]) == ("KLAR_TIL_INNSENDING", [])


def test_a_control_that_fails_by_itself_says_nothing_of_the_next_one(rig: Rig) -> None:
    rig.app.state.settings.upload_control_failures = 1

    first, second = lay_up(rig, file()), lay_up(rig, file())

    assert (first["status"], second["status"]) == ("TEKNISK_FEIL_VALIDERING", "KLAR_TIL_INNSENDING")
    assert codes(submit(rig, first["id"]))[2] == "GLD_1067"


def test_a_summary_that_counts_wrong_is_rejected_after_the_submission(rig: Rig) -> None:
    more = "<oppgaveoppsummering><antallOppgaver>2</antallOppgaver></oppgaveoppsummering>"
    upload = lay_up(rig, file(more=more))

    receipt = submit(rig, upload["id"]).json()

    assert rig.feedback(receipt["forsendelseId"])["verdict"] == "rejected"


UPLOADED = "/skatteetaten/innrapporteringameldingfilopplasting/v1"


def lay_up_amelding(rig: Rig, body: Any) -> dict[str, Any]:
    headers = rig.headers(AMELDING_SCOPE, kind="json")
    made = rig.http.post(f"{UPLOADED}/opplastinger", json=body, headers=headers).json()
    rig.let_pass(2)
    [status] = rig.http.get(f"{UPLOADED}/opplastinger/{made['id']}", headers=headers).json()
    return dict(status)


def test_an_uploaded_amelding_answers_with_its_message_id(rig: Rig) -> None:
    body = amelding()
    upload = lay_up_amelding(rig, body)

    headers = rig.headers(AMELDING_SCOPE, kind="json")
    receipt = rig.http.put(f"{UPLOADED}/innsending", json={"id": upload["id"]}, headers=headers).json()

    assert upload["status"] == "KLAR_TIL_INNSENDING"
    assert receipt["meldingsId"] == body["leveranse"]["meldingsId"]


@pytest.mark.parametrize("changes", [{"meldingsId": "1"}, {"kalendermaaned": "2026-13"}, {"oppgave": None}], ids=str)
def test_an_uploaded_amelding_with_a_fault_fails_its_control(rig: Rig, changes: dict[str, Any]) -> None:
    upload = lay_up_amelding(rig, amelding(**changes))

    assert upload["status"] == "VALIDERING_FEILET"
    assert [entry["kode"] for entry in upload["feilliste"]] == ["AMLD_1032"]
