"""The service owner's side of Dialogporten: open, change and delete dialogs, and publish the events of each change.

Which change updates which time, and which event follows, is as in the real service. A write resets the labels.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from .dialogporten.records import FROM_PARTY, Activity, Attachment, AttachmentUrl, Dialog, Texts, Transmission
from .kernel import Kernel
from .state import State


def by_party(sandbox: Kernel) -> dict[str, list[Dialog]]:
    """Dialogs by organisation number. The index is built at first use and maintained by `open_dialog`."""
    index = sandbox.caches.get("dialogs_by_party")
    if index is None:
        index = {}
        for dialog in sandbox.state.dialogs.values():
            index.setdefault(dialog.orgnr, []).append(dialog)
        sandbox.caches["dialogs_by_party"] = index
    return index


def find_dialog(sandbox: Kernel, dialog_id: str) -> Dialog:
    """Raises KeyError."""
    return sandbox.state.dialogs[dialog_id]


def texts(given: str | Texts | None) -> Texts:
    return {"nb": given} if isinstance(given, str) else dict(given or {})


def open_dialog(
    sandbox: Kernel,
    *,
    org: str,
    service_resource: str,
    party_orgnr: str,
    title: str | Texts,
    now: datetime,
    key: str | None = None,
    summary: str | Texts | None = None,
    **fields: Any,
) -> Dialog:
    """A new dialog, or with `key` the existing one that was opened with the same key."""
    state = sandbox.state
    known = state.dialogs.get(state.dialog_keys.get(key or "", ""))
    if known and not known.deleted:
        return known
    visible = fields.get("visible_from") or now
    began = max(now, visible)
    fields = {"created_at": began, "updated_at": began, "content_updated_at": began, **fields}
    dialog = Dialog(
        id=state.uuid7(now), org=org, resource=service_resource, orgnr=party_orgnr, title=texts(title),
        summary=texts(summary), revision=state.uuid4(), context_revision=state.uuid4(), **fields,
    )  # fmt: skip
    by_party(sandbox).setdefault(party_orgnr, []).append(dialog)  # before storing it: a new index would list it twice
    state.dialogs[dialog.id] = dialog
    if key:
        state.dialog_keys[key] = dialog.id
    publish(sandbox, dialog, "dialogporten.dialog.created.v1", now)
    return dialog


def add_transmission(
    sandbox: Kernel,
    dialog: Dialog,
    *,
    type: str,
    title: str | Texts,
    now: datetime,
    id: str | None = None,
    related_id: str | None = None,
    attachments: list[Attachment] | None = None,
    sender: str = "",
    content_reference: str = "",
    is_update: bool = True,
    **fields: Any,
) -> Transmission:
    """Add a transmission: it updates both times, removes the labels Archive and Bin, and publishes two events.

    With `is_update` False it is part of a new dialog and publishes only its own event.
    """
    by_owner = sender or ("PartyRepresentative" if type in FROM_PARTY else "ServiceOwner")
    transmission = Transmission(
        id=id or sandbox.state.uuid7(now), type=type, created_at=now, title=texts(title), sender=by_owner,
        related_id=related_id or "", attachments=attachments or [], content_reference=content_reference, **fields,
    )  # fmt: skip
    dialog.transmissions.append(transmission)
    if type in FROM_PARTY:
        dialog.labels = [*(label for label in dialog.labels if label != "Sent"), "Sent"]
    if is_update:
        touch(sandbox, dialog, now, content=True)
        publish(sandbox, dialog, "dialogporten.dialog.updated.v1", now)
    data = {"senderType": by_owner}
    publish(
        sandbox,
        dialog,
        "dialogporten.dialog.transmission.created.v1",
        now,
        tail=f"transmissions/{transmission.id}",
        data=data,
    )
    return transmission


def add_activity(
    sandbox: Kernel,
    dialog: Dialog,
    *,
    type: str,
    now: datetime,
    transmission_id: str = "",
    description: str | Texts | None = None,
    is_update: bool = True,
    **fields: Any,
) -> Activity:
    """Add an activity: it changes only updatedAt. With `is_update` False it publishes only its own event."""
    activity = Activity(
        id=sandbox.state.uuid7(now), type=type, created_at=now, transmission_id=transmission_id,
        description=texts(description), **fields,
    )  # fmt: skip
    dialog.activities.append(activity)
    if is_update:
        touch(sandbox, dialog, now, content=False)
        publish(sandbox, dialog, "dialogporten.dialog.updated.v1", now)
    kind = "".join(f"-{c.lower()}" if c.isupper() else c for c in type).strip("-")
    kind = {"dialog-created": "created", "dialog-closed": "closed"}.get(kind, kind)
    data = {"activityId": activity.id}
    publish(
        sandbox, dialog, f"dialogporten.dialog.activity.{kind}.v1", now, tail=f"activities/{activity.id}", data=data
    )
    return activity


CONTENT = {"title", "summary", "status", "extended_status", "attachments", "gui_actions", "api_actions"}


def update_dialog(
    sandbox: Kernel, dialog: Dialog, changes: dict[str, Any], *, now: datetime, silent: bool = False
) -> None:
    """Change fields as the service owner. A silent change updates no time and no label, and publishes nothing."""
    for name, value in changes.items():
        setattr(dialog, name, value)
    if silent:
        dialog.revision = sandbox.state.uuid4()
        return
    touch(sandbox, dialog, now, content=bool(CONTENT & set(changes)))
    publish(sandbox, dialog, "dialogporten.dialog.updated.v1", now)


def delete_dialog(sandbox: Kernel, dialog: Dialog, *, now: datetime) -> None:
    dialog.deleted = True
    dialog.updated_at = now
    publish(sandbox, dialog, "dialogporten.dialog.deleted.v1", now)


def touch(sandbox: Kernel, dialog: Dialog, now: datetime, *, content: bool) -> None:
    dialog.revision = sandbox.state.uuid4()
    dialog.updated_at = max(now, dialog.updated_at)
    if content:
        dialog.content_updated_at = max(now, dialog.content_updated_at)
    kept = [label for label in dialog.labels if label not in ("Bin", "Archive")]
    if kept != dialog.labels:
        set_labels(sandbox.state, dialog, ["Default", *(x for x in kept if x != "Default")], by="ServiceOwner", now=now)


def set_labels(state: State, dialog: Dialog, labels: list[str], *, by: str, now: datetime) -> None:
    """Store a new set of labels and log the difference. Nothing changes when the set is the same."""
    before, after = set(dialog.labels), set(labels)
    if before == after:
        return
    changes = [(name, "remove") for name in sorted(before - after)] + [(name, "set") for name in sorted(after - before)]
    for name, action in changes:
        if name != "Default":
            entry = {"createdAt": stamp(now), "name": f"systemlabel:{name}", "action": action, "performedBy": actor(by)}
            dialog.label_log.append(entry)
    dialog.labels = labels
    dialog.context_revision = state.uuid4()


def actor(by: str) -> dict[str, str]:
    if by == "ServiceOwner":
        return {"actorType": "ServiceOwner"}
    return {"actorType": "PartyRepresentative", "actorId": by}


def stamp(moment: datetime) -> str:
    """UTC with seven decimals and Z."""
    return f"{moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='microseconds')}0Z"


def publish(
    sandbox: Kernel, dialog: Dialog, kind: str, now: datetime, *, tail: str = "", data: dict[str, Any] | None = None
) -> None:
    """Pass a CloudEvent to the listeners."""
    processes = {k: v for k, v in (("process", dialog.process), ("precedingProcess", dialog.preceding_process)) if v}
    address = f"{sandbox.origin}/platform/dialogporten/api/v1/enduser/dialogs/{dialog.id}"
    event = {
        "specversion": "1.0", "id": sandbox.state.uuid7(now), "type": kind, "time": stamp(now),
        "resource": dialog.resource, "resourceinstance": dialog.id, "subject": dialog.party,
        "source": f"{address}/{tail}" if tail else address,
    }  # fmt: skip
    payload = {**(data or {}), **processes}
    for listener in LISTENERS:
        listener(sandbox, {**event, "data": payload} if payload else event, now)


LISTENERS: list[Any] = []
"""Functions (sandbox, event, now) that receive published events; the Events service registers one."""

__all__ = [
    "Attachment", "AttachmentUrl", "Dialog", "Transmission", "actor", "add_activity", "add_transmission", "by_party",
    "delete_dialog", "find_dialog", "open_dialog", "publish", "set_labels", "stamp", "texts", "touch", "update_dialog",
]  # fmt: skip
