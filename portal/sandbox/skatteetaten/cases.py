"""Kontrollopplysninger: Skatteetaten opens a dialog that asks for material; files are uploaded to it and then submitted.

`POST /control/cases` opens one. The error codes are the published ones (1017, 1048, 1059, 1067 and the common ones). Addresses,
bodies, the rule for file names and the dialog's statuses are not public: they are the sandbox's own. No idempotency key is
published either, so two submissions are two.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from email.message import Message
from typing import Any

import msgspec
from werkzeug.wrappers import Response

from ..dialogs import add_transmission, find_dialog, open_dialog, update_dialog
from ..kernel import Call, Kernel, job
from ..replies import as_json
from ..routing import route
from ..state import SystemUser
from ..tokens import Token
from . import checks, urls
from .catalogue import CONTROL
from .deliveries import ASKED_FOR, ORG, receive
from .errors import DETAIL, refuse, refuse_detail, spec
from .records import CaseUpload, ControlCase, Finding, Submission
from .upload_validation import TEST_VIRUS

JOB = "skatteetaten.case-upload"
READY, FAILED, SUBMITTED = "KLAR_TIL_INNSENDING", "VALIDERING_FEILET", "INNSENDT"
FILE_NAME = re.compile(r"[\wæøåÆØÅ][\w æøåÆØÅ().-]{0,98}\.[A-Za-z0-9]{1,10}", re.ASCII)
ENTRIES = re.compile(r"<NumberOfEntries>\s*([0-9]{1,9})\s*</NumberOfEntries>")
BASE = urls.base(CONTROL.id)
CASE = f"{BASE}/dialoger/<dialog_id>"


def open_case(
    sandbox: Kernel, *, orgnr: str, title: str, text: str, due_at: datetime | None, now: datetime
) -> ControlCase:
    """Open a dialog that asks for material."""
    dialog = open_dialog(
        sandbox, org=ORG, service_resource=f"urn:altinn:resource:{CONTROL.resource}", party_orgnr=orgnr, title=title,
        summary=text, status="RequiresAttention", due_at=due_at, now=now,
    )  # fmt: skip
    request = add_transmission(sandbox, dialog, type="Request", title=title, summary={"nb": text}, now=now)
    case = ControlCase(dialog_id=dialog.id, request_id=request.id, orgnr=orgnr, title=title, created=now)
    sandbox.state.skatteetaten.cases[dialog.id] = case
    return case


@route("POST", f"{CASE}/opplastinger")
def upload(call: Call, dialog_id: str) -> Response:
    """The file as the body; its name in `Content-Disposition`."""
    checks.accepts_json(call, CONTROL)
    token, _system_user, case = _case(call, dialog_id)
    name = _file_name(call)
    if not FILE_NAME.fullmatch(name):
        raise refuse_detail(call, "1059", sti="Content-Disposition", value=name)
    row = CaseUpload(
        id=call.state.uuid7(call.now),
        dialog_id=case.dialog_id,
        vendor=token.orgnr,
        name=name,
        content=call.request.get_data().decode("utf-8", errors="replace"),
        status="LASTER_OPP",
        updated=call.now,
    )
    call.state.skatteetaten.case_uploads[row.id] = row
    due = call.now + timedelta(seconds=call.state.settings.case_control_seconds)
    call.state.schedule(due=due, kind=JOB, data={"upload_id": row.id})
    return as_json(_status(row))


@job(JOB)
def _validation_due(sandbox: Kernel, data: dict[str, Any], due: datetime) -> None:
    row = sandbox.state.skatteetaten.case_uploads.get(data["upload_id"])
    if row is None:
        return
    is_bad = TEST_VIRUS in row.content or not row.content
    row.errors = [{"kode": "GLD_1070", "melding": DETAIL["1070"][1]}] if is_bad else []
    row.status, row.updated = FAILED if is_bad else READY, due


@route("GET", f"{CASE}/opplastinger/<upload_id>")
def status(call: Call, dialog_id: str, upload_id: str) -> Response:
    token, _system_user, case = _case(call, dialog_id)
    row = _upload_of(call, case, token, upload_id)
    if row is None:
        raise refuse_detail(call, "1023", "Finner ikke opplastingen", sti="id", value=upload_id)
    return as_json([_status(row)])


@route("PUT", f"{CASE}/innsending")
def submit(call: Call, dialog_id: str) -> Response:
    """Submit the uploads that the body names: `{"opplastinger": [id]}`. Those that are not named are not submitted."""
    checks.accepts_json(call, CONTROL)
    checks.sends(call, CONTROL, "application/json")
    token, _system_user, case = _case(call, dialog_id)
    rows = [_upload_of(call, case, token, ident) for ident in _named(call)]
    ready = [row for row in rows if row is not None and row.status == READY]
    if not ready or len(ready) < len(rows):
        raise refuse_detail(call, "1067", sti="opplastinger")
    submission = _receive(call, token, case, ready)
    for row in ready:
        row.status, row.submission_id = SUBMITTED, submission.id
    update_dialog(call.sandbox, find_dialog(call.sandbox, case.dialog_id), {"status": ASKED_FOR}, now=call.now)
    return as_json({"dialogId": case.dialog_id, "forsendelseId": submission.id})


@route("GET", f"{CASE}/forsendelser/<transmission>")
def delivery(call: Call, dialog_id: str, transmission: str) -> Response:
    """What one submission to the case consists of."""
    _token, _system_user, case = _case(call, dialog_id)
    submission = call.state.skatteetaten.submissions.get(transmission)
    if submission is None or submission.dialog_id != case.dialog_id:
        raise refuse_detail(call, "1048", sti="forsendelseId", value=transmission)
    rows = [row for row in call.state.skatteetaten.case_uploads.values() if row.submission_id == submission.id]
    return as_json({"forsendelseId": submission.id, "opplastinger": [row.id for row in rows]})


def _case(call: Call, dialog_id: str) -> tuple[Token, SystemUser, ControlCase]:
    """The caller and the case. A dialog that is no case, or of nobody the caller may act for, is unknown to it (1017) or refused."""
    token, system_user = checks.caller(call, CONTROL)
    case = call.state.skatteetaten.cases.get(dialog_id)
    if case is None:
        raise refuse_detail(call, "1017", "Det finnes ingen dialog med denne ID-en", sti="dialogId", value=dialog_id)
    checks.may_report(call, CONTROL, system_user, party=case.orgnr)
    return token, system_user, case


def _upload_of(call: Call, case: ControlCase, token: Token, upload_id: str) -> CaseUpload | None:
    row = call.state.skatteetaten.case_uploads.get(upload_id)
    return row if row is not None and (row.dialog_id, row.vendor) == (case.dialog_id, token.orgnr) else None


def _named(call: Call) -> list[str]:
    """The ids in the body, each once."""
    try:
        body = msgspec.json.decode(call.request.get_data())
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise refuse(call, "008", [spec("1032")]) from None
    idents = body.get("opplastinger") if isinstance(body, dict) else None
    if not isinstance(idents, list) or not all(isinstance(ident, str) for ident in idents):
        raise refuse(call, "008", [spec("1032", sti="opplastinger")])
    return list(dict.fromkeys(idents))


def _receive(call: Call, token: Token, case: ControlCase, rows: list[CaseUpload]) -> Submission:
    return receive(
        call,
        CONTROL,
        token=token,
        period=f"{case.created.year}",
        orgnr=case.orgnr,
        reference="",
        media_type="application/octet-stream",
        content=[row.content for row in rows],
        findings=[finding for row in rows for finding in _findings(row)],
        answered=find_dialog(call.sandbox, case.dialog_id),
    )


def _findings(row: CaseUpload) -> list[Finding]:
    """A SAF-T file that counts its entries wrongly is sent back. What is really looked at is not public."""
    given = ENTRIES.search(row.content)
    if given is None or int(given[1]) == row.content.count("<Transaction>"):
        return []
    return [Finding(code="SAFT_ANTALL", text="NumberOfEntries stemmer ikke med antall bilag i filen.")]


def _file_name(call: Call) -> str:
    header = Message()
    header["Content-Disposition"] = call.request.headers.get("Content-Disposition", "")
    return header.get_filename("") or ""


def _status(row: CaseUpload) -> dict[str, Any]:
    moment = row.updated.isoformat().replace("+00:00", "Z")
    return {"status": row.status, "id": row.id, "feilliste": row.errors, "sistOppdatertTidspunkt": moment}
