"""The document API: one document of one transmission, and for RF-1086 the list of the submitted forms.

A document answers only under the transmission that owns it: a feedback is fetched with the feedback's own id.
"""

from __future__ import annotations

from functools import partial

from werkzeug.wrappers import Response

from ..kernel import Call
from ..replies import as_json
from ..routing import route
from . import checks, feedback_documents, urls
from .catalogue import AMELDING, CONTROL, GLD_SERVICES, RF1086, TPO_UPLOAD, Service
from .errors import refuse_detail
from .records import Submission

PAGE = 50
FEEDBACK_SERVICES = {"innrapportering-amelding", "innrapportering-amelding-filopplasting"}


def one(call: Call, service: Service, transmission: str, document: str, year: str = "") -> Response:
    """One document: what was submitted, or the PDF or data of a feedback."""
    _, system_user = checks.caller(call, service)
    submission = _owner(call, service, transmission)
    if submission is None or (year and submission.period != year):
        code = "1017" if service is RF1086 else "1061"
        raise refuse_detail(call, code, sti="forsendelseId", value=transmission, codes=service.codes)
    checks.may_report(call, service, system_user, party=submission.orgnr, resource=submission.resource)
    result = content_of(submission, transmission, document)
    if result is None:
        raise refuse_detail(call, "1050", sti="dokumentId", value=document, codes=service.codes)
    content, media_type = result
    return Response(content, content_type=media_type)


@route("GET", f"{urls.base(RF1086.id)}/<year>/forsendelser/<transmission>/dokumenter")
def submitted_forms(call: Call, year: str, transmission: str) -> Response:
    """The submitted forms as XML texts, the main form first on page 0. The names of the counters are the sandbox's own."""
    checks.accepts_json(call, RF1086)
    _, system_user = checks.caller(call, RF1086)
    page, size = _number(call, "page", 0, low=0, high=10**6), _number(call, "size", PAGE, low=1, high=PAGE)
    submission = call.state.skatteetaten.submissions.get(transmission)
    if submission is None or submission.service != RF1086.id or submission.period != year:
        raise refuse_detail(call, "1017", sti="forsendelseid", value=transmission)
    checks.may_report(call, RF1086, system_user, party=submission.orgnr)
    forms = submission.content
    return as_json(
        {
            "dokumenter": forms[page * size : (page + 1) * size],
            "totalItems": len(forms),
            "totalPages": -(-len(forms) // size),
            "currentPage": page,
        }
    )


def _number(call: Call, name: str, default: int, *, low: int, high: int) -> int:
    text = call.request.args.get(name, str(default))
    if not (text.isdecimal() and low <= int(text[:9]) <= high and len(text) < 9):
        raise refuse_detail(call, "1022", f"{name} må være et heltall fra {low} til {high}", sti=name, value=text)
    return int(text)


def _owner(call: Call, service: Service, transmission: str) -> Submission | None:
    """The submission of a transmission, when it belongs to this service."""
    store = call.state.skatteetaten
    submission = store.submissions.get(store.feedback_of.get(transmission, transmission))
    if submission is None:
        return None
    mine = submission.service in FEEDBACK_SERVICES if service is AMELDING else submission.service == service.id
    return submission if mine else None


def content_of(submission: Submission, transmission: str, document: str) -> tuple[bytes, str] | None:
    """The document and its media type; None when the transmission has no such one."""
    feedback = submission.feedback
    if transmission == submission.id and document == submission.document_id:
        return submission.content[0].encode(), submission.media_type
    if feedback is None or transmission != feedback.id:
        return None
    if document == feedback.id:
        return feedback_documents.as_pdf(submission, feedback), "application/pdf"
    if document == feedback.xml_id and submission.service in FEEDBACK_SERVICES:
        return feedback_documents.as_json(submission, feedback), "application/json"
    return (feedback_documents.as_xml(submission, feedback), "application/xml") if document == feedback.xml_id else None


def serve(service: Service) -> None:
    """Answer for the documents of a service whose addresses have a year."""
    path = f"{urls.base(service.id)}/<year>/forsendelser/<transmission>/dokumenter/<document>"
    route("GET", path)(partial(_for, service))


def _register() -> None:
    for service in [*GLD_SERVICES, RF1086]:
        serve(service)
    for service in [TPO_UPLOAD, CONTROL]:
        path = f"{urls.base(service.id)}/forsendelser/<transmission>/dokumenter/<document>"
        route("GET", path)(partial(_for, service))


@route("GET", f"{urls.FEEDBACK_HOST}/forsendelser/<transmission>")
def amelding_feedback(call: Call, transmission: str) -> Response:
    """A-melding's feedback or submission: one document for each transmission, without an id of its own."""
    store = call.state.skatteetaten
    submission = store.submissions.get(store.feedback_of.get(transmission, transmission))
    feedback = submission.feedback if submission else None
    own = feedback.xml_id if feedback and feedback.id == transmission else submission.document_id if submission else ""
    return one(call, AMELDING, transmission, own)


def _for(service: Service, call: Call, **values: str) -> Response:
    return one(call, service, **values)


_register()
