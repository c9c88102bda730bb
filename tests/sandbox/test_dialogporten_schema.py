"""The answers as Dialogporten, validated against the published OpenAPI document of `@digdir/dialogporten-schema`."""

from __future__ import annotations

import json
import uuid
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import pytest
from jsonschema import Draft4Validator, FormatChecker

from .altinn_rig import FEES, NOW, SHARES
from .dialog_rig import LOCKED, URN, D, DialogRig, dialogs

__all__ = ["dialogs"]

PUBLISHED = Path("node_modules/@digdir/dialogporten-schema/swagger.verified.json")
DIALOG = "/api/v1/enduser/dialogs/{dialogId}"


@cache
def published() -> dict[str, Any]:
    document: dict[str, Any] = json.loads(PUBLISHED.read_text("utf-8-sig"))
    return document


def checked(response: httpx.Response, path: str, method: str = "get") -> Any:
    """The body, after validation against the schema of `path` and the status."""
    answer = published()["paths"][path][method]["responses"][str(response.status_code)]
    [(media_type, promised)] = answer["content"].items()
    assert response.headers["content-type"].split(";")[0] == media_type
    schema = {**promised["schema"], "components": published()["components"]}
    body = response.json()
    wrong = [
        f"{list(e.absolute_path)}: {e.message}"
        for e in Draft4Validator(schema, format_checker=FormatChecker()).iter_errors(body)
    ]
    assert not wrong
    return body


@pytest.fixture
def full(dialogs: DialogRig) -> str:
    """The id of a dialog with every member a dialog can have."""
    link = {"url": "https://skatt.example.no/dokument", "media_type": "application/pdf"}
    attachment = {"id": str(uuid.uuid4()), "name": "Brev.pdf", "urls": [link, {**link, "consumer_type": "Gui"}]}
    gui = {
        "id": str(uuid.uuid4()), "action": "read", "url": link["url"], "authorizationAttribute": URN + FEES,
        "title": [{"value": "Se", "languageCode": "nb"}],
    }  # fmt: skip
    api = {"id": str(uuid.uuid4()), "action": "read", "endpoints": [{"id": str(uuid.uuid4()), "url": link["url"]}]}
    ident = dialogs.open(
        "Krav", summary="Svar innen fristen", status="RequiresAttention", extended_status="urn:skd:venter",
        external_reference="sak-77", process="urn:example:p:1", due_at=(NOW + timedelta(days=9)).isoformat(),
        expires_at=(NOW + timedelta(days=99)).isoformat(), sender_name="Skatt vest", additional_info="**Mer**",
        main_content_reference="https://skatt.example.no/innhold", attachments=[attachment], gui_actions=[gui], api_actions=[api],
    )  # fmt: skip
    dialogs.change(ident, progress=40)
    sent = dialogs.add(ident, "transmissions", type="Submission", title="Sendt", attachments=[attachment])
    dialogs.add(
        ident, "transmissions", type="Rejection", title="Avvist", related_id=sent, external_reference="1",
        content_reference="https://skatt.example.no/tilbakemelding",
    )  # fmt: skip
    dialogs.add(ident, "activities", type="Information", description="Hei")
    dialogs.add(ident, "activities", type="TransmissionOpened", transmission_id=sent)
    dialogs.labels(ident, addLabels=["Archive", "MarkedAsUnopened"])
    return ident


def test_a_list_is_as_published(dialogs: DialogRig, full: str) -> None:
    dialogs.open(resource=LOCKED)

    result = checked(dialogs.search(limit=1), "/api/v1/enduser/dialogs")

    assert (len(result["items"]), result["hasNextPage"], "continuationToken" in result) == (1, True, True)


def test_an_empty_list_is_as_published(dialogs: DialogRig) -> None:
    assert checked(dialogs.search(), "/api/v1/enduser/dialogs")["items"] == []


def test_a_dialog_is_as_published_before_and_after_it_was_seen(dialogs: DialogRig, full: str) -> None:
    for _time in range(2):
        result = checked(dialogs.get(f"{D}/enduser/dialogs/{full}"), DIALOG)
    assert len(result["transmissions"]) == 2
    assert result["guiActions"][0]["isAuthorized"] is False
    assert {"senderName", "additionalInfo", "mainContentReference"} <= set(result["content"])
    checked(dialogs.search(), "/api/v1/enduser/dialogs")


@pytest.mark.parametrize("part", ["transmissions", "activities", "seenlog"])
def test_the_parts_are_as_published(dialogs: DialogRig, full: str, part: str) -> None:
    path = f"{D}/enduser/dialogs/{full}"
    dialogs.get(path)
    name = {"transmissions": "transmissionId", "activities": "activityId", "seenlog": "seenLogId"}[part]

    rows = checked(dialogs.get(f"{path}/{part}"), f"{DIALOG}/{part}")

    assert rows
    for row in rows:
        checked(dialogs.get(f"{path}/{part}/{row['id']}"), f"{DIALOG}/{part}/{{{name}}}")


def test_the_label_log_is_as_published(dialogs: DialogRig, full: str) -> None:
    assert checked(dialogs.get(f"{D}/enduser/dialogs/{full}/context/labellog"), f"{DIALOG}/context/labellog")


@pytest.mark.parametrize(
    "path", ["enduser/parties", "enduser/serviceresources", "metadata/limits", "metadata/serviceresources",
             ".well-known/jwks.json", ".well-known/oauth-authorization-server"],
)  # fmt: skip
def test_the_metadata_of_the_service_is_as_published(dialogs: DialogRig, path: str) -> None:
    assert checked(dialogs.get(f"{D}/{path}"), f"/api/v1/{path}")


def test_a_look_up_is_as_published(dialogs: DialogRig) -> None:
    reference = f"urn:altinn:instance-id:500123/{uuid.uuid4()}"
    dialogs.open(key=reference, resource=SHARES)

    response = dialogs.get(f"{D}/enduser/dialoglookup", params={"instanceRef": reference})

    assert checked(response, "/api/v1/enduser/dialoglookup")["instanceRef"] == reference


def test_refusals_are_as_published(dialogs: DialogRig, full: str) -> None:
    unknown = f"{D}/enduser/dialogs/{uuid.uuid4()}"

    checked(dialogs.get(unknown), DIALOG)
    checked(dialogs.get(f"{unknown}/activities"), f"{DIALOG}/activities")
    checked(dialogs.labels(full, addLabels=["Sent"]), f"{DIALOG}/context/systemlabels", "put")
    checked(dialogs.labels(full, headers={"If-Match": str(uuid.uuid4())}), f"{DIALOG}/context/systemlabels", "put")
