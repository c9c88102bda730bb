"""The evidence package: a zip that proves what was sent, when, by whom, and what was answered.

Originals, receipts, feedback, the calls with their keys, the dialog with its transmissions, the audit trail, a cover page for a
reader, and SHA-256 of every file in `hashes.json`, sealed with a key of this installation: who alters a file can alter its hash, but
not the seal. `services.verifying` reads it again.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
from tempfile import SpooledTemporaryFile
from typing import IO, Any

from django.db.models import Q

from portal.core import crypto
from portal.core.audit import AuditEvent
from portal.core.audit_chain import row_hash
from submissions.models import Activity, Attachment, Call, Dialog, DialogSource, Document, Submission, Transmission
from submissions.services import cover
from submissions.services.documents import clean_filename, distinct, into_zip

SEAL = "evidence"
"""Where the seal belongs, for its encryption."""
IN_MEMORY = 5_000_000
SENT = "sendt"
FACTS, CALLS, DIALOG, EVENTS, HASHES = "innsending.json", "kall.json", "dialog.json", "hendelser.json", "hashes.json"
OWN = ("own_reference", "replaces_reference", "payment")
"""What the files themselves say of their ids, and the feedback of what is to be paid."""
FOLDERS: dict[str, str] = {Document.Role.RECEIPT: "kvittering", Document.Role.FEEDBACK: "tilbakemelding"}


def evidence(submission: Submission) -> IO[bytes]:
    """An open temporary file, at its beginning; closing it removes it. Raises documents.DocumentDamaged."""
    package = SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - returned open; the response closes it
    try:
        _write(package, submission)
    except BaseException:
        package.close()
        raise
    package.seek(0)
    return package


def _write(package: IO[bytes], submission: Submission) -> None:
    hashes: dict[str, str] = {}
    taken: set[str] = set()
    with zipfile.ZipFile(package, "w", zipfile.ZIP_DEFLATED) as archive:
        for document in submission.documents.order_by("pk"):
            name = distinct(f"{FOLDERS.get(document.role, SENT)}/{clean_filename(document.shown_name)}", taken)
            hashes[name] = document.sha256
            into_zip(document.sha256, archive, name=name)
        records = _records(submission)
        pages = cover.pages(submission, files=hashes)
        for name, content in {**records, **pages}.items():
            hashes[name] = hashlib.sha256(content).hexdigest()
            archive.writestr(name, content)
        archive.writestr(HASHES, _json({"sha256": hashes, "seal": crypto.encrypt(digest(hashes), place=SEAL).hex()}))


def digest(hashes: dict[str, str]) -> bytes:
    """What is sealed: the names of all files with their hashes."""
    return hashlib.sha256(json.dumps(hashes, sort_keys=True).encode()).hexdigest().encode()


def _records(submission: Submission) -> dict[str, bytes]:
    events = AuditEvent.objects.filter(target=f"{submission._meta.label}:{submission.pk}").order_by("id")
    return {
        FACTS: _json(_facts(submission)),
        CALLS: _json([_call(call) for call in submission.calls.order_by("ordinal")]),
        DIALOG: _json([_dialog(dialog, submission) for dialog in _dialogs(submission)]),
        EVENTS: _json([_event(event) for event in events]),
    }


def _facts(submission: Submission) -> dict[str, Any]:
    names = ("environment", "service", "status", "created_by", "queued_by", "receipt_reference", "reasons", *OWN)
    moments = ("created_at", "queued_at", "delivered_at", "decided_at")
    return {
        "reference": str(submission.reference),
        "period": str(submission.period),
        "customer": {"orgnr": submission.customer.orgnr, "name": submission.customer.name},
        "access": _access(submission),
        "dialog_id": str(submission.dialog_id or ""),
        "transmission_id": str(submission.transmission_id or ""),
        **{name: getattr(submission, name) for name in names},
        **{name: _iso(getattr(submission, name)) for name in moments},
    }


def _access(submission: Submission) -> dict[str, str]:
    """Whose rights were used: the customer's own, or those of an accountant that it is a client of."""
    access = submission.access
    if access is None:
        return {}
    names = {"orgnr": access.customer.orgnr, "name": access.customer.name}
    return {**names, "profile": access.profile.name, "kind": access.profile.kind, "external_ref": access.external_ref}


def _call(call: Call) -> dict[str, Any]:
    names = ("ordinal", "step", "status", "attempts", "milliseconds", "http_status", "code", "remote_id")
    moments = {"started_at": _iso(call.started_at), "finished_at": _iso(call.finished_at)}
    return {"key": str(call.key or ""), **{name: getattr(call, name) for name in names}, **moments}


def _dialogs(submission: Submission) -> list[Dialog]:
    """The dialog of the delivery as we have it; none before it has been read."""
    if submission.dialog_id is None:
        return []
    return list(Dialog.objects.filter(environment=submission.environment, dialog_id=submission.dialog_id))


def _dialog(dialog: Dialog, submission: Submission) -> dict[str, Any]:
    """With the transmissions of this submission: a dialog lives for years and has those of others too."""
    names = ("org", "service_resource", "status", "extended_status", "external_reference", "title", "summary")
    moments = ("created_at", "updated_at", "content_updated_at", "due_at")
    ours = Q(submission=submission)
    if submission.transmission_id:
        ours |= Q(transmission_id=submission.transmission_id) | Q(related_id=submission.transmission_id)
    rows = Transmission.objects.filter(ours, dialog=dialog).order_by("created_at", "pk")
    return {
        "dialog_id": str(dialog.dialog_id),
        **{name: getattr(dialog, name) for name in names},
        **{name: _iso(getattr(dialog, name)) for name in moments},
        "as_listed": next((one.content for one in DialogSource.objects.filter(dialog=dialog)), {}),
        "transmissions": [_transmission(row) for row in rows],
        "activities": [_activity(row) for row in Activity.objects.filter(dialog=dialog).order_by("created_at", "pk")],
    }


def _transmission(row: Transmission) -> dict[str, Any]:
    attachments = Attachment.objects.filter(transmission=row).order_by("pk")
    return {
        "transmission_id": str(row.transmission_id),
        "type": row.type,
        "title": row.title,
        "created_at": _iso(row.created_at),
        "attachments": [{"id": one.attachment_id, "name": one.name, "status": one.status} for one in attachments],
    }


def _activity(row: Activity) -> dict[str, Any]:
    return {"type": row.type, "created_at": _iso(row.created_at)}


def _event(event: AuditEvent) -> dict[str, Any]:
    """`hash` is that of the whole row in the audit trail, which the chain seals."""
    facts = {"id": event.pk, "at": _iso(event.at), "by": event.by, "what": event.what, "detail": event.detail}
    return {**facts, "hash": row_hash(event).hex()}


def _iso(moment: Any) -> str:
    return moment.isoformat() if moment else ""


def _json(value: Any) -> bytes:
    return json.dumps(value, indent=2, ensure_ascii=False).encode()
