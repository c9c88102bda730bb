"""Skatteetaten's services for files that are too large for one post: upload, wait for the control, submit.

https://skatteetaten.github.io/api-dokumentasjon/api/innrapportering-tpo-filmottak
https://skatteetaten.github.io/api-dokumentasjon/api/innrapportering-amelding-filopplasting

Not public, and so not certain: the addresses outside the sandbox, the body of the submission (we send the id of the upload),
the members of an entry of `feilliste`, and whether an idempotency key counts. The key is sent, since a required header is
among the published errors; nothing relies on it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from portal.gateways.decoding import decode, id_text, uuid_text
from portal.gateways.errors import Detail, Refused
from portal.gateways.http import Channel, Reply
from portal.gateways.refusals import MOST_DETAILS, short
from portal.gateways.skatteetaten.common import Receipt, path_segment

LOADING, READY = "LASTER_OPP", "KLAR_TIL_INNSENDING"
INVALID, CONTROL_FAILED = "VALIDERING_FEILET", "TEKNISK_FEIL_VALIDERING"
PATIENCE = 60
"""Seconds without a byte: the answer to a large file may come late."""
_CODES, _TEXTS = ("kode", "feilkode", "code"), ("melding", "tekst", "beskrivelse", "message")
_PATHS = ("sti", "path", "linjenummer")


@dataclass(frozen=True)
class Upload:
    """One uploaded file. `status` is Skatteetaten's own word, also one we do not know; `faults` say what is wrong with it."""

    id: str
    status: str
    faults: tuple[Detail, ...] = ()


class FileRefused(Refused):
    """The control found faults in the file: the answer is a success that says no."""


class Uploads:
    """The service below `base_url`."""

    def __init__(self, *, base_url: str) -> None:
        self._channel = Channel(service="skatteetaten", base_url=base_url, patience=PATIENCE)

    def upload(self, *, token: str, content: bytes, media_type: str, key: UUID) -> Upload:
        """Hand over a file. A repetition makes another upload, which is never submitted: it delivers nothing."""
        headers = {"Content-Type": media_type, "idempotencyKey": str(key)}
        reply = self._channel.call("POST", "/opplastinger", token=token, content=content, headers=headers)
        return decode(reply.where, lambda: _upload(reply.json(), ""))

    def look(self, *, token: str, upload_id: str) -> Upload:
        """How far the control is. The published answer is a list of one; an object is read as well."""
        reply = self._channel.call("GET", f"/opplastinger/{path_segment(upload_id)}", token=token)
        return decode(reply.where, lambda: _upload(reply.json(), upload_id))

    def submit(self, *, token: str, upload_id: str) -> Receipt:
        """Deliver an upload that is ready. Whether a repetition is taken for the same delivery is not public."""
        reply = self._channel.call("PUT", "/innsending", token=token, json={"id": upload_id})
        return decode(reply.where, lambda: _receipt(reply))

    def delete(self, *, token: str, upload_id: str) -> None:
        """Remove an upload. Raises Refused with the status 404 when it is gone."""
        self._channel.call("DELETE", f"/opplastinger/{path_segment(upload_id)}", token=token)


def refused(upload: Upload, *, first: tuple[str, ...] = ()) -> FileRefused:
    """The faults of a file as a refusal. Codes that end with one of `first` say more than the others.

    Without a code of Skatteetaten's it is UPLOAD: and the status.
    """
    codes = [fault.code for fault in upload.faults if fault.code]
    telling = (code for end in first for code in codes if code.endswith(end))
    code = next(telling, codes[0] if codes else f"UPLOAD:{upload.status}")
    return FileRefused(f"skatteetaten: {upload.status} {code}", status=200, code=code, details=upload.faults)


def _upload(payload: Any, wanted: str) -> Upload:
    """Of a list: the entry with the id, else the only one."""
    entries = payload if isinstance(payload, list) else [payload]
    named = [entry for entry in entries if wanted and str(entry["id"]).lower() == wanted.lower()]
    [entry] = named[:1] or entries
    ident, status = id_text(entry["id"]), entry["status"]
    if not isinstance(status, str) or not status:
        raise ValueError("an upload without a status")
    return Upload(ident, status.strip().upper(), _faults(entry.get("feilliste")))


def _faults(entries: Any) -> tuple[Detail, ...]:
    if not isinstance(entries, list):
        return ()
    return tuple(_fault(entry) for entry in entries[:MOST_DETAILS])


def _fault(entry: Any) -> Detail:
    if not isinstance(entry, dict):
        return Detail("", short(entry))
    text = _of(entry, _TEXTS)
    return Detail(_of(entry, _CODES)[:100], text or short(entry), _of(entry, _PATHS))


def _of(entry: dict[str, Any], names: tuple[str, ...]) -> str:
    return next((short(entry[name]) for name in names if entry.get(name)), "")


def _receipt(reply: Reply) -> Receipt:
    """The reference is the vendor's own: of the delivery, or of the message in an a-melding."""
    payload: dict[str, Any] = reply.json()
    reference = payload.get("oppgavegiversLeveranseReferanse") or payload.get("meldingsId") or ""
    ids = uuid_text(payload["dialogId"]), uuid_text(payload["forsendelseId"])
    return Receipt(*ids, str(reference), reply.content)
