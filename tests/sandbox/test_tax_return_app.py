"""The tax return: its control, and its app in Altinn with what the contract has of it, and the refusals."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from portal.sandbox.apps.tax_return import APP, BASE, STORAGE
from portal.sandbox.skatteetaten.tax_returns import BASE as RETURNS
from portal.sandbox.skatteetaten.tax_returns import current_id
from portal.sandbox.skatteetaten.upload_validation import TEST_VIRUS
from submissions.adapters.altinn_app import samples
from submissions.adapters.base import About
from submissions.period import Period
from tests.sandbox.tax_rig import CUSTOMER, OTHER, Rig

SCOPE, READ, WRITE = "skatteetaten:formueinntekt/skattemelding", "altinn:instances.read", "altinn:instances.write"
DATA_TYPE = "skattemeldingOgNaeringsspesifikasjon"


@pytest.fixture
def rig() -> Rig:
    made = Rig()
    user = next(iter(made.app.state.system_users.values()))
    user.rights = ["app_skd_formueinntekt-skattemelding-v2"]
    return made


def envelope(*, wrong: bool = False, year: int = 2025, current: str = "") -> bytes:
    about = About(CUSTOMER, Period.year(year), "skattemelding")
    return samples.example(about, current=current, wrong=wrong).content


def call(
    rig: Rig, method: str, path: str, *, issuer: str = "altinn", scope: str = f"{READ} {WRITE}", **more: Any
) -> httpx.Response:
    headers = {"Authorization": f"Bearer {rig.token(scope, issuer=issuer)}", **more.pop("headers", {})}
    return rig.http.request(method, path, headers=headers, **more)


def control(rig: Rig, content: bytes, **more: Any) -> httpx.Response:
    options = {"issuer": "maskinporten", "scope": SCOPE, "headers": {"Content-Type": "application/xml"}, **more}
    return call(rig, "POST", f"{RETURNS}/valider/2025/{CUSTOMER}", content=content, **options)


def create(rig: Rig, orgnr: str = CUSTOMER, **more: Any) -> httpx.Response:
    body = {"appId": APP, "instanceOwner": {"organisationNumber": orgnr}, "dataValues": {"inntektsaar": 2025}}
    return call(rig, "POST", BASE, json=body, **more)


def upload(rig: Rig, instance: str, content: bytes | None = None, **changes: str) -> httpx.Response:
    given = {
        "Content-Type": "text/xml",
        "Content-Disposition": "attachment; filename=a.xml",
        "type": DATA_TYPE,
        **changes,
    }
    path, kind = f"{BASE}/{instance}/data", given.pop("type")
    body = envelope() if content is None else content
    return call(rig, "POST", path, params={"dataType": kind}, content=body, headers=given)


def go_on(rig: Rig, instance: str) -> httpx.Response:
    return call(rig, "PUT", f"{BASE}/{instance}/process/next")


def task(rig: Rig, instance: str) -> str:
    return call(rig, "GET", f"{BASE}/{instance}").json()["process"]["currentTask"]["altinnTaskType"]


def test_the_current_return_has_the_id_that_a_new_one_refers_to(rig: Rig) -> None:
    reply = call(rig, "GET", f"{RETURNS}/2025/{CUSTOMER}", issuer="maskinporten", scope=SCOPE)

    assert f"<id>{current_id('2025', CUSTOMER)}</id>" in reply.text
    assert "validertOK" in control(rig, envelope(current=current_id("2025", CUSTOMER))).text


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (envelope(wrong=True), "kontrollavvik"),
        (envelope(year=2024), "ulikInntektsaar"),
        (envelope(current="SKI:755:1"), "ikkeGjeldendeDokument"),
        (envelope().replace(b"skattemeldingUpersonlig", b"naeringsspesifikasjon"), "manglerSkattemelding"),
    ],
)
def test_the_control_says_no_with_a_success_and_names_what_and_where(rig: Rig, content: bytes, code: str) -> None:
    reply = control(rig, content)

    assert reply.status_code == 200
    assert f"<avvikstype>{code}</avvikstype><sti>" in reply.text
    assert "validertMedFeil" in reply.text


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({"issuer": "altinn"}, 401),
        ({"scope": READ}, 403),
        ({"headers": {"Content-Type": "application/json"}}, 415),
    ],
)
def test_the_control_refuses(rig: Rig, more: dict[str, Any], status: int) -> None:
    assert control(rig, envelope(), **more).status_code == status
    assert control(rig, b"<other/>").status_code == 400


def test_an_instance_is_made_for_an_organisation_that_the_token_may_act_for(rig: Rig) -> None:
    assert create(rig, issuer="maskinporten").status_code == 401
    assert create(rig, scope=READ).status_code == 403
    assert create(rig, OTHER).status_code == 403
    assert call(rig, "POST", BASE, json={"appId": APP}).status_code == 400

    made = create(rig).json()

    assert (made["instanceOwner"]["organisationNumber"], made["dataValues"]) == (CUSTOMER, {"inntektsaar": "2025"})
    assert task(rig, made["id"]) == "data"
    owner = {"X-Ai-InstanceOwnerIdentifier": f"Organisation:{CUSTOMER}"}
    listed = call(rig, "GET", STORAGE, params={"appId": APP}, headers=owner).json()
    assert [one["id"] for one in listed["instances"]] == [made["id"]]


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"Content-Disposition": 'attachment; filename="a.xml"'}, 400),
        ({"type": "ukjent"}, 400),
        ({"Content-Type": "application/xml"}, 415),
    ],
)
def test_the_upload_refuses(rig: Rig, changes: dict[str, str], status: int) -> None:
    assert upload(rig, create(rig).json()["id"], **changes).status_code == status


def test_the_process_stands_while_a_file_is_scanned_and_a_person_confirms(rig: Rig) -> None:
    instance = create(rig).json()["id"]
    assert upload(rig, instance).json()["fileScanResult"] == "Pending"
    assert go_on(rig, instance).status_code == 409

    rig.let_pass(5)
    assert go_on(rig, instance).status_code == 200
    assert task(rig, instance) == "confirmation"
    assert go_on(rig, instance).status_code == 403
    assert upload(rig, instance).status_code == 409

    assert rig.http.post(f"/control/app-instances/{instance}/confirm").status_code == 204
    rig.let_pass(150)
    shown = call(rig, "GET", f"{BASE}/{instance}").json()
    answer = next(one for one in shown["data"] if one["dataType"] == "tilbakemelding")
    assert shown["process"]["ended"]
    assert "<tilbakemelding>" in call(rig, "GET", f"{BASE}/{instance}/data/{answer['id']}").text


def test_an_infected_file_and_a_wrong_return_are_not_taken(rig: Rig) -> None:
    for content in (envelope().replace(b"Eksempelfiler", TEST_VIRUS.encode()), envelope(wrong=True)):
        instance = create(rig).json()["id"]
        upload(rig, instance, content)
        rig.let_pass(5)
        assert go_on(rig, instance).status_code == 409
        assert task(rig, instance) == "data"
