"""Kontrollopplysninger: files uploaded to a dialog in which Skatteetaten has asked for them, and submitted.

https://skatteetaten.github.io/api-dokumentasjon/api/innrapportering-kontrollopplysninger. Unverified: the addresses, the bodies
and the rule for file names are not public; these are the sandbox's. Public are the error codes, from which the order of the
calls is read: an unknown dialog (GLD_1017), an unknown forsendelse (GLD_1048), a bad file name (GLD_1059), nothing approved to
submit (GLD_1067). No idempotency key is named, so none is sent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from portal.gateways.decoding import decode, id_text
from portal.gateways.errors import Detail, Refused
from portal.gateways.http import Channel
from portal.gateways.refusals import MOST_CODE, MOST_DETAILS, short
from portal.gateways.skatteetaten.common import Receipt, decode_receipt, path_segment

READY, FAILED = "KLAR_TIL_INNSENDING", "VALIDERING_FEILET"
"""Statuses as file upload has them. Every other one goes on."""


@dataclass(frozen=True)
class Upload:
    """An uploaded file. `status` is Skatteetaten's own word, `faults` what its validation found."""

    id: str
    status: str
    faults: tuple[Detail, ...] = ()

    @property
    def is_ready(self) -> bool:
        return self.status == READY


class UploadFailed(Refused):
    """The validation found faults in an uploaded file."""


class DialogUpload:
    """The service below `base_url`."""

    def __init__(self, *, base_url: str) -> None:
        self._channel = Channel(service="skatteetaten", base_url=base_url)

    def upload(self, *, token: str, dialog_id: str, filename: str, content: bytes) -> Upload:
        """Each call makes an upload of its own. Nothing is delivered by it."""
        headers = {"Content-Type": "application/octet-stream", "Content-Disposition": _disposition(filename)}
        path = f"{_dialog(dialog_id)}/opplastinger"
        reply = self._channel.call("POST", path, token=token, content=content, headers=headers)
        return decode(reply.where, lambda: _upload(reply.json()))

    def look(self, *, token: str, dialog_id: str, upload_id: str) -> Upload:
        """Raises UploadFailed for a file with faults, Refused 404 for an upload that is not there."""
        path = f"{_dialog(dialog_id)}/opplastinger/{path_segment(upload_id)}"
        reply = self._channel.call("GET", path, token=token)
        upload = decode(reply.where, lambda: _one(reply.json()))
        if upload.status == FAILED:
            code = next((fault.code for fault in upload.faults), "")
            raise UploadFailed(f"{reply.where}: {FAILED} {code}", status=400, code=code, details=upload.faults)
        return upload

    def submit(self, *, token: str, dialog_id: str, upload_ids: Sequence[str]) -> Receipt:
        """Deliver these uploads."""
        path, body = f"{_dialog(dialog_id)}/innsending", {"opplastinger": list(upload_ids)}
        reply = self._channel.call("PUT", path, token=token, json=body)
        return decode(reply.where, lambda: decode_receipt(reply))

    def delivery(self, *, token: str, dialog_id: str, transmission_id: str) -> list[str]:
        """The ids of the uploads that one forsendelse consists of. Refused 404 (GLD_1048) when there is none."""
        path = f"{_dialog(dialog_id)}/forsendelser/{path_segment(transmission_id)}"
        reply = self._channel.call("GET", path, token=token)
        return decode(reply.where, lambda: [str(ident) for ident in reply.json()["opplastinger"]])


def _dialog(dialog_id: str) -> str:
    return f"/dialoger/{path_segment(dialog_id)}"


def _disposition(filename: str) -> str:
    """https://www.rfc-editor.org/rfc/rfc6266: a plain name, else percent-encoded UTF-8."""
    if filename.isascii() and not set(filename) & set('"\\\r\n'):
        return f'attachment; filename="{filename}"'
    return f"attachment; filename*=UTF-8''{quote(filename, safe='')}"


def _one(payload: Any) -> Upload:
    """The status of an upload is a list of one, as in file upload."""
    return _upload(payload[0] if isinstance(payload, list) else payload)


def _upload(payload: dict[str, Any]) -> Upload:
    faults = tuple(
        Detail(code=short(fault.get("kode"))[:MOST_CODE], text=short(fault.get("melding")))
        for fault in (payload.get("feilliste") or [])[:MOST_DETAILS]
    )
    return Upload(id_text(payload["id"]), short(payload["status"]), faults)
