"""Letters from Skatteetaten: dialogs that it opens itself, with documents at addresses that a caller cannot construct.

`POST /control/letters` sends one. The address has a key of its own. The dialog's resource decides who may read it.
"""

from __future__ import annotations

import uuid
from datetime import datetime

from werkzeug.wrappers import Response

from ..dialogporten.records import Attachment, AttachmentUrl, Dialog
from ..dialogs import add_transmission, open_dialog
from ..kernel import Call, Kernel
from ..replies import Reply, as_json
from ..routing import route
from . import checks, pdf, urls
from .catalogue import LETTERS
from .errors import refuse_detail
from .records import Letter

BASE = "/skatteetaten/api/skatt-dialog-dokumenter/v1"
RESOURCE = "urn:altinn:resource:"
REFUSALS = {
    400: ("DUT-004", "Ugyldig forespørsel"),
    401: ("", "Feil i forbindelse med autentisering"),
    403: ("DUT-002", "Ikke autorisert"),
    404: ("DUT-003", "Dokumentet finnes ikke"),
}


def send(
    sandbox: Kernel, *, orgnr: str, resource: str, title: str, text: str, api_access: bool, now: datetime
) -> Letter:
    """Open a dialog with one letter. With `api_access` False people may read it and programs may not."""
    dialog = open_dialog(
        sandbox, org="ske", service_resource=f"{RESOURCE}{resource}", party_orgnr=orgnr, title=title, now=now
    )
    return write(sandbox, dialog, title=title, text=text, api_access=api_access, now=now)


def write(sandbox: Kernel, dialog: Dialog, *, title: str, text: str, api_access: bool = True, now: datetime) -> Letter:
    """One letter more in a dialog."""
    letter = Letter(
        id=sandbox.state.uuid7(now),
        transmission_id=sandbox.state.uuid7(now),
        dialog_id=dialog.id,
        orgnr=dialog.orgnr,
        resource=dialog.resource.removeprefix(RESOURCE),
        title=title,
        text=text,
        api_access=api_access,
        created=now,
    )
    sandbox.state.skatteetaten.letters[letter.id] = letter
    address = f"{sandbox.origin}{BASE}/brev/{letter.dialog_id}/{letter.id}"
    page = f"{sandbox.origin}/skatteetaten/web/innboks/{letter.dialog_id}/{letter.transmission_id}"
    shown = [("Gui", page), ("Api", address)] if api_access else [("Gui", page)]
    add_transmission(
        sandbox,
        dialog,
        type="Information",
        title=title,
        now=now,
        id=letter.transmission_id,
        attachments=[
            Attachment(
                id=letter.id,
                name=title,
                urls=[AttachmentUrl(url=u, media_type="application/pdf", consumer_type=kind) for kind, u in shown],
            )
        ],
        content_reference=urls.opened_letter(sandbox, letter),
    )
    return letter


@route("GET", f"{BASE}/brev/<dialog_id>/<letter_id>")
def document(call: Call, dialog_id: str, letter_id: str) -> Response:
    try:
        return _document(call, dialog_id, letter_id)
    except Reply as reply:
        raise Reply(_in_own_words(reply.response.status_code)) from reply


def _in_own_words(status: int) -> Response:
    """The service has error codes of its own, in a body without correlation id. For a token it cannot use, none is published."""
    code, text = REFUSALS[status]
    return as_json({"kode": code, "melding": text} if code else {"melding": text}, status=status)


def _document(call: Call, dialog_id: str, letter_id: str) -> Response:
    _, system_user = checks.caller(call, LETTERS)
    if not (_is_uuid(dialog_id) and _is_uuid(letter_id)):
        raise refuse_detail(call, "1022", sti="dokumentId", value=letter_id)
    letter = call.state.skatteetaten.letters.get(letter_id)
    if letter is None or letter.dialog_id != dialog_id:
        raise refuse_detail(call, "1050", sti="dokumentId", value=letter_id)
    checks.may_report(call, LETTERS, system_user, party=letter.orgnr, resource=letter.resource)
    if not letter.api_access:
        raise refuse_detail(call, "1015", "Dokumentet kan bare leses av personer", sti="dokumentId", value=letter_id)
    return Response(content_of(letter), content_type="application/pdf")


def content_of(letter: Letter) -> bytes:
    return pdf.document(title=letter.title, lines=letter.text.splitlines())


def _is_uuid(text: str) -> bool:
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True
