"""One dialog and its parts. GET of the dialog marks it as seen and publishes that; the parts never do."""

from __future__ import annotations

import uuid
from email.utils import format_datetime

from werkzeug.wrappers import Response

from ..dialogs import publish, set_labels
from ..kernel import Call
from ..replies import as_json
from ..routing import route
from . import access, tokens, views
from .records import Dialog, Seen

ONE = f"{access.USER}/dialogs/<dialog_id>"


def _ident(call: Call, text: str) -> str:
    try:
        return str(uuid.UUID(text))
    except ValueError:
        raise access.refuse(call, 400, "dialogId", f"The value '{text[:60]}' is not a valid Guid.") from None


def _accept(call: Call) -> str:
    return str(call.request.headers.get("Accept-Language", ""))


@route("GET", ONE)
def read(call: Call, dialog_id: str) -> Response:
    reader = access.reader(call)
    ident = _ident(call, dialog_id)
    dialog = call.state.dialogs.get(ident)
    if dialog is None:
        raise _unknown(call, ident)
    if not reader.may_read(dialog):
        raise access.refuse(call, 403, "Forbidden", f"No access to dialog {ident}.")
    if dialog.deleted:
        raise access.refuse(call, 410, "DialogEntity", f"Dialog {ident} is deleted.")
    _check_level(call, dialog)
    if dialog.visible_from and dialog.visible_from > call.now:
        when = {"Expires": format_datetime(dialog.visible_from, usegmt=True)}
        raise access.refuse(call, 404, "DialogEntity", f"Dialog {ident} is not found.", headers=when)
    if dialog.expires_at and dialog.expires_at <= call.now:
        raise _unknown(call, ident)
    _mark_seen(call, dialog, reader)
    shown = views.detail(dialog, reader, call.now, _accept(call), tokens.issue(call, dialog, reader))
    return as_json(shown, headers={"ETag": dialog.revision})


def _unknown(call: Call, ident: str) -> Exception:
    return access.refuse(call, 404, "DialogEntity", f"Dialog {ident} is not found.")


def _check_level(call: Call, dialog: Dialog) -> None:
    if views.is_level_too_low(call.state, dialog):
        raise access.refuse(call, 403, "Forbidden", "The authentication level is too low for this dialog.")


def _mark_seen(call: Call, dialog: Dialog, reader: access.Reader) -> None:
    is_new = not any(s.by == reader.urn and s.version == dialog.updated_at for s in dialog.seen)
    was_unopened = "MarkedAsUnopened" in dialog.labels
    if was_unopened:
        labels = [label for label in dialog.labels if label != "MarkedAsUnopened"]
        set_labels(call.state, dialog, labels or ["Default"], by=reader.urn, now=call.now)
    dialog.seen_content_at = call.now
    if is_new:
        dialog.seen.append(
            Seen(id=call.state.uuid7(call.now), at=call.now, by=reader.urn, name=reader.name, version=dialog.updated_at)
        )
    if is_new or was_unopened:
        publish(call.sandbox, dialog, "dialogporten.dialog.updated.v1", call.now)
    if is_new:
        publish(call.sandbox, dialog, "dialogporten.dialog.seen.v1", call.now)


def _part(call: Call, dialog_id: str) -> tuple[access.Reader, Dialog]:
    """The dialog of a sub-resource: 404 also without rights, 410 when deleted. Visibility and expiry are not checked."""
    reader = access.reader(call)
    ident = _ident(call, dialog_id)
    dialog = call.state.dialogs.get(ident)
    if dialog is None or not reader.may_read(dialog):
        raise _unknown(call, ident)
    if dialog.deleted:
        raise access.refuse(call, 410, "DialogEntity", f"Dialog {ident} is deleted.")
    _check_level(call, dialog)
    return reader, dialog


@route("GET", f"{ONE}/transmissions")
def transmissions(call: Call, dialog_id: str) -> Response:
    reader, dialog = _part(call, dialog_id)
    rows = sorted(dialog.transmissions, key=lambda t: (t.created_at, t.id))
    return as_json([views.transmission(t, dialog, reader, call.now, _accept(call)) for t in rows])


@route("GET", f"{ONE}/transmissions/<transmission_id>")
def transmission(call: Call, dialog_id: str, transmission_id: str) -> Response:
    reader, dialog = _part(call, dialog_id)
    ident = _ident(call, transmission_id)
    result = next((t for t in dialog.transmissions if t.id == ident), None)
    if result is None:
        raise access.refuse(call, 404, "DialogTransmission", f"Transmission {ident} is not found.")
    return as_json(views.transmission(result, dialog, reader, call.now, _accept(call)))


@route("GET", f"{ONE}/activities")
def activities(call: Call, dialog_id: str) -> Response:
    _reader, dialog = _part(call, dialog_id)
    rows = sorted(dialog.activities, key=lambda a: (a.created_at, a.id))
    return as_json([views.activity(a, _accept(call)) for a in rows])


@route("GET", f"{ONE}/activities/<activity_id>")
def activity(call: Call, dialog_id: str, activity_id: str) -> Response:
    reader, dialog = _part(call, dialog_id)
    ident = _ident(call, activity_id)
    result = next((a for a in dialog.activities if a.id == ident), None)
    if result is None:
        raise access.refuse(call, 404, "DialogActivity", f"Activity {ident} is not found.")
    return as_json(views.activity(result, _accept(call), by_salt=reader.salt))


@route("GET", f"{ONE}/seenlog")
def seen_log(call: Call, dialog_id: str) -> Response:
    reader, dialog = _part(call, dialog_id)
    return as_json([views.seen(s, reader) for s in dialog.seen])


@route("GET", f"{ONE}/seenlog/<seen_id>")
def seen_entry(call: Call, dialog_id: str, seen_id: str) -> Response:
    reader, dialog = _part(call, dialog_id)
    result = next((s for s in dialog.seen if s.id == _ident(call, seen_id)), None)
    if result is None:
        raise access.refuse(call, 404, "DialogSeenLog", f"Seen log entry {seen_id} is not found.")
    return as_json(views.seen(result, reader))
