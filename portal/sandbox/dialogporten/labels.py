"""Labels on dialogs: set on one with a revision to match, or on many at once, all or none.

Default, Bin and Archive exclude each other. Only the server sets Sent.
"""

from __future__ import annotations

from typing import Any

import msgspec
from werkzeug.wrappers import Response

from ..dialogs import set_labels
from ..kernel import Call
from ..replies import as_json, empty
from ..routing import route
from . import access
from .dialogs import ONE, _ident
from .records import Dialog
from .search import LABELS

EXCLUSIVE = ("Default", "Bin", "Archive")
MOST = 100


def _body(call: Call) -> dict[str, Any]:
    try:
        payload = call.body()
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        payload = None
    if not isinstance(payload, dict):
        raise access.refuse(call, 400, "dto", "The body is not a JSON object.")
    return payload


def _names(call: Call, payload: dict[str, Any], *members: str) -> list[str]:
    lists = [payload.get(member) or [] for member in members]
    if not all(isinstance(names, list) for names in lists):
        raise access.refuse(call, 400, members[0], "The value is not a list of labels.")
    names = [name for names in lists for name in names]
    for name in names:
        if not isinstance(name, str) or name not in LABELS:
            raise access.refuse(call, 400, "systemLabels", f"The value '{str(name)[:40]}' is not valid.")
        if name == "Sent":
            raise access.refuse(call, 400, "systemLabels", "'Sent' is set by the server alone.")
    return names


def _after(dialog: Dialog, add: list[str], remove: list[str]) -> list[str]:
    labels = [label for label in dialog.labels if label not in remove]
    for name in add:
        if name in EXCLUSIVE:
            labels = [label for label in labels if label not in EXCLUSIVE]
        labels = [*(label for label in labels if label != name), name]
    return labels if any(label in EXCLUSIVE for label in labels) else ["Default", *labels]


@route("PUT", f"{ONE}/context/systemlabels")
def put(call: Call, dialog_id: str) -> Response:
    reader = access.reader(call)
    ident, payload = _ident(call, dialog_id), _body(call)
    add, remove = _names(call, payload, "addLabels", "systemLabels"), _names(call, payload, "removeLabels")
    dialog = call.state.dialogs.get(ident)
    if dialog is None or dialog.deleted:
        raise access.refuse(call, 404, "DialogEntity", f"Dialog {ident} is not found.")
    if not reader.may_read(dialog):
        raise access.refuse(call, 403, "Forbidden", f"No access to dialog {ident}.")
    wanted = call.request.headers.get("If-Match", "").strip('"')
    if wanted and wanted != dialog.context_revision:
        return access.problem(call, 412)
    set_labels(call.state, dialog, _after(dialog, add, remove), by=reader.urn, now=call.now)
    return empty(status=204, headers={"Etag": dialog.context_revision})


@route("POST", f"{access.USER}/dialogs/context/systemlabels/actions/bulkset")
def bulk(call: Call) -> Response:
    reader = access.reader(call)
    payload = _body(call)
    add, remove = _names(call, payload, "addLabels", "systemLabels"), _names(call, payload, "removeLabels")
    entries = payload.get("dialogs") or []
    if not isinstance(entries, list) or not all(isinstance(e, dict) for e in entries):
        raise access.refuse(call, 400, "dto.dialogs", "'dialogs' must be a list of objects.")
    idents = [_ident(call, str(e.get("dialogId", ""))) for e in entries]
    if not 1 <= len(idents) <= MOST or len(set(idents)) != len(idents):
        raise access.refuse(call, 400, "dto.dialogs", f"'dialogs' must have between 1 and {MOST} unique ids.")
    dialogs = [call.state.dialogs.get(ident) for ident in idents]
    rows = [d for d in dialogs if d is not None and not d.deleted and reader.may_read(d)]
    if len(rows) != len(idents):
        missing = ", ".join(sorted(set(idents) - {dialog.id for dialog in rows}))
        raise access.refuse(call, 404, "DialogEntity", f"Dialogs that are not found: {missing}.")
    revisions = [str(e.get("endUserContextRevision") or "") for e in entries]
    if any(wanted and wanted != d.context_revision for wanted, d in zip(revisions, rows, strict=True)):
        return access.problem(call, 412)
    for dialog in rows:
        set_labels(call.state, dialog, _after(dialog, add, remove), by=reader.urn, now=call.now)
    return empty(status=204)


@route("GET", f"{ONE}/context/labellog")
def log(call: Call, dialog_id: str) -> Response:
    reader = access.reader(call)
    ident = _ident(call, dialog_id)
    dialog = call.state.dialogs.get(ident)
    if dialog is None or dialog.deleted or not reader.may_read(dialog):
        raise access.refuse(call, 404, "DialogEntity", f"Dialog {ident} is not found.")
    return as_json(dialog.label_log)
