"""Altinn Events: subscriptions for one system user and one resource, and reading what comes to our webhook.

Only exchanged Altinn tokens. Deliveries are unsigned, unordered and may be repeated: an event only triggers a poll.
https://docs.altinn.studio/events/
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from portal.gateways.decoding import decode
from portal.gateways.http import Channel

BASE = "/events/api/v1/subscriptions"


@dataclass(frozen=True)
class Subscription:
    id: int
    endpoint: str
    resource: str
    subject: str
    is_validated: bool


@dataclass(frozen=True)
class CloudEvent:
    """One event as delivered. Only `dialog_id` (resourceinstance) and `subject` have content."""

    id: str
    source: str
    type: str
    resource: str = ""
    subject: str = ""
    dialog_id: str = ""


class Events:
    def __init__(self, *, platform: str) -> None:
        self._channel = Channel(service="altinn", base_url=platform)

    def subscribe(self, *, token: str, endpoint: str, resource: str, subject: str) -> Subscription:
        """Create a subscription. An identical one gives the same id, and validation is sent again.

        Raises Refused 403 when the resource's policy does not let a system user subscribe.
        """
        body = {"endPoint": endpoint, "resourceFilter": resource, "subjectFilter": subject}
        reply = self._channel.call("POST", BASE, token=token, json=body)
        return decode(reply.where, lambda: _subscription(reply.json()))

    def list(self, *, token: str) -> list[Subscription]:
        reply = self._channel.call("GET", BASE, token=token)
        return decode(reply.where, lambda: [_subscription(entry) for entry in reply.json()["subscriptions"]])

    def get(self, subscription_id: int, *, token: str) -> Subscription:
        reply = self._channel.call("GET", f"{BASE}/{subscription_id}", token=token)
        return decode(reply.where, lambda: _subscription(reply.json()))

    def delete(self, subscription_id: int, *, token: str) -> None:
        self._channel.call("DELETE", f"{BASE}/{subscription_id}", token=token)


def _subscription(payload: dict[str, Any]) -> Subscription:
    return Subscription(
        int(payload["id"]),
        str(payload.get("endPoint", "")),
        str(payload.get("resourceFilter") or ""),
        str(payload.get("subjectFilter") or ""),
        bool(payload.get("validated", False)),
    )


def parse_event(body: bytes) -> CloudEvent:
    """A CloudEvent in structured JSON. Raises ValueError for anything else. The sender is not verified."""
    try:
        payload = json.loads(body)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if not isinstance(payload, dict) or payload.get("specversion") != "1.0":
        raise ValueError("not a CloudEvent 1.0")
    names = {"id": "id", "source": "source", "type": "type"}
    others = {"resource": "resource", "subject": "subject", "dialog_id": "resourceinstance"}
    members = {ours: payload.get(theirs) or "" for ours, theirs in (names | others).items()}
    if not all(isinstance(value, str) and value.isprintable() for value in members.values()):
        raise ValueError("a member is not plain text")
    if not all(members[name] for name in names):
        raise ValueError("id, source and type are required")
    return CloudEvent(**members)
