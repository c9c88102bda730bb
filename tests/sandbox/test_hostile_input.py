"""Hostile input: it is refused with a sentence, and the sandbox continues to work."""

from __future__ import annotations

import base64
import uuid
from typing import Any

import httpx
import pytest

from portal.sandbox.webhooks import over_http

from .altinn_rig import REGISTER, REQUEST, SHARES, K, S, refusal
from .dialog_rig import URN, DialogRig, E, dialogs
from .tax_rig import FEES, FEES_SCOPE, fees
from .tax_rig import Rig as TaxRig

__all__ = ["dialogs"]
DEEP = "[" * 100_000 + "]" * 100_000
LINK = {"url": "https://skatt.example.no/dokument"}
PAPER = {"id": str(uuid.uuid4()), "urls": [LINK]}
DIALOG = {"orgnr": K, "service_resource": URN + SHARES, "title": "Brev"}


def raw_jwt(payload: str) -> str:
    parts = [base64.urlsafe_b64encode(text.encode()).decode() for text in ('{"alg":"RS256","kid":"key-v"}', payload)]
    return f"{parts[0].rstrip('=')}.{parts[1].rstrip('=')}.AAAA"


@pytest.mark.parametrize("claims", [{"exp": 10**400}, {"iat": 10**400}, {"iat": -(10**400)}, {"exp": 1e300}])
def test_a_grant_at_no_time_of_any_calendar_is_refused(dialogs: DialogRig, claims: dict[str, Any]) -> None:
    assert refusal(dialogs.grant(**claims)) == (400, "invalid_request", "011")


@pytest.mark.parametrize("payload", ["[1]", "7", f'{{"iss": "client-v", "a": {DEEP}}}', '{"iss": ' + "9" * 5000 + "}"])
def test_a_jwt_with_an_odd_payload_is_no_grant_and_no_token(dialogs: DialogRig, payload: str) -> None:
    bearer = {"Authorization": f"Bearer {raw_jwt(payload)}", "Accept": "application/json"}

    assert dialogs.ask(raw_jwt(payload)).status_code == 400
    assert dialogs.http.get(REGISTER, headers=bearer).status_code == 401
    assert dialogs.http.post(f"{FEES}/2025", headers=bearer).status_code == 400


@pytest.mark.parametrize("path", ["control/clients", "control/dialogs", "control/faults", "control/organisations"])
@pytest.mark.parametrize("body", [DEEP, '{"orgnr": ' + DEEP, "9" * 10_000, "\x00", '"\\ud800"', "[" * 9])
def test_a_deep_or_broken_body_of_a_control_call_is_400(dialogs: DialogRig, path: str, body: str) -> None:
    response = dialogs.http.post(f"/{path}", content=body, headers={"Content-Type": "application/json"})

    assert (response.status_code, response.json()["error"][-1]) == (400, ".")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"service_resource": "x"}, "service_resource"), ({"service_resource": URN}, "service_resource"),
        ({"title": ""}, "title"), ({"title": {"nb": " "}}, "title"), ({"title": "x" * 256}, "title"),
        ({"status": "New"}, "status"), ({"due_at": "2026-12-01T12:00:00"}, "due_at"),
        ({"visible_from": "0001-01-01T00:00:00+14:00"}, "visible_from"), ({"expires_at": "snart"}, "expires_at"),
        ({"main_content_reference": "javascript:alert(1)"}, "main_content_reference"),
        ({"attachments": [{**PAPER, "id": "1"}]}, "attachments"), ({"attachments": [{**PAPER, "urls": []}]}, "attachments"),
        ({"attachments": [{**PAPER, "urls": [{"url": ""}]}]}, "attachments"),
        ({"attachments": [{**PAPER, "urls": [{**LINK, "consumer_type": "Fax"}]}]}, "attachments"),
        ({"gui_actions": [{}]}, "gui_actions"), ({"gui_actions": [{"id": "1", "action": "read"}]}, "gui_actions"),
        ({"api_actions": [{"id": "1", "action": "read", "endpoints": 7}]}, "api_actions"),
        ({"api_actions": [{"id": "1", "action": "read", "endpoints": [{"id": "1"}]}]}, "api_actions"),
        ({"transmissions": [{"type": "Letter", "title": "x"}]}, "type"),
        ({"activities": [{"type": "Information"}]}, "description"),
    ],
)  # fmt: skip
def test_a_dialog_that_could_not_be_shown_is_not_opened(
    dialogs: DialogRig, changes: dict[str, Any], field: str
) -> None:
    response = dialogs.http.post("/control/dialogs", json={**DIALOG, **changes})

    assert (response.status_code, response.json()["field"].split(".")[0].split("[")[0]) == (400, field)
    assert dialogs.search_ids() == []


@pytest.mark.parametrize(
    ("part", "body", "field"),
    [
        ("transmissions", {"type": "Letter", "title": "x"}, "type"),
        ("transmissions", {"type": "Information", "title": ""}, "title"),
        ("transmissions", {"type": "Information", "title": "x", "related_id": "x"}, "related_id"),
        ("transmissions", {"type": "Information", "title": "x", "content_reference": "x"}, "content_reference"),
        ("activities", {"type": "Information"}, "description"),
        ("activities", {"type": "FormSaved", "description": "x"}, "description"),
        ("activities", {"type": "TransmissionOpened"}, "transmission_id"),
        ("activities", {"type": "FormSaved", "by": "Nobody"}, "by"),
    ],
)
def test_a_part_of_a_dialog_keeps_the_rules_of_dialogporten(
    dialogs: DialogRig, part: str, body: dict[str, Any], field: str
) -> None:
    response = dialogs.http.post(f"/control/dialogs/{dialogs.open()}/{part}", json=body)

    assert (response.status_code, response.json()["field"]) == (400, field)


def test_a_deleted_dialog_takes_nothing_more(dialogs: DialogRig) -> None:
    path = f"/control/dialogs/{dialogs.open()}"
    dialogs.http.delete(path)

    assert dialogs.http.delete(path).status_code == dialogs.http.patch(path, json={}).status_code == 409


@pytest.mark.parametrize(
    "changes",
    [{"page_size": 0}, {"page_size": -5}, {"feedback_delay_seconds": 1e300}, {"events_time_scale": -1},
     {"throttle_seconds": 1e300}, {"maintenance_until": "2026-12-01T12:00:00"}, {"concurrent_calls": -1}],
)  # fmt: skip
def test_a_setting_that_would_break_a_service_is_refused(dialogs: DialogRig, changes: dict[str, Any]) -> None:
    response = dialogs.http.patch("/control/settings", json=changes)

    assert (response.status_code, response.json()["field"]) == (400, next(iter(changes)))


def test_time_ends_with_the_calendar_and_the_clock_can_be_set_back(dialogs: DialogRig) -> None:
    far = {"seconds": 50 * 365 * 86_400}

    statuses = [dialogs.http.post("/control/clock/advance", json=far).status_code for _ in range(5)]

    assert statuses == [200, 200, 200, 400, 400]
    assert dialogs.http.put("/control/clock", json={"now": "2026-11-23T12:00:00Z"}).status_code == 200


@pytest.mark.parametrize(
    "changes",
    [{"endPoint": "https://[bad"}, {"endPoint": "https://a\x00b"}, {"endPoint": "https://x:port/"}, {"endPoint": "https://a b/"},
     {"endPoint": 7},     {"typeFilter": [1]}, {"subjectFilter": {"a": 1}}, {"includeSubunits": "yes"}],
)  # fmt: skip
def test_a_subscription_of_wrong_types_or_to_no_address_is_400(dialogs: DialogRig, changes: dict[str, Any]) -> None:
    response = dialogs.subscribe(**changes)

    assert (response.status_code, type(response.json())) == (400, str)


def test_numbers_of_thousands_of_digits_are_only_numbers(dialogs: DialogRig) -> None:
    query = {"resource": URN + SHARES, "after": "0", "size": "9" * 5000}

    assert dialogs.http.get(f"{E}/events", params=query, headers=dialogs.as_follower()).json() == []
    assert dialogs.http.get(f"{E}/subscriptions/{'9' * 5000}", headers=dialogs.as_follower()).status_code == 404


def test_an_address_that_cannot_be_called_gives_no_answer() -> None:
    assert over_http("https://a\x00b", b"", {}) is None


@pytest.mark.parametrize("amount", ["9e99999999", "9e999999", "1e-999999999", "Infinity", "NaN"])
def test_an_amount_that_no_sum_can_hold_is_left_out_of_it(amount: str) -> None:
    rig = TaxRig()
    body = fees(
        oppgave=[{"betaltKontingent": amount}] * 2,
        oppgaveoppsummering={"antallOppgaver": 2, "sumBetaltKontingent": amount},
    )

    assert rig.report_fees(body).status_code == 200


def test_a_form_with_a_fault_in_every_line_gets_an_answer_of_sensible_length() -> None:
    rig = TaxRig()

    response = rig.main_form(
        f'<Skjema skjemanummer="890" spesifikasjonsnummer="12144">{"<a>" * 9000}{"</a>" * 9000}</Skjema>'
    )

    assert (response.status_code, len(response.json()["spesifisering"])) == (400, 200)


def test_a_deep_item_is_read_or_refused() -> None:
    rig = TaxRig()
    headers = rig.headers(FEES_SCOPE, kind="json")

    for depth in (100, 900, 5000, 100_000):
        response = rig.http.post(
            f"{FEES}/2025", content=f'{{"leveranse": {"[" * depth}{"]" * depth}}}', headers=headers
        )
        assert response.status_code == 400, depth


def test_a_fault_of_every_service_does_not_affect_the_control_calls(dialogs: DialogRig) -> None:
    dialogs.control("faults", {"service": "*", "times": 9})

    assert dialogs.http.get("/control").status_code == dialogs.http.get("/").status_code == 200
    assert dialogs.http.get(REGISTER).status_code == 503
    assert dialogs.http.delete("/control/faults").status_code == 204


def test_a_call_whose_connection_broke_is_recorded(dialogs: DialogRig) -> None:
    dialogs.control("faults", {"service": "authentication", "kind": "lost"})
    with pytest.raises(Exception, match="lost"):
        dialogs.http.get(f"{REQUEST}/bysystem/{S}")

    recorded = dialogs.http.get("/control/calls", params={"service": "authentication", "limit": "1"}).json()

    assert (recorded[0]["path"], recorded[0]["status"]) == (f"{REQUEST}/bysystem/{S}", None)
    assert "broken off" in dialogs.http.get("/control").text


def test_the_record_of_calls_keeps_a_sensible_length_of_each(dialogs: DialogRig) -> None:
    dialogs.http.get(f"{REGISTER}?{'q' * 50_000}", headers={"X-Long": "h" * 50_000})

    recorded = dialogs.app.calls[-1]

    assert (len(recorded["query"]), len(recorded["headers"]["X-Long"])) == (2000, 2000)


def test_webhooks_that_wait_survive_a_load_of_organisations(dialogs: DialogRig) -> None:
    dialogs.subscribed()
    dialogs.open()
    dialogs.app.run_due()

    dialogs.control("bulk", {"organisations": 3})

    assert dialogs.kinds() == ["created"]


def test_the_errors_of_a_gate_carry_the_mark_of_a_bug(dialogs: DialogRig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dialogs.app.faults, "take", lambda **_: None)
    monkeypatch.setattr("portal.sandbox.skatteetaten.limits._organisation", lambda _: 1 / 0)

    response = httpx.Client(transport=httpx.WSGITransport(app=dialogs.app), base_url="http://x").get(f"{FEES}/2025")

    assert (response.status_code, response.json()["marker"]) == (500, "SANDBOX-BUG")
