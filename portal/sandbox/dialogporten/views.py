"""The JSON of a dialog and its parts for an end user. Members without a value are left out; times have seven decimals."""

from __future__ import annotations

import hashlib
import re
from datetime import datetime
from typing import Any

from ..altinn import catalogue
from ..dialogs import actor, stamp
from ..state import State
from . import access
from .records import Activity, Attachment, Dialog, Transmission

UNAUTHORIZED, EXPIRED = "urn:dialogporten:unauthorized", "urn:dialogporten:expired"
EMBED = "application/vnd.dialogporten.frontchannelembed-url;type=text/html"
MARKDOWN = EMBED.replace("html", "markdown")


def localised(texts: dict[str, str], accept: str = "") -> list[dict[str, str]]:
    """All languages, or with Accept-Language the best match: requested by weight, then en, then nb."""
    requested = _requested(accept)
    if requested:
        code = next((c for c in (*requested, "en", "nb") if c in texts), next(iter(texts), ""))
        return [{"value": texts[code], "languageCode": code}] if code else []
    return [{"value": value, "languageCode": code} for code, value in texts.items()]


def _requested(accept: str) -> list[str]:
    """The languages of Accept-Language, the highest weight first. One with weight 0, and `*`, are none."""
    weighed = []
    for part in accept.split(","):
        code, _, weight = part.partition(";")
        match = re.fullmatch(r"\s*q\s*=\s*([01](?:\.[0-9]{0,3})?)\s*", weight)
        value = float(match[1]) if match else 1.0
        language = code.strip().split("-")[0].lower()
        if language not in ("", "*") and value > 0:
            weighed.append((-value, language))
    return [language for _value, language in sorted(weighed, key=lambda pair: pair[0])]


def content(texts: dict[str, str], accept: str = "", media_type: str = "text/plain") -> dict[str, Any]:
    return {"value": localised(texts, accept), "mediaType": media_type}


def present(**members: Any) -> dict[str, Any]:
    """Members that have a value, with times as text."""
    return {k: stamp(v) if isinstance(v, datetime) else v for k, v in members.items() if v is not None and v != ""}


def is_content_seen(dialog: Dialog) -> bool:
    seen = dialog.seen_content_at is not None and dialog.seen_content_at >= dialog.content_updated_at
    return seen and "MarkedAsUnopened" not in dialog.labels


def is_level_too_low(state: State, dialog: Dialog) -> bool:
    return access.minimum_level(state, dialog.resource) > access.LEVEL


def _main_label(dialog: Dialog) -> str:
    return next((label for label in ("Bin", "Archive") if label in dialog.labels), "Default")


def _context(dialog: Dialog) -> dict[str, Any]:
    labels = [_main_label(dialog), *(x for x in dialog.labels if x in ("MarkedAsUnopened", "Sent"))]
    return {"revision": dialog.context_revision, "systemLabels": labels}


def _common(dialog: Dialog) -> dict[str, Any]:
    return present(
        id=dialog.id, org=dialog.org, serviceResource=dialog.resource, serviceResourceType="genericaccessresource",
        party=dialog.party, progress=dialog.progress, process=dialog.process, precedingProcess=dialog.preceding_process,
        extendedStatus=dialog.extended_status, externalReference=dialog.external_reference, createdAt=dialog.created_at,
        updatedAt=dialog.updated_at, contentUpdatedAt=dialog.content_updated_at, dueAt=dialog.due_at, status=dialog.status,
        isApiOnly=dialog.is_api_only,
    )  # fmt: skip


def list_item(dialog: Dialog, reader: access.Reader, accept: str = "") -> dict[str, Any]:
    title = dialog.plain_title if is_level_too_low(reader.state, dialog) and dialog.plain_title else dialog.title
    by_owner = sum(t.sender == "ServiceOwner" for t in dialog.transmissions)
    item = {
        **_common(dialog),
        "systemLabel": _main_label(dialog),
        "hasUnopenedContent": _has_unopened(dialog),
        "isContentSeen": is_content_seen(dialog),
        "fromServiceOwnerTransmissionsCount": by_owner,
        "fromPartyTransmissionsCount": len(dialog.transmissions) - by_owner,
        "seenSinceLastUpdate": _seen(dialog, reader, dialog.updated_at),
        "seenSinceLastContentUpdate": _seen(dialog, reader, dialog.content_updated_at),
        "endUserContext": _context(dialog),
        "content": _content(dialog, accept, title),
    }
    if dialog.activities:
        item["latestActivity"] = activity(dialog.activities[-1], accept, by_salt=reader.salt)
    if dialog.attachments:
        item["guiAttachmentCount"] = sum(u.consumer_type == "Gui" for a in dialog.attachments for u in a.urls)
    return item


def _seen(dialog: Dialog, reader: access.Reader, since: datetime) -> list[dict[str, Any]]:
    return [seen(entry, reader) for entry in dialog.seen if entry.at >= since]


def seen(entry: Any, reader: access.Reader) -> dict[str, Any]:
    return {
        "id": entry.id, "seenAt": stamp(entry.at), "seenBy": present(**actor(entry.by), actorName=entry.name),
        "isViaServiceOwner": False,
        "isCurrentEndUser": entry.by == reader.urn,
    }  # fmt: skip


def detail(dialog: Dialog, reader: access.Reader, now: datetime, accept: str, token: str) -> dict[str, Any]:
    texts = _content(dialog, accept, dialog.title)
    if dialog.additional_info:
        texts["additionalInfo"] = content(dialog.additional_info, accept, "text/markdown")
    if dialog.main_content_reference:
        embedded = content({"nb": dialog.main_content_reference}, "", MARKDOWN)
        texts["mainContentReference"] = {**embedded, "isAuthorized": True}
    return {
        **_common(dialog),
        **present(expiresAt=dialog.expires_at),
        "revision": dialog.revision,
        "systemLabel": _main_label(dialog),
        "hasUnopenedContent": _has_unopened(dialog),
        "isContentSeen": is_content_seen(dialog),
        "fromServiceOwnerTransmissionsCount": sum(t.sender == "ServiceOwner" for t in dialog.transmissions),
        "fromPartyTransmissionsCount": sum(t.sender != "ServiceOwner" for t in dialog.transmissions),
        "dialogToken": token,
        "content": texts,
        "attachments": [attachment(a, now) for a in dialog.attachments],
        "transmissions": [
            {**transmission(t, dialog, reader, now, accept), "isOpened": _opened(dialog, t)}
            for t in dialog.transmissions
        ],
        "guiActions": [_gui(action, dialog, reader) for action in dialog.gui_actions],
        "apiActions": [_api(action, dialog, reader) for action in dialog.api_actions],
        "activities": [activity(a, accept, by_salt=reader.salt) for a in dialog.activities],
        "seenSinceLastUpdate": _seen(dialog, reader, dialog.updated_at),
        "seenSinceLastContentUpdate": _seen(dialog, reader, dialog.content_updated_at),
        "endUserContext": _context(dialog),
    }


def _content(dialog: Dialog, accept: str, title: dict[str, str]) -> dict[str, Any]:
    """The content that both the list and the detail have."""
    more = {"summary": dialog.summary, "senderName": dialog.sender_name}
    return {"title": content(title, accept), **{name: content(text, accept) for name, text in more.items() if text}}


def _has_unopened(dialog: Dialog) -> bool:
    """The service owner sets this by TransmissionOpened activities; reading does not change it."""
    opened = {a.transmission_id for a in dialog.activities if a.type == "TransmissionOpened"}
    return any(t.sender == "ServiceOwner" and t.id not in opened for t in dialog.transmissions)


def _opened(dialog: Dialog, entry: Transmission) -> bool:
    return any(a.type == "TransmissionOpened" and a.transmission_id == entry.id for a in dialog.activities)


def _allowed(attribute: str, dialog: Dialog, reader: access.Reader) -> bool:
    """Without an attribute, the right to the dialog is enough. A whole resource must be held by the caller.

    A part of the main resource needs a rule in its policy; a part that no policy names is refused.
    """
    if not attribute:
        return True
    if attribute.startswith("urn:altinn:resource:"):
        return attribute.removeprefix("urn:altinn:resource:") in reader.resources
    main = catalogue.resource(reader.state, dialog.resource.removeprefix("urn:altinn:resource:"))
    return main is not None and attribute.rpartition(":")[2] in main.parts


def _gui(action: dict[str, Any], dialog: Dialog, reader: access.Reader) -> dict[str, Any]:
    allowed = _allowed(str(action.get("authorizationAttribute", "")), dialog, reader)
    base = {"isDeleteDialogAction": False, "priority": "Secondary", "httpMethod": "GET", "title": [], **action}
    return {**base, "isAuthorized": allowed, "url": action["url"] if allowed else UNAUTHORIZED}


def _api(action: dict[str, Any], dialog: Dialog, reader: access.Reader) -> dict[str, Any]:
    allowed = _allowed(str(action.get("authorizationAttribute", "")), dialog, reader)
    endpoints = [{"httpMethod": "GET", "deprecated": False, **e} for e in action.get("endpoints", [])]
    masked = endpoints if allowed else [{**e, "url": UNAUTHORIZED} for e in endpoints]
    return {**action, "isAuthorized": allowed, "endpoints": masked}


def attachment(item: Attachment, now: datetime, *, authorized: bool = True) -> dict[str, Any]:
    expired = item.expires_at is not None and item.expires_at <= now
    masked = UNAUTHORIZED if not authorized else EXPIRED if expired else ""
    urls = [
        present(
            id=hashlib.md5(u.url.encode(), usedforsecurity=False).hexdigest()[:8] + "-0000-7000-8000-000000000000",
            url=masked or u.url, mediaType=u.media_type, consumerType=u.consumer_type,
        )
        for u in item.urls
    ]  # fmt: skip
    names = localised({"nb": item.name} if item.name else {})
    return present(id=item.id, displayName=names, name=item.name, urls=urls, expiresAt=item.expires_at)


def transmission(
    item: Transmission, dialog: Dialog, reader: access.Reader, now: datetime, accept: str = ""
) -> dict[str, Any]:
    allowed = _allowed(item.authorization_attribute, dialog, reader)
    texts: dict[str, Any] = {"title": content(item.title, accept)}
    if item.summary:
        texts["summary"] = content(item.summary, accept)
    if item.content_reference:
        reference = item.content_reference if allowed else UNAUTHORIZED
        texts["contentReference"] = {**content({"nb": reference}, "", EMBED), "isAuthorized": allowed}
    return present(
        id=item.id, createdAt=item.created_at, authorizationAttribute=item.authorization_attribute, isAuthorized=allowed,
        externalReference=item.external_reference, relatedTransmissionId=item.related_id, type=item.type,
        sender={"actorType": item.sender}, content=texts, navigationalActions=[],
        attachments=[attachment(a, now, authorized=allowed) for a in item.attachments], deletedAt=item.deleted_at,
    )  # fmt: skip


def activity(item: Activity, accept: str = "", *, by_salt: str = "") -> dict[str, Any]:
    """With the actor, masked with `by_salt`; without a salt, without the actor."""
    by: dict[str, str] = {"actorType": item.by}
    if item.actor_id:
        by["actorId"] = _masked(item.actor_id, by_salt)
    return present(
        id=item.id, createdAt=item.created_at, type=item.type, extendedType=item.extended_type,
        transmissionId=item.transmission_id, description=localised(item.description, accept),
        performedBy=by if by_salt else None,
    )  # fmt: skip


def _masked(actor_id: str, salt: str) -> str:
    """The number of a person is replaced by an ephemeral id that changes with each start."""
    if not actor_id.startswith("urn:altinn:person:"):
        return actor_id
    return f"urn:altinn:person:identifier-ephemeral:{hashlib.sha256((salt + actor_id).encode()).hexdigest()[:10]}"
