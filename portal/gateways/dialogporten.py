"""Dialogporten's end-user API, with a system user's raw Maskinporten token. https://docs.altinn.studio/dialogporten/

There is no method for GET dialog: it marks the dialog as seen for the customer's own staff, and a machine never does that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from portal.gateways.http import Door
from portal.gateways.reading import moment, reading, required_moment

BASE = "/dialogporten/api/v1/enduser"
Texts = Mapping[str, str]
"""One text in several languages: code to value."""


@dataclass(frozen=True)
class DialogItem:
    """A dialog as the list gives it."""

    id: str
    org: str
    service_resource: str
    party: str
    status: str
    extended_status: str
    external_reference: str
    title: Texts
    summary: Texts
    progress: int | None
    due_at: datetime | None
    created_at: datetime
    updated_at: datetime
    content_updated_at: datetime
    is_content_seen: bool
    system_labels: tuple[str, ...]


@dataclass(frozen=True)
class DialogPage:
    """`continuation_token` is there on the last page too: it is the durable place to go on from."""

    items: tuple[DialogItem, ...]
    has_next_page: bool
    continuation_token: str


@dataclass(frozen=True)
class Attachment:
    """`api_url` is for machines; it may be `urn:dialogporten:unauthorized` or `:expired`."""

    id: str
    name: str
    media_type: str
    api_url: str
    gui_url: str
    expires_at: datetime | None

    def as_json(self) -> dict[str, Any]:
        plain = asdict(self)
        return {**plain, "expires_at": self.expires_at.isoformat() if self.expires_at else None}


@dataclass(frozen=True)
class TransmissionItem:
    id: str
    type: str
    created_at: datetime
    related_transmission_id: str
    external_reference: str
    is_authorized: bool
    title: Texts
    summary: Texts
    content_reference: str
    attachments: tuple[Attachment, ...]


@dataclass(frozen=True)
class ActivityItem:
    id: str
    type: str
    created_at: datetime
    description: Texts
    transmission_id: str


@dataclass(frozen=True)
class Limits:
    """How many filter values one search may have."""

    parties: int
    service_resources: int


class Dialogporten:
    def __init__(self, *, platform: str) -> None:
        self._door = Door(service="dialogporten", base_url=platform)

    def search(
        self,
        *,
        token: str,
        order_by: str,
        limit: int,
        parties: Sequence[str] = (),
        service_resources: Sequence[str] = (),
        continuation_token: str | None = None,
        updated_after: datetime | None = None,
        content_updated_after: datetime | None = None,
        external_reference: str | None = None,
    ) -> DialogPage:
        """One page. `order_by` is required, because a continuation token without it silently turns the direction.

        No rights give an empty page, not a refusal. Raises Refused 422 when the search took too long.
        """
        params: list[tuple[str, str]] = [("orderBy", order_by), ("limit", str(limit))]
        params += [("party", party) for party in parties]
        params += [("serviceResource", resource) for resource in service_resources]
        optional = {
            "continuationToken": continuation_token,
            "updatedAfter": _written(updated_after),
            "contentUpdatedAfter": _written(content_updated_after),
            "externalReference": external_reference,
        }
        params += [(name, value) for name, value in optional.items() if value]
        reply = self._door.call("GET", f"{BASE}/dialogs", token=token, params=params)
        return reading(reply.where, lambda: _page(reply.json()))

    def transmissions(self, dialog_id: str, *, token: str) -> list[TransmissionItem]:
        """All of a dialog's, oldest first, without marking anything as seen. Refused 404 also when rights are gone."""
        reply = self._door.call("GET", f"{BASE}/dialogs/{quote(dialog_id)}/transmissions", token=token)
        return reading(reply.where, lambda: [_transmission(entry) for entry in reply.json()])

    def activities(self, dialog_id: str, *, token: str) -> list[ActivityItem]:
        """All of a dialog's, oldest first, without marking anything as seen."""
        reply = self._door.call("GET", f"{BASE}/dialogs/{quote(dialog_id)}/activities", token=token)
        return reading(reply.where, lambda: [_activity(entry) for entry in reply.json()])

    def limits(self) -> Limits:
        """Open to all; ask at start and hourly, the numbers change."""
        reply = self._door.call("GET", "/dialogporten/api/v1/metadata/limits")
        return reading(reply.where, lambda: _limits(reply.json()))


def _written(value: datetime | None) -> str:
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z") if value else ""


def _page(said: dict[str, Any]) -> DialogPage:
    return DialogPage(
        tuple(_dialog(item) for item in said["items"]),
        bool(said["hasNextPage"]),
        str(said.get("continuationToken") or ""),
    )


def _texts(said: Any) -> dict[str, str]:
    """`[{value, languageCode}]`, or a content value that holds it under `value`."""
    entries = said.get("value") if isinstance(said, dict) else said
    return {str(entry["languageCode"]): str(entry["value"]) for entry in entries or []}


def _dialog(said: dict[str, Any]) -> DialogItem:
    content = said.get("content") or {}
    return DialogItem(
        id=str(said["id"]).lower(),
        org=str(said.get("org", "")),
        service_resource=str(said["serviceResource"]),
        party=str(said["party"]),
        status=str(said["status"]),
        extended_status=str(said.get("extendedStatus") or ""),
        external_reference=str(said.get("externalReference") or ""),
        title=_texts(content.get("title")),
        summary=_texts(content.get("summary")),
        progress=said.get("progress"),
        due_at=moment(said.get("dueAt")),
        created_at=required_moment(said["createdAt"]),
        updated_at=required_moment(said["updatedAt"]),
        content_updated_at=required_moment(said.get("contentUpdatedAt") or said["updatedAt"]),
        is_content_seen=bool(said.get("isContentSeen", False)),
        system_labels=tuple((said.get("endUserContext") or {}).get("systemLabels") or ()),
    )


def _transmission(said: dict[str, Any]) -> TransmissionItem:
    content = said.get("content") or {}
    reference = _texts(content.get("contentReference"))
    return TransmissionItem(
        id=str(said["id"]).lower(),
        type=str(said["type"]),
        created_at=required_moment(said["createdAt"]),
        related_transmission_id=str(said.get("relatedTransmissionId") or "").lower(),
        external_reference=str(said.get("externalReference") or ""),
        is_authorized=bool(said.get("isAuthorized", True)),
        title=_texts(content.get("title")),
        summary=_texts(content.get("summary")),
        content_reference=next(iter(reference.values()), ""),
        attachments=tuple(_attachment(entry) for entry in said.get("attachments") or []),
    )


def _attachment(said: dict[str, Any]) -> Attachment:
    urls = {str(url["consumerType"]).lower(): url for url in said.get("urls") or []}
    api, gui = urls.get("api") or {}, urls.get("gui") or {}
    names = _texts(said.get("displayName"))
    return Attachment(
        id=str(said["id"]).lower(),
        name=str(said.get("name") or next(iter(names.values()), "")),
        media_type=str(api.get("mediaType") or gui.get("mediaType") or ""),
        api_url=str(api.get("url") or ""),
        gui_url=str(gui.get("url") or ""),
        expires_at=moment(said.get("expiresAt")),
    )


def _activity(said: dict[str, Any]) -> ActivityItem:
    return ActivityItem(
        id=str(said["id"]).lower(),
        type=str(said["type"]),
        created_at=required_moment(said.get("createdAt")),
        description=_texts(said.get("description")),
        transmission_id=str(said.get("transmissionId") or "").lower(),
    )


def _limits(said: dict[str, Any]) -> Limits:
    search = said["endUserSearch"]
    return Limits(int(search["maxPartyFilterValues"]), int(search["maxServiceResourceFilterValues"]))
