"""Dialogporten: what a search asks, how tolerantly lists are read, and that nothing is marked as seen by a machine."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from portal.gateways.dialogporten import PATIENCE, Dialogporten, Limits
from portal.gateways.errors import BrokenReply, Refused
from tests.gateways.remote import Remote

GATEWAY = Dialogporten(platform="https://platform.test")
DIALOGS = "/dialogporten/api/v1/enduser/dialogs"
ID, OTHER = "0198c1f2-7c1e-7b52-9a55-3f2d6b9f0a11", "0198c1f2-7c1e-7b52-9a55-3f2d6b9f0a12"
PARTY = "urn:altinn:organization:identifier-no:310987654"
RESOURCE = "urn:altinn:resource:ske-innrapportering-egg"
TOKEN = "a.b.c"
AT = datetime(2026, 8, 20, 6, 0, 0, 123456, tzinfo=UTC)
STAMP = "2026-08-20T06:00:00.1234567Z"


def text(**languages: str) -> dict[str, Any]:
    return {"value": [{"value": v, "languageCode": k} for k, v in languages.items()], "mediaType": "text/plain"}


def dialog(**changes: Any) -> dict[str, Any]:
    """No more than a dialog must have."""
    least = {
        "id": ID, "serviceResource": RESOURCE, "party": PARTY, "status": "Awaiting", "createdAt": STAMP,
        "updatedAt": STAMP, "contentUpdatedAt": STAMP,
    }  # fmt: skip
    return {**least, **changes}


def transmission(**changes: Any) -> dict[str, Any]:
    return {"id": OTHER, "type": "Acceptance", "createdAt": STAMP, **changes}


def page(*items: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"items": list(items), "hasNextPage": False, **more}


def search(**changes: Any) -> Any:
    return GATEWAY.search(**{"token": TOKEN, "order_by": "updatedAt_asc", "limit": 1000, "parties": [PARTY], **changes})


# search


def test_a_search_sends_order_and_filters_with_the_place_to_go_on_from(remote: Remote) -> None:
    remote.says(page())

    search(
        parties=[PARTY, "p2"],
        service_resources=[RESOURCE],
        continuation_token="updatedat_x,id_y",
        external_reference="r",
    )

    assert remote.asked.url.path == DIALOGS
    assert list(remote.asked.url.params.multi_items()) == [
        ("orderBy", "updatedAt_asc"), ("party", PARTY), ("party", "p2"), ("serviceResource", RESOURCE),
        ("continuationToken", "updatedat_x,id_y"), ("externalReference", "r"), ("limit", "1000"),
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["updatedAfter", "updatedBefore", "contentUpdatedAfter", "contentUpdatedBefore"])
def test_times_go_out_in_utc(remote: Remote, name: str) -> None:
    remote.says(page())
    argument = "".join(f"_{c.lower()}" if c.isupper() else c for c in name)

    search(**{argument: AT.astimezone(timezone(timedelta(hours=2)))})

    assert remote.asked.url.params[name] == "2026-08-20T06:00:00.123456Z"


def test_the_last_page_has_a_place_to_go_on_from_too(remote: Remote) -> None:
    remote.says(page(dialog(), continuationToken="t-1"))

    result = search()

    assert (len(result.items), result.has_next_page, result.continuation_token) == (1, False, "t-1")


@pytest.mark.parametrize("place", [None, "", "same"])
def test_more_pages_that_cannot_be_reached_are_no_answer(remote: Remote, place: str | None) -> None:
    remote.says(page(dialog(), hasNextPage=True, continuationToken=place))

    with pytest.raises(BrokenReply):
        search(continuation_token="same")


def test_an_empty_page_may_have_no_place(remote: Remote) -> None:
    remote.says(page())

    assert search().continuation_token == ""


def test_a_dialog_with_no_more_than_it_must_have_is_read(remote: Remote) -> None:
    remote.says(page(dialog(id=ID.upper(), somethingNew={"a": 1})))

    (item,) = search().items

    assert (item.id, item.party, item.status, item.updated_at) == (ID, PARTY, "Awaiting", AT)
    assert (item.title, item.progress, item.due_at, item.system_labels) == ({}, None, None, ())


def test_a_dialog_with_all_it_can_have_is_read(remote: Remote) -> None:
    content = {"title": text(nb="Krav", en="Claim"), "summary": text(nb="Kort"), "senderName": text(nb="Skatt")}
    context = {"revision": "r-1", "systemLabels": ["Archive", "MarkedAsUnopened"]}
    full = {"progress": 40, "dueAt": STAMP, "process": "urn:p", "precedingProcess": "urn:q", "hasUnopenedContent": True}
    counts = {"fromServiceOwnerTransmissionsCount": 2, "fromPartyTransmissionsCount": 1, "isApiOnly": True}
    remote.says(page(dialog(content=content, endUserContext=context, **full, **counts)))

    (item,) = search().items

    assert (item.title, item.summary, item.sender_name) == (
        {"nb": "Krav", "en": "Claim"},
        {"nb": "Kort"},
        {"nb": "Skatt"},
    )
    assert (item.context_revision, item.system_labels) == ("r-1", ("Archive", "MarkedAsUnopened"))
    assert (item.progress, item.due_at, item.process, item.preceding_process) == (40, AT, "urn:p", "urn:q")
    assert (item.has_unopened_content, item.is_api_only) == (True, True)
    assert (item.transmissions_from_owner, item.transmissions_from_party) == (2, 1)


@pytest.mark.parametrize("title", [None, {}, {"value": None}, {"value": [None, 5, {"languageCode": "nb"}]}])
def test_a_text_that_is_none_is_left_out(remote: Remote, title: Any) -> None:
    remote.says(page(dialog(content={"title": title})))

    assert search().items[0].title == {}


@pytest.mark.parametrize(
    "payload",
    [
        {}, [], None, "no", {"items": 5, "hasNextPage": False}, {"items": []}, page(dialog(id="x")), page({"id": ID}),
        page(dialog(updatedAt="yesterday")), page(dialog(progress="half")), page(dialog(progress=1e400)),
    ],
)  # fmt: skip
def test_another_shape_than_agreed_is_a_broken_reply(remote: Remote, payload: Any) -> None:
    remote.says(payload)

    with pytest.raises(BrokenReply):
        search()


def test_a_search_that_took_too_long_has_its_own_code(remote: Remote) -> None:
    remote.says({"title": "Unprocessable request.", "errors": {"Search": ["slow"]}}, status=422)

    with pytest.raises(Refused) as caught:
        search()

    assert (caught.value.status, caught.value.code) == (422, "Search")


# what is behind a dialog


def test_a_search_is_waited_for_longer_than_dialogporten_itself_waits() -> None:
    """20 seconds in its database and 25 for the rights: only then comes the 422 that halves the window."""
    assert PATIENCE > 20 + 25
    assert Dialogporten(platform="https://platform.example")._channel._timeout.read == PATIENCE


def test_transmissions_are_read_with_both_addresses_of_a_document(remote: Remote) -> None:
    urls = [
        {"consumerType": "Gui", "url": "https://g"},
        {"consumerType": "Api", "url": "https://a", "mediaType": "text/xml"},
    ]
    attachment = {
        "id": OTHER,
        "displayName": [{"value": "Svar", "languageCode": "nb"}],
        "urls": urls,
        "expiresAt": STAMP,
    }
    remote.says(
        [transmission(relatedTransmissionId=ID.upper(), attachments=[attachment], deletedAt=STAMP, isAuthorized=False)]
    )

    (result,) = GATEWAY.transmissions(ID, token=TOKEN)

    assert remote.asked.url.path == f"{DIALOGS}/{ID}/transmissions"
    assert (result.related_transmission_id, result.is_authorized, result.deleted_at) == (ID, False, AT)
    (document,) = result.attachments
    assert (document.name, document.media_type, document.expires_at) == ("Svar", "text/xml", AT)
    assert (document.api_url, document.gui_url) == ("https://a", "https://g")


def test_an_attachment_of_an_unknown_kind_has_no_address(remote: Remote) -> None:
    remote.says([transmission(attachments=[{"id": OTHER, "urls": [{"url": "https://x"}]}])])

    (document,) = GATEWAY.transmissions(ID, token=TOKEN)[0].attachments

    assert (document.api_url, document.gui_url, document.name) == ("", "", "")


def test_an_activity_without_a_time_has_that_of_its_id(remote: Remote) -> None:
    remote.says([{"id": "01990000-0000-7000-8000-000000000000", "type": "FormSubmitted"}])

    (result,) = GATEWAY.activities(ID, token=TOKEN)

    assert result.created_at == datetime.fromtimestamp(0x019900000000 / 1000, UTC)


def test_an_activity_with_no_time_at_all_is_a_broken_reply(remote: Remote) -> None:
    remote.says([{"id": "6b0d2b0e-6a0c-4b0f-9d3e-1f4d5c6b7a80", "type": "FormSubmitted"}])

    with pytest.raises(BrokenReply):
        GATEWAY.activities(ID, token=TOKEN)


def test_an_odd_id_stays_one_segment_of_the_address(remote: Remote) -> None:
    remote.says([])

    GATEWAY.transmissions("../parties?x", token=TOKEN)

    assert remote.asked.url.raw_path.decode() == f"{DIALOGS}/..%2Fparties%3Fx/transmissions"


def test_limits_are_open_to_all(remote: Remote) -> None:
    remote.says({"endUserSearch": {"maxPartyFilterValues": 100, "maxServiceResourceFilterValues": 20, "new": 1}})

    assert GATEWAY.limits() == Limits(parties=100, service_resources=20)
    assert "authorization" not in remote.asked.headers


# labels and opening


def test_labels_are_set_against_a_revision(remote: Remote) -> None:
    remote.says(status=204, etag="r-2")

    revision = GATEWAY.set_labels(ID, token=TOKEN, add=["Archive"], remove=["MarkedAsUnopened"], revision="r-1")

    assert revision == "r-2"
    assert (remote.asked.method, remote.asked.url.path) == ("PUT", f"{DIALOGS}/{ID}/context/systemlabels")
    assert remote.asked.headers["If-Match"] == "r-1"
    assert remote.asked.content == b'{"addLabels":["Archive"],"removeLabels":["MarkedAsUnopened"]}'


def test_labels_without_a_revision_are_set_whatever_it_is(remote: Remote) -> None:
    remote.says(status=204)

    GATEWAY.set_labels(ID, token=TOKEN, add=["Bin"])

    assert "if-match" not in remote.asked.headers


def test_an_opened_dialog_hides_its_token(remote: Remote) -> None:
    remote.says(
        dialog(revision="r-1", dialogToken="secret.dialog.token", transmissions=[transmission()], expiresAt=STAMP)
    )

    opened = GATEWAY.get_dialog_as_person(ID, token=TOKEN)

    assert (opened.dialog_token, opened.item.id, len(opened.transmissions)) == ("secret.dialog.token", ID, 1)
    assert (opened.revision, opened.expires_at) == ("r-1", AT)
    assert "secret" not in repr(opened)


def test_no_machine_opens_a_dialog() -> None:
    """Only a view, where a person has clicked, may name the method, and the one service that finishes such a click."""
    root = Path(__file__).resolve().parents[2]
    sources = [p for app in ("accounts", "systemusers", "submissions", "portal") for p in (root / app).rglob("*.py")]
    callers = [p for p in sources if "get_dialog_as_person" in p.read_text(encoding="utf-8")]

    others = [p for p in callers if "views" not in p.parts and p.name != "dialogporten.py"]
    assert [str(p.relative_to(root)) for p in others] == ["submissions/services/opened/tell.py"]
