"""Dialogporten's end-user API, with a system user's raw Maskinporten token. https://docs.altinn.studio/dialogporten/

GET dialog marks the dialog as seen for the customer's own staff: `get_dialog_as_person` is for what a person has opened.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote
from uuid import UUID

from portal.gateways.decoding import decode, moment, required_moment, uuid_text
from portal.gateways.errors import BrokenReply
from portal.gateways.http import Channel
from portal.gateways.text import cleaned

BASE = "/dialogporten/api/v1/enduser"
MASKED = "urn:dialogporten:"
"""How an address begins that the caller may not have, or that has expired."""
PLAIN = "text/plain"
Texts = Mapping[str, str]
"""One text in several languages: code to value."""


@dataclass(frozen=True)
class DialogItem:
    """A dialog as the list gives it; `raw` is all of it."""

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
    context_revision: str = ""
    process: str = ""
    preceding_process: str = ""
    sender_name: Texts = field(default_factory=dict)
    summary_type: str = ""
    is_api_only: bool = False
    has_unopened_content: bool = False
    transmissions_from_owner: int = 0
    transmissions_from_party: int = 0
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)


@dataclass(frozen=True)
class DialogPage:
    """`continuation_token` is set on the last page too: polling continues from it later."""

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
    deleted_at: datetime | None = None
    summary_type: str = ""


@dataclass(frozen=True)
class ActivityItem:
    id: str
    type: str
    created_at: datetime
    description: Texts
    transmission_id: str


@dataclass(frozen=True)
class OpenedDialog:
    """A dialog as a person opened it. `dialog_token` is a secret for ten minutes: neither logged nor stored."""

    item: DialogItem
    revision: str
    expires_at: datetime | None
    attachments: tuple[Attachment, ...]
    transmissions: tuple[TransmissionItem, ...]
    activities: tuple[ActivityItem, ...]
    dialog_token: str = field(repr=False, default="")


@dataclass(frozen=True)
class Limits:
    """How many filter values one search may have."""

    parties: int
    service_resources: int


PATIENCE = 60
"""Seconds. Dialogporten may search for 20 and check rights for 25 before it answers 422 or 502."""


class Dialogporten:
    def __init__(self, *, platform: str) -> None:
        self._channel = Channel(service="dialogporten", base_url=platform, patience=PATIENCE)

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
        updated_before: datetime | None = None,
        content_updated_after: datetime | None = None,
        content_updated_before: datetime | None = None,
        external_reference: str | None = None,
    ) -> DialogPage:
        """One page. `order_by` is required: without it a continuation token silently reverses the order.

        Times are inclusive. No rights give an empty page, not a refusal. Refused 422 when the search takes Dialogporten too
        long: ask for a shorter time. BrokenReply when more pages cannot be reached.
        """
        params: list[tuple[str, str]] = [("orderBy", order_by)]
        params += [("party", party) for party in parties]
        params += [("serviceResource", resource) for resource in service_resources]
        optional = {
            "continuationToken": continuation_token,
            "updatedAfter": _written(updated_after),
            "updatedBefore": _written(updated_before),
            "contentUpdatedAfter": _written(content_updated_after),
            "contentUpdatedBefore": _written(content_updated_before),
            "externalReference": external_reference,
        }
        params += [(name, value) for name, value in optional.items() if value]
        reply = self._channel.call("GET", f"{BASE}/dialogs", token=token, params=[*params, ("limit", str(limit))])
        page = decode(reply.where, lambda: _page(reply.json()))
        if page.has_next_page and page.continuation_token in ("", continuation_token):
            raise BrokenReply(f"{reply.where}: more pages, and no token that leads to them")
        return page

    def transmissions(self, dialog_id: str, *, token: str) -> list[TransmissionItem]:
        """All of a dialog's, oldest first, without marking anything as seen. Refused 404 also when rights are gone."""
        reply = self._channel.call("GET", f"{_address(dialog_id)}/transmissions", token=token)
        return decode(reply.where, lambda: [_transmission(entry) for entry in reply.json()])

    def activities(self, dialog_id: str, *, token: str) -> list[ActivityItem]:
        """All of a dialog's, oldest first, without marking anything as seen."""
        reply = self._channel.call("GET", f"{_address(dialog_id)}/activities", token=token)
        return decode(reply.where, lambda: [_activity(entry) for entry in reply.json()])

    def set_labels(
        self, dialog_id: str, *, token: str, add: Sequence[str] = (), remove: Sequence[str] = (), revision: str = ""
    ) -> str:
        """Label a dialog, visible to the customer's own staff too.

        Returns the new context revision; no timestamp changes.

        Bin, Archive and Default exclude each other. Raises Refused 412 when `revision` is not the present one.
        """
        headers = {"If-Match": revision} if revision else {}
        body = {"addLabels": list(add), "removeLabels": list(remove)}
        path = f"{_address(dialog_id)}/context/systemlabels"
        reply = self._channel.call("PUT", path, token=token, json=body, headers=headers)
        return reply.headers.get("etag", "").strip('"')

    def get_dialog_as_person(self, dialog_id: str, *, token: str) -> OpenedDialog:
        """GET dialog, for a person who works for the customer and has opened what is in it.

        NEVER call this for anything that no person has just opened: no task and no sweep does so on its own. The one caller is
        `submissions.services.opened.tell`, which finishes what a person's click has stored.

        It marks the dialog as seen for everybody at the customer and makes Dialogporten send two events.
        Raises Refused: 403 no right, or a level a system user cannot have; 404 unknown, expired or not visible yet; 410 deleted.
        """
        reply = self._channel.call("GET", _address(dialog_id), token=token)
        return decode(reply.where, lambda: _opened(reply.json()))

    def limits(self) -> Limits:
        """No token. The numbers change: ask at start and hourly."""
        reply = self._channel.call("GET", "/dialogporten/api/v1/metadata/limits")
        return decode(reply.where, lambda: _limits(reply.json()))


def _address(dialog_id: str) -> str:
    return f"{BASE}/dialogs/{quote(dialog_id, safe='')}"


def _written(value: datetime | None) -> str:
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z") if value else ""


def _page(payload: dict[str, Any]) -> DialogPage:
    return DialogPage(
        tuple(_dialog(item) for item in payload["items"]),
        bool(payload["hasNextPage"]),
        str(payload.get("continuationToken") or ""),
    )


def _texts(value: Any) -> dict[str, str]:
    """`[{value, languageCode}]`, or a content value that holds it under `value`. Entries without text are left out."""
    entries = value.get("value") if isinstance(value, dict) else value
    texts = [entry for entry in entries or [] if isinstance(entry, dict) and entry.get("value") is not None]
    return {str(entry.get("languageCode") or ""): cleaned(str(entry["value"])) for entry in texts}


def _media_type(value: Any) -> str:
    """Of a content value; "" for plain text."""
    given = str((value or {}).get("mediaType") or "") if isinstance(value, dict) else ""
    return "" if given == PLAIN else given


def _dialog(payload: dict[str, Any]) -> DialogItem:
    content, context = payload.get("content") or {}, payload.get("endUserContext") or {}
    return DialogItem(
        id=uuid_text(payload["id"]),
        org=str(payload.get("org", "")),
        service_resource=str(payload["serviceResource"]),
        party=str(payload["party"]),
        status=str(payload["status"]),
        extended_status=str(payload.get("extendedStatus") or ""),
        external_reference=str(payload.get("externalReference") or ""),
        title=_texts(content.get("title")),
        summary=_texts(content.get("summary")),
        progress=None if payload.get("progress") is None else int(payload["progress"]),
        due_at=moment(payload.get("dueAt")),
        created_at=required_moment(payload["createdAt"]),
        updated_at=required_moment(payload["updatedAt"]),
        content_updated_at=required_moment(payload.get("contentUpdatedAt") or payload["updatedAt"]),
        is_content_seen=bool(payload.get("isContentSeen", False)),
        system_labels=tuple(map(str, context.get("systemLabels") or ())),
        context_revision=str(context.get("revision") or ""),
        process=str(payload.get("process") or ""),
        preceding_process=str(payload.get("precedingProcess") or ""),
        sender_name=_texts(content.get("senderName")),
        summary_type=_media_type(content.get("summary")),
        is_api_only=bool(payload.get("isApiOnly", False)),
        has_unopened_content=bool(payload.get("hasUnopenedContent", False)),
        transmissions_from_owner=int(payload.get("fromServiceOwnerTransmissionsCount") or 0),
        transmissions_from_party=int(payload.get("fromPartyTransmissionsCount") or 0),
        raw=payload,
    )


def _opened(payload: dict[str, Any]) -> OpenedDialog:
    return OpenedDialog(
        item=_dialog(payload),
        revision=str(payload["revision"]),
        expires_at=moment(payload.get("expiresAt")),
        attachments=tuple(_attachment(entry) for entry in payload.get("attachments") or []),
        transmissions=tuple(_transmission(entry) for entry in payload.get("transmissions") or []),
        activities=tuple(_activity(entry) for entry in payload.get("activities") or []),
        dialog_token=str(payload.get("dialogToken") or ""),
    )


def _transmission(payload: dict[str, Any]) -> TransmissionItem:
    content = payload.get("content") or {}
    reference = _texts(content.get("contentReference"))
    return TransmissionItem(
        id=uuid_text(payload["id"]),
        type=str(payload["type"]),
        created_at=required_moment(payload["createdAt"]),
        related_transmission_id=_uuid_or_blank(payload.get("relatedTransmissionId")),
        external_reference=str(payload.get("externalReference") or ""),
        is_authorized=bool(payload.get("isAuthorized", True)),
        title=_texts(content.get("title")),
        summary=_texts(content.get("summary")),
        content_reference=next(iter(reference.values()), ""),
        attachments=tuple(_attachment(entry) for entry in payload.get("attachments") or []),
        deleted_at=moment(payload.get("deletedAt")),
        summary_type=_media_type(content.get("summary")),
    )


def _uuid_or_blank(value: Any) -> str:
    return uuid_text(value) if value else ""


def _attachment(payload: dict[str, Any]) -> Attachment:
    urls = {str(url.get("consumerType")).lower(): url for url in payload.get("urls") or []}
    api, gui = urls.get("api") or {}, urls.get("gui") or {}
    names = _texts(payload.get("displayName"))
    return Attachment(
        id=str(payload["id"]).lower(),
        name=str(payload.get("name") or next(iter(names.values()), "")),
        media_type=str(api.get("mediaType") or gui.get("mediaType") or ""),
        api_url=str(api.get("url") or ""),
        gui_url=str(gui.get("url") or ""),
        expires_at=moment(payload.get("expiresAt")),
    )


def _activity(payload: dict[str, Any]) -> ActivityItem:
    return ActivityItem(
        id=uuid_text(payload["id"]),
        type=str(payload["type"]),
        created_at=moment(payload.get("createdAt")) or _born(payload["id"]),
        description=_texts(payload.get("description")),
        transmission_id=_uuid_or_blank(payload.get("transmissionId")),
    )


def _born(ident: Any) -> datetime:
    """The time in a UUIDv7, for an activity without createdAt. Raises ValueError for other ids."""
    made = UUID(str(ident))
    if made.version != 7:
        raise ValueError("neither a time nor an id with one")
    return datetime.fromtimestamp((made.int >> 80) / 1000, UTC)


def _limits(payload: dict[str, Any]) -> Limits:
    search = payload["endUserSearch"]
    return Limits(int(search["maxPartyFilterValues"]), int(search["maxServiceResourceFilterValues"]))
