"""The part of `/control` for service owners in Dialogporten: open, change and delete dialogs, add their parts."""

from __future__ import annotations

from typing import Any

import msgspec
from werkzeug.wrappers import Response

from ..clock import Zoned
from ..dialogporten.records import Attachment, Dialog
from ..dialogs import add_activity, add_transmission, delete_dialog, open_dialog, publish, texts, touch, update_dialog
from ..kernel import Call
from ..replies import as_json, empty
from ..routing import route
from . import dialog_checks as checks
from .input import check_orgnr, not_found, read, wrong

Texts = dict[str, str] | str


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


class NewDialog(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    orgnr: str
    service_resource: str
    title: Texts
    org: str = "ske"
    key: str | None = None
    summary: Texts = ""
    plain_title: dict[str, str] = {}
    sender_name: Texts = ""
    additional_info: Texts = ""
    main_content_reference: str = ""
    status: str = "NotApplicable"
    extended_status: str = ""
    external_reference: str = ""
    process: str = ""
    due_at: Zoned | None = None
    visible_from: Zoned | None = None
    expires_at: Zoned | None = None
    is_api_only: bool = False
    attachments: list[Attachment] = []
    gui_actions: list[dict[str, Any]] = []
    api_actions: list[dict[str, Any]] = []
    transmissions: list[NewTransmission] = []
    activities: list[NewActivity] = []


class DialogPatch(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    title: Texts | None = None
    summary: Texts | None = None
    status: str | None = None
    extended_status: str | None = None
    external_reference: str | None = None
    progress: int | None = None
    due_at: Zoned | None = None
    visible_from: Zoned | None = None
    expires_at: Zoned | None = None
    attachments: list[Attachment] | None = None
    silent: bool = False


PARTS = ("transmissions", "activities")
NAMED = ("orgnr", "service_resource", "title", *PARTS)
TEXTS = ("title", "summary", "sender_name", "additional_info")


@route("POST", "/control/dialogs")
def create(call: Call) -> Response:
    """A dialog with its first transmissions and activities. Each of them and the dialog publish one event."""
    body = read(call, NewDialog)
    check_orgnr(body.orgnr)
    fields = msgspec.structs.asdict(body)
    checks.check_dialog(fields)
    for transmission in body.transmissions:
        checks.check_transmission(msgspec.structs.asdict(transmission), set())
    for activity in body.activities:
        checks.check_activity(msgspec.structs.asdict(activity), set())
    made = open_dialog(
        call.sandbox,
        service_resource=body.service_resource,
        party_orgnr=body.orgnr,
        title=body.title,
        now=call.now,
        **_stored({name: value for name, value in fields.items() if name not in NAMED}),
    )
    for transmission in body.transmissions:
        parts = msgspec.structs.asdict(transmission)
        add_transmission(call.sandbox, made, now=call.now, is_update=False, **parts)
    for activity in body.activities:
        add_activity(call.sandbox, made, now=call.now, is_update=False, **msgspec.structs.asdict(activity))
    return as_json({"id": made.id}, status=201)


def _stored(fields: dict[str, Any]) -> dict[str, Any]:
    """Texts by language."""
    return {name: texts(value) if name in TEXTS else value for name, value in fields.items()}


@route("PATCH", "/control/dialogs/<dialog_id>")
def patch(call: Call, dialog_id: str) -> Response:
    dialog, body = _dialog(call, dialog_id), read(call, DialogPatch)
    changes = {
        name: value
        for name in body.__struct_fields__
        if name != "silent" and (value := getattr(body, name)) is not None
    }
    checks.check_dialog(changes)
    update_dialog(call.sandbox, dialog, _stored(changes), now=call.now, silent=body.silent)
    return as_json({"id": dialog.id, "revision": dialog.revision})


@route("DELETE", "/control/dialogs/<dialog_id>")
def delete(call: Call, dialog_id: str) -> Response:
    delete_dialog(call.sandbox, _dialog(call, dialog_id), now=call.now)
    return empty(status=204)


@route("DELETE", "/control/dialogs/<dialog_id>/transmissions/<transmission_id>")
def withdraw(call: Call, dialog_id: str, transmission_id: str) -> Response:
    """Delete a transmission: it is still listed, with the time it was deleted."""
    dialog = _dialog(call, dialog_id)
    transmission = next((one for one in dialog.transmissions if one.id == transmission_id), None)
    if transmission is None:
        raise not_found("transmission", transmission_id)
    transmission.deleted_at = call.now
    touch(call.sandbox, dialog, call.now, content=True)
    publish(call.sandbox, dialog, "dialogporten.dialog.updated.v1", call.now)
    return empty(status=204)


@route("POST", "/control/dialogs/<dialog_id>/transmissions")
def transmit(call: Call, dialog_id: str) -> Response:
    dialog, body = _dialog(call, dialog_id), read(call, NewTransmission)
    fields = msgspec.structs.asdict(body)
    checks.check_transmission(fields, {t.id for t in dialog.transmissions})
    made = add_transmission(call.sandbox, dialog, now=call.now, **fields)
    return as_json({"id": made.id}, status=201)


@route("POST", "/control/dialogs/<dialog_id>/activities")
def act(call: Call, dialog_id: str) -> Response:
    dialog, body = _dialog(call, dialog_id), read(call, NewActivity)
    fields = msgspec.structs.asdict(body)
    checks.check_activity(fields, {t.id for t in dialog.transmissions})
    made = add_activity(call.sandbox, dialog, now=call.now, **fields)
    return as_json({"id": made.id}, status=201)


def _dialog(call: Call, dialog_id: str) -> Dialog:
    dialog = call.state.dialogs.get(dialog_id.lower())
    if dialog is None:
        raise not_found("dialog", dialog_id)
    if dialog.deleted:
        raise wrong("This dialog is deleted.", status=409)
    return dialog
