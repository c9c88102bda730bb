"""File upload for bodies over 10 MB: upload a file, poll its validation, submit it.

Base URLs and the body of the submission are not public: the host labels are the sandbox's own, the submission takes
`{"id": "<opplasting>"}`, and no idempotency key is required or looked at: a repeated upload is another upload. An upload
that was submitted is gone.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from typing import Any

import msgspec
from werkzeug.wrappers import Response

from ..kernel import Call, Kernel, job
from ..replies import as_json
from ..routing import route
from ..tokens import Token
from . import amelding, checks, upload_validation, urls
from .catalogue import AMELDING_UPLOAD, TPO_UPLOAD, Service
from .deliveries import receive
from .errors import refuse, refuse_detail, spec
from .records import Submission, Upload

JOB = "skatteetaten.upload"


def upload_file(service: Service, call: Call) -> Response:
    checks.accepts_json(call, service)
    checks.sends(call, service, "application/xml" if service is TPO_UPLOAD else "application/json")
    token, system_user = checks.caller(call, service)
    upload = Upload(
        id=call.state.uuid7(call.now),
        service=service.id,
        orgnr=system_user.orgnr,
        vendor=token.orgnr,
        status="LASTER_OPP",
        content=call.request.get_data().decode("utf-8", errors="replace"),
        updated=call.now,
    )
    call.state.skatteetaten.uploads[upload.id] = upload
    due = call.now + timedelta(seconds=call.state.settings.upload_control_seconds)
    call.state.schedule(due=due, kind=JOB, data={"upload_id": upload.id})
    return as_json({"status": upload.status, "id": upload.id, "feilliste": None, "sistOppdatertTidspunkt": None})


@job(JOB)
def _validation_due(sandbox: Kernel, data: dict[str, Any], due: datetime) -> None:
    upload = sandbox.state.skatteetaten.uploads.get(data["upload_id"])
    if upload is None:
        return
    upload.updated, settings = due, sandbox.state.settings
    if settings.upload_control_failures > 0:
        settings.upload_control_failures -= 1
        upload_validation.fail(upload)
    else:
        upload_validation.validate(upload)


def status(service: Service, call: Call, upload_id: str) -> Response:
    """An array, as in the published example."""
    return as_json([_status(_mine(service, call, upload_id))])


def delete(service: Service, call: Call, upload_id: str) -> Response:
    del call.state.skatteetaten.uploads[_mine(service, call, upload_id).id]
    return Response(b"", status=200, content_type="application/json")


def submit(service: Service, call: Call) -> Response:
    checks.accepts_json(call, service)
    token, system_user = checks.caller(call, service)
    upload = _named(service, call, token)
    if upload.status != "KLAR_TIL_INNSENDING":
        raise refuse_detail(call, "1067", sti="id", value=upload.id, codes=service.codes)
    resource = upload_validation.resource_of(upload) or service.resource_id
    checks.may_report(call, service, system_user, party=upload.orgnr, resource=resource)
    checks.known_party(call, service, upload.orgnr, sti="oppgavegiver.organisasjonsnummer")
    submission = _receive(service, call, token, upload, resource)
    del call.state.skatteetaten.uploads[upload.id]
    name = "meldingsId" if service is AMELDING_UPLOAD else "oppgavegiversLeveranseReferanse"
    ids = {"dialogId": submission.dialog_id, "forsendelseId": submission.id}
    return as_json({**ids, name: submission.reference})


def _receive(service: Service, call: Call, token: Token, upload: Upload, resource: str) -> Submission:
    delivery = amelding.readable_text(upload.content) if service is AMELDING_UPLOAD else {}
    return receive(
        call,
        service,
        token=token,
        period=upload.year,
        orgnr=upload.orgnr,
        reference=upload_validation.reference_of(upload),
        media_type="application/json" if service is AMELDING_UPLOAD else "application/xml",
        content=[upload.content],
        counts={} if delivery else {"antallOppgaver": upload_validation.items_of(upload)},
        findings=amelding.findings(call, delivery, upload.year) if delivery else upload_validation.findings(upload),
        resource=resource,
    )


def _named(service: Service, call: Call, token: Token) -> Upload:
    """The upload that the body names."""
    raw = call.request.get_data()
    try:
        body = msgspec.json.decode(raw) if raw else {}
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise refuse(call, "008", [spec("1032", codes=service.codes)], codes=service.codes) from None
    ident = body.get("id") if isinstance(body, dict) else None
    upload = call.state.skatteetaten.uploads.get(ident) if isinstance(ident, str) else None
    if upload is None or upload.service != service.id or upload.vendor != token.orgnr:
        raise refuse_detail(call, "1067", sti="id", value=ident or "", codes=service.codes)
    return upload


def _mine(service: Service, call: Call, upload_id: str) -> Upload:
    token, _ = checks.caller(call, service)
    upload = call.state.skatteetaten.uploads.get(upload_id)
    if upload is None or upload.service != service.id or upload.vendor != token.orgnr:
        raise refuse_detail(call, "1023", "Finner ikke opplastingen", sti="id", value=upload_id, codes=service.codes)
    return upload


def _status(upload: Upload) -> dict[str, Any]:
    moment = upload.updated.isoformat().replace("+00:00", "Z")
    return {"status": upload.status, "id": upload.id, "feilliste": upload.errors, "sistOppdatertTidspunkt": moment}


for _service in (TPO_UPLOAD, AMELDING_UPLOAD):
    _base = urls.base(_service.id)
    route("POST", f"{_base}/opplastinger")(partial(upload_file, _service))
    route("GET", f"{_base}/opplastinger/<upload_id>")(partial(status, _service))
    route("DELETE", f"{_base}/opplastinger/<upload_id>")(partial(delete, _service))
    route("PUT", f"{_base}/innsending")(partial(submit, _service))
