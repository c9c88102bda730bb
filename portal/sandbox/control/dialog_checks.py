"""Checks of what a service owner puts into a dialog: only what Dialogporten would accept, so that its answers are valid.

Every check raises Reply (400) with a sentence that names the field.
"""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

from ..dialogporten.records import ACTIVITIES, TRANSMISSIONS, Attachment
from ..dialogporten.search import STATUSES
from .input import wrong

FIRST, LAST = datetime(1970, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
LENGTHS = {
    "title": 255, "summary": 255, "sender_name": 255, "plain_title": 255, "additional_info": 1023,
    "extended_status": 255, "external_reference": 255, "process": 1023, "key": 255,
}  # fmt: skip
CONSUMERS = ("Api", "Gui")
ACTORS = ("ServiceOwner", "PartyRepresentative")
RESOURCE = "urn:altinn:resource:"


def check_dialog(fields: dict[str, Any]) -> None:
    """The fields of a new dialog or of a change. Absent fields are not checked."""
    if "service_resource" in fields and not fields["service_resource"].removeprefix(RESOURCE).strip(":"):
        raise wrong(f"service_resource: must be {RESOURCE} and the id of a resource.", "service_resource")
    if not fields.get("service_resource", RESOURCE).startswith(RESOURCE):
        raise wrong(f"service_resource: must begin with {RESOURCE}.", "service_resource")
    if "status" in fields:
        _check_among(fields["status"], STATUSES, "status")
    if not 0 <= fields.get("progress", 0) <= 100:
        raise wrong("progress: must be from 0 to 100.", "progress")
    for name, most in LENGTHS.items():
        if name in fields:
            _check_text(fields[name], most, name, needed=name == "title")
    for name in ("due_at", "visible_from", "expires_at"):
        _check_time(fields.get(name), name)
    _check_url(fields.get("main_content_reference", ""), "main_content_reference")
    for attachment in fields.get("attachments", []):
        _check_attachment(attachment)
    _check_actions(fields)


def check_transmission(fields: dict[str, Any], known: set[str]) -> None:
    """`known`: the ids of the dialog's existing transmissions."""
    _check_among(fields["type"], TRANSMISSIONS, "type")
    _check_text(fields["title"], LENGTHS["title"], "title", needed=True)
    if fields["related_id"] and fields["related_id"] not in known:
        raise wrong("related_id: is no transmission of this dialog.", "related_id")
    _check_url(fields["content_reference"], "content_reference")
    for attachment in fields["attachments"]:
        _check_attachment(attachment)


def check_activity(fields: dict[str, Any], known: set[str]) -> None:
    """Only Information has a description; only TransmissionOpened names a transmission."""
    _check_among(fields["type"], ACTIVITIES, "type")
    _check_among(fields["by"], ACTORS, "by")
    if bool(fields["description"]) != (fields["type"] == "Information"):
        raise wrong("description: an activity of the type Information has one, and no other has.", "description")
    if (fields["transmission_id"] in known) != (fields["type"] == "TransmissionOpened"):
        sentence = (
            "transmission_id: TransmissionOpened names a transmission of this dialog, and no other activity does."
        )
        raise wrong(sentence, "transmission_id")


def _check_among(given: str, known: Any, field: str) -> None:
    if given not in known:
        raise wrong(f"{field}: must be one of {', '.join(sorted(known))}.", field)


def _check_text(given: Any, most: int, field: str, *, needed: bool = False) -> None:
    """A text, or one for each language."""
    values = list(given.values()) if isinstance(given, dict) else [given or ""]
    if any(len(text) > most for text in values):
        raise wrong(f"{field}: can have {most} characters.", field)
    if needed and not any(text.strip() for text in values):
        raise wrong(f"{field}: must not be empty.", field)


def _check_time(given: datetime | None, field: str) -> None:
    if given is not None and not FIRST < given < LAST:
        raise wrong(f"{field}: must be a time between 1970 and 2200.", field)


def _check_url(given: str, field: str) -> None:
    if given and not given.startswith(("https://", "http://")):
        raise wrong(f"{field}: must be an address that begins with https://.", field)


def _check_attachment(given: Attachment) -> None:
    try:
        uuid.UUID(given.id)
    except ValueError:
        raise wrong("attachments: the id of each must be a UUID.", "attachments") from None
    if not given.urls:
        raise wrong("attachments: each must have an address.", "attachments")
    for url in given.urls:
        _check_url(url.url or " ", "attachments")
        _check_among(url.consumer_type, CONSUMERS, "attachments")
    _check_time(given.expires_at, "attachments")


def _check_actions(fields: dict[str, Any]) -> None:
    for action in fields.get("gui_actions", []):
        if not _are_texts(action, "id", "action", "url"):
            raise wrong("gui_actions: each needs id, action and url, as texts.", "gui_actions")
    for action in fields.get("api_actions", []):
        endpoints = action.get("endpoints")
        if not _are_texts(action, "id", "action") or not isinstance(endpoints, list):
            raise wrong("api_actions: each needs id, action and a list of endpoints.", "api_actions")
        if not all(isinstance(entry, dict) and _are_texts(entry, "id", "url") for entry in endpoints):
            raise wrong("api_actions: each endpoint needs id and url, as texts.", "api_actions")


def _are_texts(entry: dict[str, Any], *names: str) -> bool:
    return all(isinstance(entry.get(name), str) and entry[name] for name in names)
