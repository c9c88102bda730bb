"""What is sent: a CloudEvent 1.0 in JSON, with ids and states only, and its signature by Standard Webhooks.

https://github.com/cloudevents/spec, https://github.com/standard-webhooks/standard-webhooks
"""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from standardwebhooks import Webhook as Signer

from portal.core.feed.event import FeedEvent

PREFIX, SECRET_BYTES = "whsec_", 32
MEDIA_TYPE = "application/cloudevents+json"
TEST = "portal.test"


def new_secret() -> str:
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def body_of(event: FeedEvent) -> dict[str, Any]:
    """The receiver asks the API for what it needs, by the subject."""
    return cloud_event(
        ident=str(event.uid), type=event.type, environment=event.environment, subject=event.subject, at=event.at,
        data=event.data, sequence=event.position,
    )  # fmt: skip


def cloud_event(
    *, ident: str, type: str, environment: str, subject: str, at: datetime, data: dict[str, Any], sequence: int | None
) -> dict[str, Any]:
    """`sequence` is the position in the feed, as text: https://github.com/cloudevents/spec (extension `sequence`)."""
    body = {
        "specversion": "1.0", "id": ident, "type": type, "source": f"{settings.PORTAL_URL}/api/v1/{environment.lower()}",
        "subject": subject, "time": at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "datacontenttype": "application/json", "data": data,
    }  # fmt: skip
    return body if sequence is None else {**body, "sequence": str(sequence)}


def to_bytes(body: dict[str, Any]) -> bytes:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def headers_of(ident: str, content: bytes, *, keys: Iterable[str], at: datetime) -> dict[str, str]:
    """The three headers of a signed message: one signature for each secret."""
    at = at.astimezone(UTC)
    return {
        "webhook-id": ident,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(Signer(key).sign(ident, at, content.decode()) for key in keys),
    }
