"""Instances, data and process of an app in Altinn: what goes out, and how tolerantly the answers are read."""

from __future__ import annotations

import json
from typing import Any

import pytest

from portal.gateways.altinn.apps import App, Element
from portal.gateways.errors import BrokenReply
from tests.gateways.remote import Remote

BASE, PLATFORM = "https://skd.apps.example/skd/app", "https://platform.example"
APP = App(base_url=BASE, platform=PLATFORM)
PARTY = "50028539/82652921-88e4-47d9-9551-b9da483e86c2"
FILE = "58c560b4-90a2-42ac-af26-98e1e60336cd"
TOKEN = "a.b.c"


def instance(task: str | None = "data", **more: Any) -> dict[str, Any]:
    process = {
        "currentTask": {"altinnTaskType": task} if task else None,
        "ended": None if task else "2026-05-01T00:00:00Z",
    }
    return {"id": PARTY, "process": process, "data": [], **more}


def test_an_instance_is_made_for_the_organisation(remote: Remote) -> None:
    remote.says(instance(), 201)

    made = APP.create(token=TOKEN, app="skd/app", orgnr="310123455", values={"inntektsaar": 2025})

    assert (remote.asked.method, str(remote.asked.url)) == ("POST", f"{BASE}/instances")
    assert json.loads(remote.asked.content) == {
        "appId": "skd/app", "instanceOwner": {"organisationNumber": "310123455"}, "dataValues": {"inntektsaar": 2025},
    }  # fmt: skip
    assert (made.id, made.task, made.has_ended, made.is_deleted) == (PARTY, "data", False, False)


def test_the_file_name_has_no_quotation_marks(remote: Remote) -> None:
    remote.says({"id": FILE, "dataType": "skjema", "filename": "a.xml", "fileScanResult": "Pending"}, 201)

    made = APP.upload(
        token=TOKEN, instance_id=PARTY, type="skjema", filename="a.xml", media_type="text/xml", content=b"<a/>"
    )

    assert str(remote.asked.url) == f"{BASE}/instances/{PARTY}/data?dataType=skjema"
    assert remote.asked.headers["Content-Disposition"] == "attachment; filename=a.xml"
    assert (remote.asked.headers["Content-Type"], remote.asked.content) == ("text/xml", b"<a/>")
    assert made == Element(FILE, "skjema", "a.xml", "Pending")


def test_an_instance_that_has_ended_or_was_deleted_says_so(remote: Remote) -> None:
    remote.says(instance(None, status={"isSoftDeleted": True}))

    read = APP.read(token=TOKEN, instance_id=PARTY)

    assert (read.task, read.has_ended, read.is_deleted) == ("", True, True)


def test_the_process_goes_on_with_an_empty_body(remote: Remote) -> None:
    remote.says({})

    APP.go_on(token=TOKEN, instance_id=PARTY)

    assert (remote.asked.method, str(remote.asked.url)) == ("PUT", f"{BASE}/instances/{PARTY}/process/next")
    assert (remote.asked.content, remote.asked.headers["Content-Type"]) == (b"", "application/json")


def test_all_pages_of_the_list_are_read(remote: Remote) -> None:
    following = f"{PLATFORM}/storage/api/v1/instances?appId=skd%2Fapp&continuationToken=a%2Bb"
    remote.says({"instances": [instance()], "next": following})
    remote.says({"instances": [instance("confirmation", dataValues={"innsendingsreferanse": "1"})], "next": None})

    found = APP.instances(token=TOKEN, app="skd/app", orgnr="310123455")

    assert [one.task for one in found] == ["data", "confirmation"]
    assert found[1].values == {"innsendingsreferanse": "1"}
    assert remote.asked.headers["X-Ai-InstanceOwnerIdentifier"] == "Organisation:310123455"
    assert remote.asked.url.params["continuationToken"] == "a+b"
    assert "310123455" not in str(remote.asked.url)


@pytest.mark.parametrize(
    "answer", [{}, [], {"id": "1"}, {"id": "../x"}, {**instance(), "data": [{"id": "../x"}]}, {"id": None}], ids=str
)
def test_an_answer_without_a_usable_id_is_broken(remote: Remote, answer: Any) -> None:
    remote.says(json.dumps(answer))

    with pytest.raises(BrokenReply):
        APP.read(token=TOKEN, instance_id=PARTY)


def test_a_list_that_does_not_end_is_broken(remote: Remote) -> None:
    remote.says({"instances": [], "next": "https://x?continuationToken=1"})

    with pytest.raises(BrokenReply):
        APP.instances(token=TOKEN, app="skd/app", orgnr="310123455")
