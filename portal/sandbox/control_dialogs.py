"""The part of `/control` that plays a service owner in Dialogporten: open, change and delete dialogs, add their parts."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from werkzeug.wrappers import Response

from .app import Call
from .control_input import not_found, read, wrong
from .dialogs import (
    Attachment,
    Dialog,
    add_activity,
    add_transmission,
    delete_dialog,
    open_dialog,
    texts,
    update_dialog,
)  # fmt: skip
from .replies import as_json, empty
from .routing import route
from .skatteetaten.orgnr import is_orgnr

Texts = dict[str, str] | str


class NewDialog(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    orgnr: str
    service_resource: str
    title: Texts
    org: str = "ske"
    key: str | None = None
    summary: Texts = ""
    plain_title: dict[str, str] = {}
    status: str = "NotApplicable"
    extended_status: str = ""
    external_reference: str = ""
    process: str = ""
    due_at: datetime | None = None
    visible_from: datetime | None = None
    expires_at: datetime | None = None
    is_api_only: bool = False
    attachments: list[Attachment] = []
    gui_actions: list[dict[str, Any]] = []
    api_actions: list[dict[str, Any]] = []


class DialogPatch(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    title: Texts | None = None
    summary: Texts | None = None
    status: str | None = None
    extended_status: str | None = None
    external_reference: str | None = None
    progress: int | None = None
    due_at: datetime | None = None
    visible_from: datetime | None = None
    expires_at: datetime | None = None
    attachments: list[Attachment] | None = None
    silent: bool = False


class NewTransmission(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    type: str
    title: Texts
    related_id: str = ""
    external_reference: str = ""
    content_reference: str = ""
    authorization_attribute: str = ""
    attachments: list[Attachment] = []


class NewActivity(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    type: str
    description: Texts = ""
    transmission_id: str = ""
    actor_id: str = ""
    by: str = "ServiceOwner"


@route("POST", "/control/dialogs")
def create(call: Call) -> Response:
    body = read(call, NewDialog)
    if not is_orgnr(body.orgnr):
        raise wrong(
            f"orgnr: {body.orgnr[:20]!r} is not an organisation number with a right check digit.", field="orgnr"
        )
    fields = {
        name: getattr(body, name)
        for name in body.__struct_fields__
        if name not in ("orgnr", "service_resource", "title")
    }
    made = open_dialog(
        call.sandbox,
        service_resource=body.service_resource,
        party_orgnr=body.orgnr,
        title=body.title,
        now=call.now,
        **fields,
    )
    return as_json({"id": made.id}, status=201)


@route("PATCH", "/control/dialogs/<dialog_id>")
def patch(call: Call, dialog_id: str) -> Response:
    dialog, body = _dialog(call, dialog_id), read(call, DialogPatch)
    changes = {
        name: texts(value) if name in ("title", "summary") else value
        for name in body.__struct_fields__
        if name != "silent" and (value := getattr(body, name)) is not None
    }
    update_dialog(call.sandbox, dialog, changes, now=call.now, silent=body.silent)
    return as_json({"id": dialog.id, "revision": dialog.revision})


@route("DELETE", "/control/dialogs/<dialog_id>")
def delete(call: Call, dialog_id: str) -> Response:
    delete_dialog(call.sandbox, _dialog(call, dialog_id), now=call.now)
    return empty(status=204)


@route("POST", "/control/dialogs/<dialog_id>/transmissions")
def transmit(call: Call, dialog_id: str) -> Response:
    dialog, body = _dialog(call, dialog_id), read(call, NewTransmission)
    made = add_transmission(call.sandbox, dialog, now=call.now, **msgspec.structs.asdict(body))
    return as_json({"id": made.id}, status=201)


@route("POST", "/control/dialogs/<dialog_id>/activities")
def act(call: Call, dialog_id: str) -> Response:
    dialog, body = _dialog(call, dialog_id), read(call, NewActivity)
    made = add_activity(call.sandbox, dialog, now=call.now, **msgspec.structs.asdict(body))
    return as_json({"id": made.id}, status=201)


def _dialog(call: Call, dialog_id: str) -> Dialog:
    dialog = call.state.dialogs.get(dialog_id.lower())
    if dialog is None:
        raise not_found("dialog", dialog_id)
    return dialog
