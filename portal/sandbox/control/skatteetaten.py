"""The part of `/control` for Skatteetaten: order a verdict, answer a submission, send a letter, ask for material."""

from __future__ import annotations

from typing import Any

import msgspec
from werkzeug.wrappers import Response

from ..clock import Zoned
from ..kernel import Call
from ..replies import as_json, empty
from ..routing import route
from ..skatteetaten import cases, letters
from ..skatteetaten.catalogue import SERVICES
from ..skatteetaten.deliveries import deliver_feedback
from ..skatteetaten.records import Submission, Verdict
from .input import not_found, read, wrong

VERDICTS = ("accepted", "rejected", "warning")


class VerdictOrder(msgspec.Struct, forbid_unknown_fields=True):
    verdict: str
    service: str = ""
    orgnr: str = ""
    reasons: list[str] = []
    delay_seconds: float | None = None


class FeedbackNow(msgspec.Struct, forbid_unknown_fields=True):
    verdict: str = ""
    reasons: list[str] = []


class LetterOrder(msgspec.Struct, forbid_unknown_fields=True):
    orgnr: str
    title: str = "Brev fra Skatteetaten"
    text: str = "Dette er et brev i en sandkasse."
    resource: str = "ske-innrapportering-aksjonaerregisteroppgave"
    api_access: bool = True


class CaseOrder(msgspec.Struct, forbid_unknown_fields=True):
    orgnr: str
    title: str = "Kontroll: send inn regnskapsdata"
    text: str = "Send SAF-T regnskap for inntektsåret."
    due_at: Zoned | None = None


@route("GET", "/control/verdicts")
def verdicts(call: Call) -> Response:
    return as_json(call.state.skatteetaten.verdicts)


@route("POST", "/control/verdicts")
def order_verdict(call: Call) -> Response:
    """The verdict for the next matching submission, instead of the result of its content check."""
    order = read(call, VerdictOrder)
    _check_verdict(order.verdict)
    if order.service and order.service not in SERVICES:
        raise wrong(f"service: {order.service[:60]} is not one of {', '.join(SERVICES)}.", field="service")
    if order.orgnr and not (order.orgnr.isdecimal() and len(order.orgnr) == 9):
        raise wrong("orgnr: must have nine digits.", field="orgnr")
    if order.delay_seconds is not None and not 0 <= order.delay_seconds <= 10**8:
        raise wrong("delay_seconds: must be from 0 to 100000000.", field="delay_seconds")
    verdict = msgspec.convert(msgspec.to_builtins(order), type=Verdict)
    call.state.skatteetaten.verdicts.append(verdict)
    return as_json(verdict, status=201)


@route("DELETE", "/control/verdicts")
def clear_verdicts(call: Call) -> Response:
    call.state.skatteetaten.verdicts.clear()
    return empty(status=204)


@route("GET", "/control/submissions")
def submissions(call: Call) -> Response:
    """All received submissions, newest first; `orgnr` filters."""
    orgnr = call.request.args.get("orgnr", "")
    rows = [s for s in call.state.skatteetaten.submissions.values() if s.orgnr == (orgnr or s.orgnr)]
    return as_json([_shown(submission) for submission in reversed(rows)])


@route("POST", "/control/submissions/<submission_id>/feedback")
def feedback_now(call: Call, submission_id: str) -> Response:
    """Answer a submission at once, with its own verdict or another."""
    order = read(call, FeedbackNow)
    submission = call.state.skatteetaten.submissions.get(submission_id)
    if submission is None:
        raise not_found("submission", submission_id)
    if submission.feedback is not None:
        raise wrong("This submission has been answered already.", status=409)
    if order.verdict:
        _check_verdict(order.verdict)
        submission.ordered = Verdict(verdict=order.verdict, reasons=order.reasons)
    deliver_feedback(call.sandbox, submission, call.now)
    return as_json(_shown(submission))


@route("POST", "/control/letters")
def send_letter(call: Call) -> Response:
    """Open a dialog from Skatteetaten with a letter."""
    order = read(call, LetterOrder)
    if order.orgnr not in call.state.organisations:
        raise wrong("orgnr: no organisation of that number is known; create it first.", field="orgnr")
    if not order.title.strip():
        raise wrong("title: must not be empty.", field="title")
    letter = letters.send(call.sandbox, now=call.now, **msgspec.structs.asdict(order))
    return as_json(letter, status=201)


@route("POST", "/control/cases")
def open_case(call: Call) -> Response:
    """Open a dialog from Skatteetaten that asks for material."""
    order = read(call, CaseOrder)
    if order.orgnr not in call.state.organisations:
        raise wrong("orgnr: no organisation of that number is known; create it first.", field="orgnr")
    if not order.title.strip():
        raise wrong("title: must not be empty.", field="title")
    case = cases.open_case(call.sandbox, now=call.now, **msgspec.structs.asdict(order))
    return as_json(case, status=201)


def _check_verdict(verdict: str) -> None:
    if verdict not in VERDICTS:
        raise wrong(f"verdict: must be one of {', '.join(VERDICTS)}.", field="verdict")


def _shown(submission: Submission) -> dict[str, Any]:
    """A submission without its content, which may hold national identity numbers."""
    shown: dict[str, Any] = msgspec.to_builtins(submission)
    shown["forms"] = len(shown.pop("content"))
    return shown
