"""Skatteetaten's dialogs in Dialogporten: submissions, feedback, letters, and opened feedback."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from .tax_rig import CUSTOMER, OTHER, SHARES, SYSTEM_USER, Rig, fees, main_form

DIALOGS = "/platform/dialogporten/api/v1/enduser/dialogs"
PARTY = f"urn:altinn:organization:identifier-no:{CUSTOMER}"
RESOURCE = "urn:altinn:resource:ske-innrapportering-aksjonaerregisteroppgave"
EMBED = "application/vnd.dialogporten.frontchannelembed-url;type=text/html"
LETTER_SCOPE = "skatteetaten:skattdialogdokument"


@pytest.fixture
def rig() -> Rig:
    return Rig()


def dialog(rig: Rig, dialog_id: str) -> dict[str, Any]:
    """The dialog as the system user reads it."""
    headers = {"Authorization": f"Bearer {rig.token('digdir:dialogporten')}"}
    response = rig.http.get(f"{DIALOGS}/{dialog_id}", headers=headers)
    assert response.status_code == 200, response.text
    result: dict[str, Any] = response.json()
    return result


def answered(rig: Rig, main: str | None = None) -> tuple[dict[str, str], dict[str, Any]]:
    """The receipt of an RF-1086 and its dialog after the feedback."""
    receipt = rig.report_shares(main)
    rig.let_pass(150)
    return receipt, dialog(rig, receipt["dialogId"])


def urls(attachment: dict[str, Any]) -> dict[str, str]:
    return {url["consumerType"]: url["url"] for url in attachment["urls"]}


def open_it(rig: Rig, result: dict[str, Any], token: str = "", method: str = "GET") -> httpx.Response:
    """Call the content reference of the feedback with the dialog token, as a vendor's page would."""
    address = result["transmissions"][-1]["content"]["contentReference"]["value"][0]["value"]
    return rig.http.request(method, address, headers={"Authorization": f"Bearer {token or result['dialogToken']}"})


# submission and feedback


def test_the_dialog_belongs_to_the_party_and_the_services_resource(rig: Rig) -> None:
    _, result = answered(rig)

    assert (result["party"], result["serviceResource"]) == (PARTY, RESOURCE)


def test_a_submission_is_shown_at_once_with_what_was_sent(rig: Rig) -> None:
    receipt = rig.report_shares()

    first = dialog(rig, receipt["dialogId"])["transmissions"][0]

    assert (first["id"], first["type"]) == (receipt["forsendelseId"], "Submission")
    assert rig.http.get(urls(first["attachments"][0])["Api"], headers=rig.headers()).text == main_form()


def test_feedback_is_an_acceptance_related_to_the_submission(rig: Rig) -> None:
    receipt, result = answered(rig)

    feedback = result["transmissions"][1]

    assert (feedback["type"], feedback["relatedTransmissionId"]) == ("Acceptance", receipt["forsendelseId"])


def test_a_package_that_does_not_add_up_is_answered_with_a_rejection(rig: Rig) -> None:
    _, result = answered(rig, main_form(shares=99, last_year=99))

    assert result["transmissions"][1]["type"] == "Rejection"


def test_the_feedback_has_a_pdf_with_its_own_id_and_an_xml_with_another(rig: Rig) -> None:
    _, result = answered(rig)
    feedback = result["transmissions"][1]

    pdf, xml = feedback["attachments"]

    assert pdf["id"] == feedback["id"] != xml["id"]
    assert [a["urls"][1]["mediaType"] for a in (pdf, xml)] == ["application/pdf", "application/xml"]
    assert set(urls(pdf)) == set(urls(xml)) == {"Gui", "Api"}


def test_the_addresses_in_the_dialog_give_the_documents(rig: Rig) -> None:
    _, result = answered(rig)

    answers = [rig.http.get(urls(a)["Api"], headers=rig.headers()) for a in result["transmissions"][1]["attachments"]]

    assert [answer.headers["Content-Type"] for answer in answers] == ["application/pdf", "application/xml"]


def test_the_address_for_people_shows_a_page(rig: Rig) -> None:
    _, result = answered(rig)

    page = rig.http.get(urls(result["transmissions"][1]["attachments"][0])["Gui"])

    assert "Leveransen er godkjent" in page.text


def test_the_feedback_names_what_to_call_when_a_person_has_read_it(rig: Rig) -> None:
    _, result = answered(rig)

    reference = result["transmissions"][1]["content"]["contentReference"]

    assert reference["mediaType"] == EMBED
    assert f"/web/aksjonaerregisteroppgave/innhold/v1/dialoger/{result['id']}/" in reference["value"][0]["value"]


def test_a_second_report_of_the_year_lands_in_the_same_dialog(rig: Rig) -> None:
    first, _ = answered(rig)
    second, result = answered(rig)

    assert first["dialogId"] == second["dialogId"]
    assert [t["type"] for t in result["transmissions"]] == ["Submission", "Acceptance"] * 2


def test_submission_and_feedback_are_published_as_events(rig: Rig) -> None:
    receipt, result = answered(rig)

    sources = [e["source"] for e in rig.app.state.events if e["type"].endswith("transmission.created.v1")]

    assert [source.rpartition("/")[2] for source in sources] == [t["id"] for t in result["transmissions"]]
    assert receipt["dialogId"] in sources[0]


# settings


def test_documents_can_be_withheld(rig: Rig) -> None:
    rig.http.patch("/control/settings", json={"unauthorized_attachments": True})

    _, result = answered(rig)

    feedback = result["transmissions"][1]
    assert feedback["isAuthorized"] is False
    assert {url for a in feedback["attachments"] for url in urls(a).values()} == {"urn:dialogporten:unauthorized"}


def test_a_second_dialog_can_be_made_for_the_system_users_own_organisation(rig: Rig) -> None:
    rig.http.patch("/control/settings", json={"second_dialog": True})
    user = rig.app.state.system_users[SYSTEM_USER]
    user.kind, user.clients = "agent", [OTHER]

    rig.report_fees(fees(oppgavegiver={"organisasjonsnummer": OTHER}))

    assert sorted(result.orgnr for result in rig.app.state.dialogs.values()) == sorted([OTHER, CUSTOMER])


# forsendelse åpnet


def test_dialogporten_behaviour_20_a_service_owner_takes_the_dialog_token_and_marks_as_read(rig: Rig) -> None:
    receipt, result = answered(rig)

    answer = open_it(rig, result)

    activities = dialog(rig, result["id"])["activities"]
    assert answer.status_code == 200
    assert [a["type"] for a in activities] == ["TransmissionOpened"]
    assert rig.received(receipt["forsendelseId"])["feedback"]["opened_at"]


def test_opening_twice_is_recorded_once(rig: Rig) -> None:
    _, result = answered(rig)

    open_it(rig, result)
    open_it(rig, result)

    assert len(dialog(rig, result["id"])["activities"]) == 1


@pytest.mark.parametrize("token", ["x", "maskinporten"])
def test_opening_with_another_token_is_401_as_problem_details(rig: Rig, token: str) -> None:
    _, result = answered(rig)

    answer = open_it(rig, result, token=rig.token(SHARES) if token == "maskinporten" else token)

    assert (answer.status_code, answer.headers["Content-Type"]) == (401, "application/problem+json")
    assert answer.json()["status"] == 401


def test_dialogporten_behaviour_20_a_service_owner_answers_401_once_the_dialog_token_has_expired(rig: Rig) -> None:
    _, result = answered(rig)

    rig.let_pass(603)

    assert open_it(rig, result).status_code == 401


def test_opening_with_the_token_of_another_dialog_is_403(rig: Rig) -> None:
    other = dialog(rig, rig.report_fees().json()["dialogId"])
    _, result = answered(rig)

    assert open_it(rig, result, token=other["dialogToken"]).status_code == 403


def test_a_dialog_token_is_good_for_one_forsendelse(rig: Rig) -> None:
    answered(rig)
    _, result = answered(rig)
    both = [t for t in result["transmissions"] if "contentReference" in t["content"]]

    first, second = (
        rig.http.get(
            t["content"]["contentReference"]["value"][0]["value"],
            headers={"Authorization": f"Bearer {result['dialogToken']}"},
        )
        for t in both
    )

    assert (first.status_code, second.status_code) == (200, 403)


def test_opening_an_unknown_transmission_is_404(rig: Rig) -> None:
    _, result = answered(rig)
    address = result["transmissions"][1]["content"]["contentReference"]["value"][0]["value"]

    answer = rig.http.get(f"{address}x", headers={"Authorization": f"Bearer {result['dialogToken']}"})

    assert answer.status_code == 404
    assert answer.json()["title"] == "Not Found"


def test_opening_by_another_method_is_405_as_problem_details(rig: Rig) -> None:
    _, result = answered(rig)

    assert open_it(rig, result, method="POST").json()["status"] == 405


# letters


def letter(rig: Rig, **changes: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """A letter as the control call answers it, and its attachment in the dialog."""
    order = {"orgnr": CUSTOMER, "title": "Skatteoppgjør", **changes}
    sent: dict[str, Any] = rig.http.post("/control/letters", json=order).json()
    return sent, dialog(rig, sent["dialog_id"])["transmissions"][0]["attachments"][0]


def test_a_letter_is_fetched_by_its_whole_address(rig: Rig) -> None:
    _, attachment = letter(rig)

    answer = rig.http.get(urls(attachment)["Api"], headers=rig.headers(LETTER_SCOPE))

    assert answer.content.startswith(b"%PDF-")


def test_the_former_scope_of_letters_still_works(rig: Rig) -> None:
    _, attachment = letter(rig)

    headers = rig.headers("skatteetaten:formueinntekt/skattemelding")

    assert rig.http.get(urls(attachment)["Api"], headers=headers).status_code == 200


def test_some_letters_are_only_for_people(rig: Rig) -> None:
    _, attachment = letter(rig, api_access=False)

    assert set(urls(attachment)) == {"Gui"}


def test_a_letter_needs_the_right_to_its_dialogs_resource(rig: Rig) -> None:
    _, attachment = letter(rig)
    rig.app.state.system_users[SYSTEM_USER].rights = ["ske-innrapportering-boligselskap"]

    answer = rig.http.get(urls(attachment)["Api"], headers=rig.headers(LETTER_SCOPE))

    assert (answer.status_code, answer.json()) == (403, {"kode": "DUT-002", "melding": "Ikke autorisert"})


def test_an_address_put_together_by_hand_gives_nothing(rig: Rig) -> None:
    first, _ = letter(rig)
    second, _ = letter(rig)
    path = f"/skatteetaten/api/skatt-dialog-dokumenter/v1/brev/{first['dialog_id']}/{second['id']}"

    answer = rig.http.get(path, headers=rig.headers(LETTER_SCOPE))

    assert (answer.status_code, answer.json()["kode"]) == (404, "DUT-003")
    assert rig.http.get(path).status_code == 401


def test_an_address_of_a_letter_that_is_no_id_is_a_wrong_request(rig: Rig) -> None:
    sent, _ = letter(rig)
    path = f"/skatteetaten/api/skatt-dialog-dokumenter/v1/brev/{sent['dialog_id']}/12"

    answer = rig.http.get(path, headers=rig.headers(LETTER_SCOPE))

    assert (answer.status_code, answer.json()["kode"]) == (400, "DUT-004")


def test_a_letter_is_marked_as_opened_with_the_dialog_token(rig: Rig) -> None:
    sent, _ = letter(rig)
    result = dialog(rig, sent["dialog_id"])
    address = result["transmissions"][0]["content"]["contentReference"]["value"][0]["value"]

    answer = rig.http.get(address, headers={"Authorization": f"Bearer {result['dialogToken']}"})

    assert answer.status_code == 200
    assert [a["type"] for a in dialog(rig, sent["dialog_id"])["activities"]] == ["TransmissionOpened"]
