"""The page at `/control`: a person can do everything there that a program can, without JavaScript."""

from __future__ import annotations

import html
import json
import re

import httpx
import pytest

from portal.sandbox.apps.records import Instance
from portal.sandbox.routing import ROUTES

from .altinn_rig import ACCOUNTANT, AGENT, CHANGE, FEES, K, V, packages, public_jwk, rights
from .dialog_rig import DialogRig, dialogs
from .tax_rig import Rig

__all__ = ["dialogs"]


@pytest.fixture
def rig() -> Rig:
    return Rig()


def play(dialogs: DialogRig, call: str, **fields: str) -> httpx.Response:
    """Fill in a form of the page; names have two underscores for the colon."""
    data = {"call": call, **{name.replace("__", ":", 1): value for name, value in fields.items()}}
    answer = dialogs.http.post("/control/play", data=data)
    return dialogs.http.get(answer.headers["Location"]) if answer.status_code == 303 else answer


def message(page: httpx.Response) -> str:
    result = re.search(r'role="status" class="card said( bad)?">([^<]*)<', page.text)
    assert result
    return html.unescape(result[2])


def offered(page: str) -> set[tuple[str, str]]:
    """(method, path) of every call the page has a form or a link for."""
    forms = {tuple(call.split(" ", 1)) for call in re.findall(r'name="call" value="([^"]+)"', page)}
    links = {("GET", path) for path in re.findall(r'(?:href|action)="(/control/[^"#?]+)"', page)}
    return {(method, path) for method, path in forms | links}


def calls() -> list[tuple[str, str]]:
    """(method, pattern) of every control call but those of `NOT_OFFERED`."""
    rules = [r for r in ROUTES if r.rule.startswith("/control/") and r.rule not in NOT_OFFERED]
    return [(method, rule.rule) for rule in rules for method in (rule.methods or set()) - {"HEAD"}]


def fits(call: tuple[str, str], offer: tuple[str, str]) -> bool:
    return call[0] == offer[0] and re.fullmatch(re.sub(r"<[^>]+>", "[^/]+", call[1]), offer[1]) is not None


def test_every_call_of_control_is_on_the_page(dialogs: DialogRig) -> None:
    dialogs.requested(externalRef="waits")
    dialogs.agent(externalRef="agent")
    query = {"correlation-id": "6b0d2b0e-6a0c-4b0f-9d3e-1f4d5c6b7a80", "system-user-id": dialogs.user}
    dialogs.call("POST", CHANGE, {"requiredRights": rights(FEES)}, params=query)
    dialogs.add(dialogs.open(), "transmissions", type="Information", title="Brev")
    dialogs.control("faults", {"service": "brreg"})
    dialogs.control("verdicts", {"verdict": "accepted"})
    dialogs.app.state.apps.instances["50/1"] = Instance(
        id="50/1",
        orgnr="310200379",
        vendor=V,
        system_user_id=dialogs.user,
        created=dialogs.app.clock.now(),
        task="confirmation",
    )

    on_page = offered(dialogs.http.get("/control").text)

    assert [call for call in calls() if not any(fits(call, one) for one in on_page)] == []


NOT_OFFERED = {
    "/control/play", "/control/submissions/<submission_id>/feedback", "/control/bulk/changes", "/control/bulk/contents",
}  # fmt: skip
"""The page's own call, the one whose form the next test fills in, and two for programs that compare thousands of dialogs."""


def test_a_person_hands_a_new_key_over_and_sees_it(dialogs: DialogRig) -> None:
    jwk = json.dumps([public_jwk("key-w", kid="new")], indent=2)

    page = play(dialogs, "POST /control/clients/client-v/keys", text__jwk=jwk, said="The client can sign with it.")

    assert message(page) == "The client can sign with it."
    assert "<code>new</code> works until 2027-11-23" in page.text
    assert dialogs.ask(dialogs.assertion(by="W", iss="client-v", header={"kid": "new"})).status_code == 200


@pytest.mark.parametrize("pasted", ["-----BEGIN PUBLIC KEY-----", "[]", '{"kty": "EC"}', "\u0000"])
def test_an_invalid_key_is_refused_with_a_sentence(dialogs: DialogRig, pasted: str) -> None:
    page = play(dialogs, "POST /control/clients/client-v/keys", text__jwk=pasted)

    assert message(page).startswith("jwk: ")
    assert message(page).endswith(".")


def test_a_person_makes_a_client_an_organisation_and_its_people(dialogs: DialogRig) -> None:
    jwk, people = json.dumps(public_jwk("key-w", kid="k")), "Ola: DAGL; lonn\nKari Moe: ansatt"
    client = {"text__client_id": "ny klient", "text__orgnr": V, "list__scopes": "a\nb", "text__jwks": jwk}
    play(dialogs, "POST /control/clients", **client)
    play(dialogs, "POST /control/organisations", text__orgnr=K, text__name="Rask", people__persons=people)

    state = dialogs.app.state
    assert (state.clients["ny klient"].scopes, len(state.clients["ny klient"].keys)) == (["a", "b"], 1)
    assert [(p.name, p.roles, p.packages) for p in state.organisations[K].persons] == [
        ("Ola", ["DAGL"], ["lonn"]), ("Kari Moe", ["ansatt"], None)
    ]  # fmt: skip
    assert "POST /control/clients/ny%20klient/keys" in dialogs.http.get("/control").text


def test_a_person_decides_as_whoever_they_pick(dialogs: DialogRig) -> None:
    ident = dialogs.requested(externalRef="waits")

    refused = play(dialogs, f"POST /control/requests/{ident}/approve", text__person="Per Hansen")
    play(dialogs, f"POST /control/requests/{ident}/escalate", text__person="Per Hansen")

    assert "lacks the role" in message(refused)
    assert (dialogs.app.state.requests[ident].status, dialogs.app.state.requests[ident].escalated) == ("New", True)


@pytest.mark.parametrize("given", ["{number}", "{spaced}", "{beginning}", "solhøyden", " Solhøyden  Drift "])
def test_a_person_finds_what_is_about_one_organisation_among_many(dialogs: DialogRig, given: str) -> None:
    number = "310222224"
    dialogs.control("organisations", {"orgnr": number, "name": "Solhøyden Drift AS"})
    dialogs.control("bulk", {"organisations": 60})
    resource = "urn:altinn:resource:x"
    for orgnr, title in ((number, "Funnet dialog"), (K, "En annens")):
        body = {"orgnr": orgnr, "service_resource": resource, "title": {"nb": title}}
        dialogs.control("dialogs", body)
    spaced = f"{number[:3]} {number[3:6]} {number[6:]}"
    text = given.format(number=number, spaced=spaced, beginning=number[:6])

    whole, found = dialogs.http.get("/control").text, dialogs.http.get("/control", params={"q": text}).text
    none = dialogs.http.get("/control", params={"q": "finnes ikke"}).text

    assert f"{number} Solhøyden Drift AS" not in whole
    assert f"{number} Solhøyden Drift AS" in found
    assert ("Funnet dialog" in found, "En annens" in found) == (True, False)
    assert ("En annens" in whole, "En annens" in none, "Funnet dialog" in none) == (True, False, False)


def test_a_search_stays_after_an_act_and_is_written_as_text(dialogs: DialogRig) -> None:
    text = 'sol"<b>'
    page = dialogs.http.get("/control", params={"q": text}).text

    answer = dialogs.http.post(
        "/control/play", data={"call": "POST /control/clock/advance", "number:seconds": "1", "q": text}
    )

    assert "<b>" not in page.replace("<b>20", "")
    assert 'name="q" value="sol&#34;&lt;b&gt;"' in page
    assert dict(httpx.URL(answer.headers["Location"]).params)["q"] == text


def test_a_person_plays_the_service_owner(dialogs: DialogRig) -> None:
    resource = "urn:altinn:resource:x"
    play(dialogs, "POST /control/dialogs", text__orgnr=K, text__service_resource=resource, text__title="Hei")
    dialog = next(iter(dialogs.app.state.dialogs.values()))
    path = f"/control/dialogs/{dialog.id}"

    play(dialogs, f"PATCH {path}", text__title="Nytt", text__status="Draft", flag__silent="false")
    play(dialogs, f"POST {path}/transmissions", text__type="Information", text__title="Brev")
    play(dialogs, f"POST {path}/activities", text__type="Information", text__description="Hei")

    assert (dialog.title, dialog.status) == ({"nb": "Nytt"}, "Draft")
    assert (len(dialog.transmissions), len(dialog.activities)) == (1, 1)


def test_an_answer_worth_reading_is_shown_and_not_put_into_an_address(dialogs: DialogRig) -> None:
    dialogs.add_organisation(ACCOUNTANT, "Trofast Regnskap AS")

    page = play(dialogs, "POST /control/person-tokens", text__orgnr=ACCOUNTANT, list__scopes="a", show="1")

    assert (page.status_code, "eyJ" in page.text, "eyJ" in str(page.url)) == (200, True, False)


def test_settings_that_are_off_stay_off_and_can_be_set_and_taken_back(dialogs: DialogRig) -> None:
    def save(text: str) -> float | None:
        play(dialogs, "PATCH /control/settings", **{"number?__throttle_seconds": text, "text?__maintenance_until": ""})
        return dialogs.app.state.settings.throttle_seconds

    assert (save("7"), save(""), dialogs.app.state.settings.maintenance_until) == (7.0, None, None)


def test_a_snapshot_is_loaded_from_a_file(dialogs: DialogRig) -> None:
    saved, ident = dialogs.http.get("/control/snapshot").content, dialogs.open()
    form = {"call": "PUT /control/snapshot"}

    dialogs.http.post("/control/play", data=form, files={"file": ("sandbox.json", saved)})

    assert ident not in dialogs.app.state.dialogs


def test_unreadable_people_and_json_are_refused_with_a_sentence(dialogs: DialogRig) -> None:
    no_json = play(dialogs, "POST /control/organisations", text__orgnr=K, text__name="x", json__registry="{")
    nobody = play(dialogs, "POST /control/organisations", text__orgnr=K, text__name="x", people__persons=": DAGL")

    assert message(no_json) == "registry: is not JSON."
    assert message(nobody) == "persons: each needs a name."


def test_an_agents_clients_are_shown_and_added(dialogs: DialogRig) -> None:
    agent = dialogs.agent(externalRef="a", accessPackages=packages(AGENT))

    page = play(dialogs, f"POST /control/system-users/{agent}/clients", list__orgnrs=K)

    assert f"Clients: {K}" in page.text


def test_the_page_shows_what_waits_and_its_forms_work_without_javascript(rig: Rig) -> None:
    submission = rig.report_fees().json()["forsendelseId"]
    page = rig.http.get("/control").text
    form = {
        "call": f"POST /control/submissions/{submission}/feedback",
        "text:verdict": "rejected",
        "back": "submissions",
    }

    answer = rig.http.post("/control/play", data=form)

    assert form["call"] in page
    assert "<script" not in page
    assert (answer.status_code, answer.headers["Location"]) == (303, "/control?said=Done.&failed=0#submissions")
    assert rig.received(submission)["feedback"]["verdict"] == "rejected"


def test_the_page_repeats_the_sentence_of_a_refusal(rig: Rig) -> None:
    form = {"call": "POST /control/clock/advance", "number:seconds": "mange", "back": "clock"}

    answer = rig.http.post("/control/play", data=form)
    page = rig.http.get(answer.headers["Location"]).text

    assert "seconds: Expected float, got str." in page


@pytest.mark.parametrize("call", ["", "POST /skatteetaten/x", "POST /control/play", "POST /control/../x y"])
def test_the_page_makes_no_other_calls_than_those_of_control(rig: Rig, call: str) -> None:
    assert rig.http.post("/control/play", data={"call": call}).status_code == 400


def test_names_are_escaped_on_the_page(rig: Rig) -> None:
    rig.add_organisation("312345676", "<script>alert(1)</script>")
    rig.add_system_user("312345676", [], ident="x")

    assert "<script>" not in rig.http.get("/control").text
