"""The evidence package: a zip that proves what was sent, when, by whom, and what was answered.

Originals, receipts, feedback, the calls with their keys, the audit trail, and SHA-256 of every file in `hashes.json`.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
from tempfile import SpooledTemporaryFile
from typing import IO, Any

from portal.core.audit import AuditEvent
from submissions.models import Call, Document, Submission
from submissions.services.documents import DocumentDamaged, distinct, read_document

IN_MEMORY = 5_000_000
SENT = "sendt"
OWN = ("own_reference", "replaces_reference", "payment")
"""What the files themselves say of their ids, and the feedback of what is to be paid."""
FOLDERS: dict[str, str] = {Document.Role.RECEIPT: "kvittering", Document.Role.FEEDBACK: "tilbakemelding"}


def evidence(submission: Submission) -> IO[bytes]:
    """An open temporary file, at its beginning; closing it removes it. Raises documents.DocumentDamaged."""
    package = SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - returned open; the response closes it
    try:
        _write(package, submission)
    except DocumentDamaged:
        package.close()
        raise
    package.seek(0)
    return package


def _write(package: IO[bytes], submission: Submission) -> None:
    hashes: dict[str, str] = {}
    taken: set[str] = set()
    with zipfile.ZipFile(package, "w", zipfile.ZIP_DEFLATED) as archive:
        for document in submission.documents.order_by("pk"):
            name = distinct(f"{FOLDERS.get(document.role, SENT)}/{document.filename}", taken)
            hashes[name] = document.sha256
            archive.writestr(name, read_document(document))
        for name, content in _records(submission).items():
            hashes[name] = hashlib.sha256(content).hexdigest()
            archive.writestr(name, content)
        archive.writestr("hashes.json", _json({"sha256": hashes}))


def _records(submission: Submission) -> dict[str, bytes]:
    events = AuditEvent.objects.filter(target=f"{submission._meta.label}:{submission.pk}").order_by("id")
    return {
        "innsending.json": _json(_facts(submission)),
        "kall.json": _json([_call(call) for call in submission.calls.order_by("ordinal")]),
        "hendelser.json": _json([_event(event) for event in events]),
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


def _event(event: AuditEvent) -> dict[str, Any]:
    return {"id": event.pk, "at": _iso(event.at), "by": event.by, "what": event.what, "detail": event.detail}


def _iso(moment: Any) -> str:
    return moment.isoformat() if moment else ""


def _json(value: Any) -> bytes:
    return json.dumps(value, indent=2, ensure_ascii=False).encode()
