"""The 31 JSON services with the same routes: each answers, and checks its content."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from portal.sandbox.skatteetaten.catalogue import GLD_SERVICES, Service

from .tax_rig import CUSTOMER, OTHER, SYSTEM_USER, Rig, codes, fees

SERVICES = {service.slug: service for service in GLD_SERVICES}


@pytest.fixture
def rig() -> Rig:
    return Rig()


def delivery(service: Service, items: list[Any], **changes: Any) -> dict[str, Any]:
    """A leveranse in the structure of `service`."""
    made: dict[str, Any] = {
        "kildesystem": "Systemet",
        "oppgavegiver": {"organisasjonsnummer": CUSTOMER},
        "inntektsaar": 2025,
        "oppgavegiversLeveranseReferanse": "REF-1",
        "leveransetype": "ordinaer",
        service.summary_key: {"antallOppgaver": len(items)},
    }
    outer, _, inner = service.items_path.partition(".")
    made[outer] = {inner: items} if inner else items
    return {**made, **changes}


def report(rig: Rig, service: Service, body: Any) -> httpx.Response:
    rig.app.state.system_users[SYSTEM_USER].rights = [service.resource_id]
    path = f"/skatteetaten/{service.label}/v1/2025"
    return rig.http.post(path, json=body, headers=rig.headers(service.scope, kind="json"))


def boligselskap_item(**changes: Any) -> dict[str, Any]:
    item = {
        "oppgaveeier": {"organisasjonsnummer": OTHER, "navn": "Glad Elg AS"},
        "boenhet": {"andelsnummer": 7},
        "eiertid": {"start": "0101", "slutt": "3112"},
        "eierandel": {"eierandelTeller": 1, "eierandelNevner": 2},
        "andelFormue": 1000,
    }
    return {**item, **changes}


@pytest.mark.parametrize("slug", sorted(set(SERVICES) - {"boligselskap", "boligsameie"}))
def test_every_service_takes_its_own_shape_and_gives_its_own_receipt(rig: Rig, slug: str) -> None:
    service = SERVICES[slug]

    response = report(rig, service, {"leveranse": delivery(service, [{"beloep": "10.50"}])})

    assert response.status_code == 200, response.text
    assert list(response.json()) == ["dialogId", "forsendelseId", *service.receipt]
    assert rig.feedback(response.json()["forsendelseId"])["verdict"] == "accepted"


def test_boligselskap_takes_a_list_and_answers_for_each_purpose(rig: Rig) -> None:
    service = SERVICES["boligselskap"]
    entries = [
        delivery(service, [boligselskap_item()], boligselskapFormaal="bolig"),
        delivery(service, [], leveransetype="ingenoppgaver", boligselskapFormaal="ikkeBolig"),
    ]

    receipt = report(rig, service, {"leveranse": entries}).json()

    assert [entry["boligselskapFormaal"] for entry in receipt["leveranseformaal"]] == ["bolig", "ikkeBolig"]
    assert [entry["antallOppgaver"] for entry in receipt["leveranseformaal"]] == [1, 0]


def test_boligselskap_with_two_oppgavegivere_is_1102(rig: Rig) -> None:
    service = SERVICES["boligselskap"]
    entries = [
        delivery(service, [], boligselskapFormaal="bolig"),
        delivery(service, [], boligselskapFormaal="bolig", oppgavegiver={"organisasjonsnummer": OTHER}),
    ]

    assert codes(report(rig, service, {"leveranse": entries}))[2] == "GLD_1102"


@pytest.mark.parametrize("body", [{}, {"leveranse": {}}, {"leveranse": []}, {"leveranse": [1]}, [], 7])
def test_boligselskap_wants_a_list_of_objects(rig: Rig, body: Any) -> None:
    assert codes(report(rig, SERVICES["boligselskap"], body))[:2] == (400, "GLD_010")


def test_boligsameie_wants_one_object(rig: Rig) -> None:
    service = SERVICES["boligsameie"]

    assert codes(report(rig, service, {"leveranse": [delivery(service, [])]}))[:2] == (400, "GLD_010")


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"boenhet": {}}, "boenhet"),
        ({"oppgaveeier": {"navn": "X"}}, "oppgaveeier"),
        ({"eierandel": {"eierandelTeller": 0, "eierandelNevner": 1}}, "eierandel.eierandelTeller"),
        ({"eiertid": {"start": "0101"}}, "eiertid.slutt"),
    ],
)
def test_a_wrong_field_of_an_item_is_010_with_its_path(rig: Rig, changes: dict[str, Any], path: str) -> None:
    service = SERVICES["boligselskap"]
    entry = delivery(service, [boligselskap_item(**changes)], boligselskapFormaal="bolig")

    response = report(rig, service, {"leveranse": [entry]})

    assert codes(response)[:2] == (400, "GLD_010")
    assert response.json()["spesifisering"][0]["sti"] == f"leveranse[0].oppgave[0].{path}"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"oppgaveoppsummering": {"antallOppgaver": 3, "sumBetaltKontingent": 33_000}}, "ANTALL_OPPGAVER"),
        ({"oppgaveoppsummering": {"antallOppgaver": 2, "sumBetaltKontingent": 33_001}}, "SUM"),
        ({"leveransetype": "ingenoppgaver"}, "INGEN_OPPGAVER"),
        ({"oppgave": [], "oppgaveoppsummering": {"antallOppgaver": 0}}, "TOM_LEVERANSE"),
    ],
)
def test_content_that_does_not_agree_is_received_and_then_rejected(
    rig: Rig, changes: dict[str, Any], code: str
) -> None:
    response = rig.report_fees(fees(**changes))

    feedback = rig.feedback(response.json()["forsendelseId"])
    assert feedback["verdict"] == "rejected"
    assert [finding["code"] for finding in feedback["findings"]] == [code]


def test_sums_of_decimal_texts_are_exact(rig: Rig) -> None:
    items = [{"betaltKontingent": "0.10"}, {"betaltKontingent": "0.20"}]
    summary = {"antallOppgaver": 2, "sumBetaltKontingent": "0.30"}

    response = rig.report_fees(fees(oppgave=items, oppgaveoppsummering=summary))

    assert rig.feedback(response.json()["forsendelseId"])["verdict"] == "accepted"


def test_the_feedback_counts_deliveries_and_items_in_the_published_namespace(rig: Rig) -> None:
    response = rig.report_fees(fees(oppgaveoppsummering={"antallOppgaver": 3}))
    feedback = rig.feedback(response.json()["forsendelseId"])
    path = f"/skatteetaten/innrapporteringfagforeningskontingent/v1/2025/forsendelser/{feedback['id']}/dokumenter"

    xml = rig.http.get(
        f"{path}/{feedback['xml_id']}", headers=rig.headers("skatteetaten:innrapporteringfagforeningskontingent")
    ).text

    assert "urn:ske:fastsetting:innsamling:grunnlagsdata:tilbakemelding:innsendingstilbakemelding:v2" in xml
    assert "<antallAvvisteLeveranser>1</antallAvvisteLeveranser>" in xml
    assert "<avvikskode>ANTALL_OPPGAVER</avvikskode>" in xml


def test_what_was_submitted_is_a_document_of_the_submission(rig: Rig) -> None:
    submission = rig.report_fees().json()["forsendelseId"]
    document = rig.received(submission)["document_id"]
    path = (
        f"/skatteetaten/innrapporteringfagforeningskontingent/v1/2025/forsendelser/{submission}/dokumenter/{document}"
    )

    response = rig.http.get(path, headers=rig.headers("skatteetaten:innrapporteringfagforeningskontingent"))

    assert response.json() == fees()


# who may report for whom


def test_an_access_package_opens_the_service_as_a_single_right_does(rig: Rig) -> None:
    user = rig.app.state.system_users[SYSTEM_USER]
    user.rights, user.packages = [], ["urn:altinn:accesspackage:skattegrunnlag"]

    assert rig.report_fees().status_code == 200


def test_an_accountants_system_user_reports_only_for_its_clients(rig: Rig) -> None:
    user = rig.app.state.system_users[SYSTEM_USER]
    user.kind, user.clients = "agent", [OTHER]

    for_client = rig.report_fees(fees(oppgavegiver={"organisasjonsnummer": OTHER}))
    for_itself = rig.report_fees()

    assert for_client.status_code == 200
    assert codes(for_itself) == (403, "GLD_005", "GLD_1015")
