"""Altinn Events: subscriptions for one system user and one resource, and reading what comes to our webhook.

Only exchanged Altinn tokens. Deliveries are unsigned, unordered and may come twice: a nudge, never the truth.
https://docs.altinn.studio/events/
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from portal.gateways.http import Door
from portal.gateways.reading import reading

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
    """One event as delivered. `dialog_id` (resourceinstance) and `subject` are all there is to read."""

    id: str
    source: str
    type: str
    resource: str = ""
    subject: str = ""
    dialog_id: str = ""


class Events:
    def __init__(self, *, platform: str) -> None:
        self._door = Door(service="altinn", base_url=platform)

    def subscribe(self, *, token: str, endpoint: str, resource: str, subject: str) -> Subscription:
        """Make, or make again: identical ones give the same id, and validation is sent anew.

        Raises Refused 403 when the resource's policy does not let a system user subscribe.
        """
        body = {"endPoint": endpoint, "resourceFilter": resource, "subjectFilter": subject}
        reply = self._door.call("POST", BASE, token=token, json=body)
        return reading(reply.where, lambda: _subscription(reply.json()))

    def list(self, *, token: str) -> list[Subscription]:
        reply = self._door.call("GET", BASE, token=token)
        return reading(reply.where, lambda: [_subscription(entry) for entry in reply.json()["subscriptions"]])

    def get(self, subscription_id: int, *, token: str) -> Subscription:
        reply = self._door.call("GET", f"{BASE}/{subscription_id}", token=token)
        return reading(reply.where, lambda: _subscription(reply.json()))

    def delete(self, subscription_id: int, *, token: str) -> None:
        self._door.call("DELETE", f"{BASE}/{subscription_id}", token=token)


def _subscription(said: dict[str, Any]) -> Subscription:
    return Subscription(
        int(said["id"]),
        str(said.get("endPoint", "")),
        str(said.get("resourceFilter") or ""),
        str(said.get("subjectFilter") or ""),
        bool(said.get("validated", False)),
    )


def parse_event(body: bytes) -> CloudEvent:
    """A CloudEvent in structured JSON. Raises ValueError for anything else; says nothing of who sent it."""
    try:
        said = json.loads(body)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if not isinstance(said, dict) or said.get("specversion") != "1.0":
        raise ValueError("not a CloudEvent 1.0")
    names = {"id": "id", "source": "source", "type": "type"}
    others = {"resource": "resource", "subject": "subject", "dialog_id": "resourceinstance"}
    found = {ours: said.get(theirs) or "" for ours, theirs in (names | others).items()}
    if not all(isinstance(value, str) and value.isprintable() for value in found.values()):
        raise ValueError("a member is not plain text")
    if not all(found[name] for name in names):
        raise ValueError("id, source and type are required")
    return CloudEvent(**found)
