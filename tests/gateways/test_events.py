"""Altinn Events: subscriptions as they are, and what is taken for an event."""

from __future__ import annotations

import json
from typing import Any

import pytest

from portal.gateways.errors import BrokenReply, Refused
from portal.gateways.events import CloudEvent, Events, Subscription, parse_event
from tests.gateways.remote import Remote

GATEWAY = Events(platform="https://platform.test")
BASE = "https://platform.test/events/api/v1/subscriptions"
STORED = {
    "id": 48211,
    "endPoint": "https://hook",
    "resourceFilter": "urn:r",
    "subjectFilter": "urn:s",
    "validated": True,
}
EVENT = {
    "specversion": "1.0", "id": "e-1", "type": "dialogporten.dialog.created.v1", "source": "https://platform.test/d/1",
    "resource": "urn:r", "resourceinstance": "0198c1f2-7c1e-7b52-9a55-3f2d6b9f0a11", "subject": "urn:s", "data": {"a": 1},
}  # fmt: skip


def body(**changes: Any) -> bytes:
    """An event; a change to None takes the member away."""
    return json.dumps({name: value for name, value in {**EVENT, **changes}.items() if value is not None}).encode()


def test_a_subscription_says_where_what_and_for_whom(remote: Remote) -> None:
    remote.says(STORED, status=201)

    made = GATEWAY.subscribe(token="a.b.c", endpoint="https://hook", resource="urn:r", subject="urn:s")

    assert made == Subscription(48211, "https://hook", "urn:r", "urn:s", True)
    assert (remote.asked.method, str(remote.asked.url)) == ("POST", BASE)
    assert json.loads(remote.asked.content) == {
        "endPoint": "https://hook",
        "resourceFilter": "urn:r",
        "subjectFilter": "urn:s",
    }


def test_subscriptions_are_listed_with_those_not_validated_yet(remote: Remote) -> None:
    remote.says({"count": 2, "subscriptions": [STORED, {"id": 2}]})

    assert [result.is_validated for result in GATEWAY.list(token="a.b.c")] == [True, False]


def test_one_is_read_and_deleted_by_its_id(remote: Remote) -> None:
    remote.says(STORED)
    remote.says(b"")

    result = GATEWAY.get(48211, token="a.b.c")
    GATEWAY.delete(result.id, token="a.b.c")

    assert [(r.method, str(r.url)) for r in remote.requests] == [("GET", f"{BASE}/48211"), ("DELETE", f"{BASE}/48211")]


def test_a_refusal_as_a_bare_text_is_told(remote: Remote) -> None:
    remote.says(b'"Not authorized for urn:r"', status=403)

    with pytest.raises(Refused) as caught:
        GATEWAY.subscribe(token="a.b.c", endpoint="https://hook", resource="urn:r", subject="urn:s")

    assert (caught.value.status, caught.value.text) == (403, "Not authorized for urn:r")


@pytest.mark.parametrize("payload", [{}, [], {"id": "x"}])
def test_a_subscription_without_a_number_is_a_broken_reply(remote: Remote, payload: Any) -> None:
    remote.says(payload)

    with pytest.raises(BrokenReply):
        GATEWAY.get(1, token="a.b.c")


def test_an_event_is_its_id_source_and_what_it_points_to() -> None:
    assert parse_event(body()) == CloudEvent(
        "e-1",
        "https://platform.test/d/1",
        "dialogporten.dialog.created.v1",
        "urn:r",
        "urn:s",
        str(EVENT["resourceinstance"]),
    )


def test_the_validation_of_a_subscription_is_an_event_that_points_to_nothing() -> None:
    event = parse_event(
        body(type="platform.events.validatesubscription", resource=None, resourceinstance=None, subject=None)
    )

    assert (event.type, event.resource, event.subject, event.dialog_id) == (
        "platform.events.validatesubscription",
        "",
        "",
        "",
    )


@pytest.mark.parametrize(
    "odd",
    [
        b"", b"no", b"\xff", b"[]", b"null", b"{}", b"[" * 100_000, body(specversion="0.3"), body(id=None), body(id=""),
        body(id=5), body(type=None), body(source={"a": 1}), body(id="a\x00b"), body(subject="a\x00b"), body(subject=5),
        body(resourceinstance=["x"]), body(source="https://x\ud800"),
    ],
)  # fmt: skip
def test_anything_else_is_no_event(odd: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - its own message or that of JSON
        parse_event(odd)
